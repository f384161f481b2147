// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_addrtype.h>

#include <cerrno>

#include <fmt/format.h>

#include "ext/argument/address_type.h"
#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_addrtype {
namespace {

constexpr ir::Field type_field(std::string_view name, std::string_view words, ir::Route key) {
  return {name, words, ir::Kind::kNumber, ir::at(key), {}};
}

// By the interface that alone is asked: any, the incoming, the outgoing one.
constexpr ir::Field kSourceType[] = {
    type_field("fib saddr type", "type of the source address", ir::Route::kSource),
    type_field("fib saddr . iif type", "type of the source address on its interface",
               ir::Route::kSourceOnIn),
    type_field("fib saddr . oif type", "type of the source address on its interface",
               ir::Route::kSourceOnOut),
};
constexpr ir::Field kDestinationType[] = {
    type_field("fib daddr type", "type of the destination address", ir::Route::kDestination),
    type_field("fib daddr . iif type", "type of the destination address on its interface",
               ir::Route::kDestinationOnIn),
    type_field("fib daddr . oif type", "type of the destination address on its interface",
               ir::Route::kDestinationOnOut),
};

struct Arguments {
  const ir::Argument* source = nullptr;
  const ir::Argument* destination = nullptr;
  enum Interface : uint8_t { kAny, kIn, kOut } interface = kAny;
};

Arguments read(std::span<const ir::Argument> arguments) {
  Arguments given;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "src-type") given.source = &argument;
    if (argument.option == "dst-type") given.destination = &argument;
    if (argument.option == "limit-iface-in") given.interface = Arguments::kIn;
    if (argument.option == "limit-iface-out") given.interface = Arguments::kOut;
  }
  return given;
}

ir::Constraint constraint(const ir::Field& field, const ir::Argument& types,
                          const Context& context) {
  const unsigned width = field.location(context.family).width;
  const ir::ValueSet listed = address_type_values(types.text, context).values;
  return {.field = &field,
          .mask = low_bits(width),
          .values = types.negated ? listed.complement(width) : listed};
}

// addrtype_mt_checkentry_v1() of net/netfilter/xt_addrtype.c.
Result<void> check_ip6(uint16_t types) {
  if ((types & (XT_ADDRTYPE_BROADCAST | XT_ADDRTYPE_BLACKHOLE)) == 0 &&
      types < XT_ADDRTYPE_PROHIBIT) {
    return {};
  }
  return kernel_refusal(EINVAL,
                        "of IPv6 the kernel knows only the types UNSPEC, UNICAST, LOCAL, ANYCAST, "
                        "MULTICAST and UNREACHABLE");
}

// In IPv6 the kernel's match asks something else than `fib`: of UNICAST, MULTICAST and UNSPEC in a
// list each must hold by the address' form, and then one of the others by its route.
Result<ir::Predicate> lower_ip6(const Arguments& given) {
  const uint16_t source = given.source != nullptr ? address_type_bits(given.source->text) : 0;
  const uint16_t destination =
      given.destination != nullptr ? address_type_bits(given.destination->text) : 0;
  if (Result<void> checked = check_ip6(source | destination); !checked) return checked.error();
  return ir::Predicate{xt_match<xt_addrtype_info_v1>("addrtype", 1, [&](xt_addrtype_info_v1& info) {
    info.source = source;
    info.dest = destination;
    if (source != 0 && given.source->negated) info.flags |= XT_ADDRTYPE_INVERT_SOURCE;
    if (destination != 0 && given.destination->negated) info.flags |= XT_ADDRTYPE_INVERT_DEST;
    if (given.interface == Arguments::kIn) info.flags |= XT_ADDRTYPE_LIMIT_IFACE_IN;
    if (given.interface == Arguments::kOut) info.flags |= XT_ADDRTYPE_LIMIT_IFACE_OUT;
  })};
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const Arguments given = read(arguments);
  if (context.family == net::Family::kIpv6) return lower_ip6(given);
  ir::Predicate predicate;
  if (given.source != nullptr)
    predicate.push_back(constraint(kSourceType[given.interface], *given.source, context));
  if (given.destination != nullptr)
    predicate.push_back(constraint(kDestinationType[given.interface], *given.destination, context));
  return predicate;
}

constexpr uint8_t kOneInterface = 1;

constexpr Option kOptions[] = {
    {
        .name = "src-type",
        .type = &kAddressTypes,
        .list = "src-type {!}{}",
        .help = "the source address is of one of these types",
        .sentence = "its source address is {not }{}",
    },
    {
        .name = "dst-type",
        .type = &kAddressTypes,
        .list = "dst-type {!}{}",
        .help = "the destination address is of one of these types",
        .sentence = "its destination address is {not }{}",
    },
    {
        .name = "limit-iface-in",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneInterface,
        .modifier = true,
        .hooks = "PREROUTING INPUT FORWARD",
        .list = "limit-in",
        .help = "an address is LOCAL only if it is one of the incoming interface's",
        .sentence = "as the incoming interface has it",
    },
    {
        .name = "limit-iface-out",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneInterface,
        .modifier = true,
        .hooks = "FORWARD OUTPUT POSTROUTING",
        .list = "limit-out",
        .help = "an address is LOCAL only if it is one of the outgoing interface's",
        .sentence = "as the outgoing interface has it",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m addrtype --dst-type LOCAL",
        .canonical = "-m addrtype --dst-type LOCAL",
        .nft = "[ fib daddr type => reg 1 ]\n"
               "[ cmp eq reg 1 0x02000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.255:53 in eth0",
    },
    {
        .rule = "-m addrtype --dst-type multi,BROAD",
        .canonical = "-m addrtype --dst-type BROADCAST,MULTICAST",
        .nft = "[ fib daddr type => reg 1 ]\n"
               "[ lookup reg 1 in { 0x03000000, 0x05000000 } ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.255:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
    },
    {
        .rule = "-m addrtype ! --dst-type LOCAL ! --src-type LOCAL",
        .canonical = "-m addrtype ! --src-type LOCAL ! --dst-type LOCAL",
        .nft = "[ fib saddr type => reg 1 ]\n"
               "[ cmp neq reg 1 0x02000000 ]\n"
               "[ fib daddr type => reg 1 ]\n"
               "[ cmp neq reg 1 0x02000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.255:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
    },
    {
        .rule = "-m addrtype --src-type UNICAST",
        .canonical = "-m addrtype --src-type UNICAST",
        .nft = "[ fib saddr type => reg 1 ]\n"
               "[ cmp eq reg 1 0x01000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    // 203.0.113.2 is the address of another interface.
    {
        .rule = "-m addrtype --dst-type LOCAL --limit-iface-in",
        .canonical = "-m addrtype --dst-type LOCAL --limit-iface-in",
        .nft = "[ fib daddr . iif type => reg 1 ]\n"
               "[ cmp eq reg 1 0x02000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 203.0.113.2:53 in eth0",
    },
    {
        .rule = "-m addrtype --src-type LOCAL --limit-iface-out",
        .canonical = "-m addrtype --src-type LOCAL --limit-iface-out",
        .nft = "[ fib saddr . oif type => reg 1 ]\n"
               "[ cmp eq reg 1 0x02000000 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "udp 203.0.113.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m addrtype --src-type UNICAST ! --dst-type MULTICAST",
        .canonical = "-m addrtype --src-type UNICAST ! --dst-type MULTICAST",
        .nft = "[ match addrtype rev 1 0x0200200002000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth0",
        .miss = "udp [2001:db8::1]:40000 > [ff02::1]:53 in eth0",
    },
};

constexpr Match kAddrtype{
    .name = "addrtype",
    .options = kOptions,
    .list_name = "ADDRTYPE match",
    .bare_error = "addrtype: you must specify --src-type or --dst-type",
    .summary =
        "Asks the routing table what the packet's addresses are: this host's own (LOCAL), "
        "BROADCAST, "
        "MULTICAST, ANYCAST, or another host's (UNICAST). In IPv4 an address behind a route that "
        "refuses is UNICAST; in IPv6 it is UNREACHABLE.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kAddrtype));

}  // namespace

const Match& row() { return kAddrtype; }

}  // namespace bulkhead::ext::match_addrtype
