// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_TEE.h>

#include <algorithm>
#include <cerrno>

#include "core/byte_order.h"
#include "ext/argument/host_mask.h"
#include "ext/argument/plain_word.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_tee {
namespace {

constexpr size_t kLongestInterface = sizeof(xt_tee_tginfo::oif) - 1;

Result<std::string> parse_gateway(std::span<const std::string_view> words, const Context& context) {
  const Result<net::Address> address = parse_host(words[0], context);
  if (!address) return address.error();
  return net::to_string(*address);
}

constexpr ArgumentType kGateway{
    .words = "address",
    .parse = parse_gateway,
    .list = list_host_mask,
    .say = say_host_mask,
};

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const ir::Argument& gateway = arguments.front();
  const net::Address address = read_host_mask(gateway.text, context.family).address;
  if (address.value == 0) return kernel_refusal(EINVAL, "TEE needs the address of a gateway");
  return ir::Action{xt_target<xt_tee_tginfo>("TEE", 1, [&](xt_tee_tginfo& info) {
    const size_t size = net::address_bits(context.family) / 8;
    store_be(address.value, std::span(reinterpret_cast<uint8_t*>(&info.gw), size));
    if (arguments.size() > 1) std::ranges::copy(arguments[1].text, info.oif);
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "gateway",
        .type = &kGateway,
        .negation = Negation::kRefused,
        .required = true,
        .list = "gw:{}",
        .help = "the neighbour that gets the copy",
        .sentence = "to {}",
    },
    {
        .name = "oif",
        .type = &kPlainWord<kLongestInterface>,
        .negation = Negation::kRefused,
        .list = "oif={}",
        .help = "the interface by which it is sent there",
        .sentence = "by {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j TEE --gateway 192.0.2.1",
        .canonical = "-p tcp -j TEE --gateway 192.0.2.1",
        .nft = "[ target TEE rev 1 0xc0000201(36 zeros) ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -j TEE --oif eth0 --gateway 2001:db8:0::1",
        .canonical = "-p udp -j TEE --gateway 2001:db8::1 --oif eth0",
        .nft = "[ target TEE rev 1 0x20010db8000000000000000000000001657468300000000000000000000"
               "000000000000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
    },
};

constexpr Target kTee{
    .name = "TEE",
    .options = kOptions,
    .list_name = "TEE",
    .summary =
        "Sends a copy of the packet to a host of a network that this one is on, and goes on with "
        "the next rule. The copy leaves through OUTPUT, untracked, and isn't copied again.",
    .sentence = "a copy of it is sent",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kTee));

}  // namespace

const Target& row() { return kTee; }

}  // namespace bulkhead::ext::target_tee
