// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include "ext/argument/number.h"
#include "ext/argument/range32.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_ipcomp {
namespace {

// RFC 3173, 3.3: compression parameter index.
constexpr ir::Field kCpi{"comp cpi", "compression parameter index", ir::Kind::kNumber,
                         ir::at(ir::Base::kTransport, 16, 16),
                         ir::at(ir::Base::kTransport, 16, 16)};

// A range may end far above any index.
constexpr ArgumentType kIndices{
    .words = "number[:number]",
    .parse = parse_range32,
    .values =
        [](std::string_view canonical, const Context& context) {
          Values values = number_range_values(canonical, context);
          values.values = values.values.intersected(ir::ValueSet::range(0, UINT16_MAX));
          return values;
        },
    .say = say_number_range,
};

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  std::string text = "comp ";
  for (const ir::Argument& argument : arguments) {
    const bool any = argument.text == kAnyRange32 && !argument.negated;
    if (argument.option == "ipcompspi" && !any) text += list_range32("spi", argument);
    if (argument.option == "compres") text += " reserved";
  }
  return text;
}

constexpr Option kOptions[] = {
    {
        .name = "ipcompspi",
        .type = &kIndices,
        .field = &kCpi,
        // As iptables has it: without the option it is 0 and not any.
        .fallback = "0",
        .always_printed = true,
        .help = "compression parameter index, or a range of them; 0 unless given",
        .sentence = "its compression parameter index is {not }{}",
    },
    {
        .name = "compres",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "asks nothing: no kernel has ever looked at the reserved field",
        .sentence = "(its reserved field isn't looked at)",
    },
};

// The kernel's match has a place for --compres and never looks at it, so it asks nothing.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  return constraints_of(kOptions, arguments, context);
}

constexpr Example kExamples[] = {
    {
        .rule = "-p ipcomp -m ipcomp --ipcompspi 18",
        .canonical = "-p ipcomp -m ipcomp --ipcompspi 18",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x6c ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0012 ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "108 192.0.2.1 > 192.0.2.2 data 0x04000012",
        .miss = "108 192.0.2.1 > 192.0.2.2 data 0x04120000",
    },
    {
        .rule = "-p ipcomp -m ipcomp --compres",
        .canonical = "-p ipcomp -m ipcomp --ipcompspi 0 --compres",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x6c ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0000 ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "108 192.0.2.1 > 192.0.2.2 data 0x04ff0000",
        .miss = "108 192.0.2.1 > 192.0.2.2 data 0x04000001",
    },
    {
        .rule = "-p ipcomp -m ipcomp ! --ipcompspi 18:70000",
        .canonical = "-p ipcomp -m ipcomp ! --ipcompspi 18:70000",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x6c ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp lte reg 1 0x0011 ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "108 2001:db8::1 > 2001:db8::2 data 0x04000011",
        .miss = "108 2001:db8::1 > 2001:db8::2 data 0x0400ffff",
    },
};

constexpr uint8_t kProtocols[] = {IPPROTO_COMP};

constexpr Match kIpcomp{
    .name = "ipcomp",
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kIpcomp},
    .options = kOptions,
    .list_name = "comp",
    .summary =
        "Looks at the header of compressed packets (IPComp, RFC 3173). Loaded by -p ipcomp as soon "
        "as one of its options is used.",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kIpcomp));

}  // namespace

const Match& row() { return kIpcomp; }

}  // namespace bulkhead::ext::match_ipcomp
