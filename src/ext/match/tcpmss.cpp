// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_tcpmss.h>

#include "ext/argument/number_range.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "net/packet_build.h"

namespace bulkhead::ext::match_tcpmss {
namespace {

Result<std::string> parse_size(std::span<const std::string_view> words, const Context& context) {
  Result<std::string> text = parse_number_range(words[0], UINT16_MAX, context);
  if (!text) return text;
  const NumberRange range = read_number_range(*text);
  if (range.first > range.last) return usage_error("tcpmss: invalid range given");
  return text;
}

constexpr ArgumentType kSize{
    .words = "number[:number]", .parse = parse_size, .say = say_number_range};

// The kernel's own match: `tcp option maxseg size` of nf_tables holds for no packet without the
// option, and `! --mss` does; nor does nf_tables drop a packet whose options are cut off.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const ir::Argument& argument = arguments.front();
  const NumberRange range = read_number_range(argument.text);
  ir::Opaque match = xt_match<xt_tcpmss_match_info>("tcpmss", 0, [&](xt_tcpmss_match_info& info) {
    info.mss_min = static_cast<uint16_t>(range.first);
    info.mss_max = static_cast<uint16_t>(range.last);
    info.invert = argument.negated ? 1 : 0;
  });
  // It takes a later fragment's data for a header, and drops it where that is malformed: nobody may
  // ask it before what is written before it.
  match.stateful = true;
  return ir::Predicate{std::move(match)};
}

constexpr uint8_t kProtocols[] = {net::kTcp};

constexpr Option kOptions[] = {
    {
        .name = "mss",
        .type = &kSize,
        .required = true,
        .list = "tcpmss match {!}{}",
        .help = "the largest segment that the sender says it takes, in bytes; or a range",
        .sentence = "its maximum segment size is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -m tcpmss --mss 1400:1500",
        .canonical = "-p tcp -m tcpmss --mss 1400:1500",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ match tcpmss rev 0 0x7805dc0500000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 mss 1400",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 mss 1501",
    },
    {
        .rule = "-p tcp -m tcpmss ! --mss 0x5b4:1460",
        .canonical = "-p tcp -m tcpmss ! --mss 1460",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ match tcpmss rev 0 0xb405b40501000000 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22 mss 1460",
    },
};

constexpr Match kTcpmss{
    .name = "tcpmss",
    .protocols = kProtocols,
    .options = kOptions,
    .summary =
        "Looks at the TCP option that names the largest segment. A packet without it is of no "
        "size.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kTcpmss));

}  // namespace

const Match& row() { return kTcpmss; }

}  // namespace bulkhead::ext::match_tcpmss
