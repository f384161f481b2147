// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/text.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_comment {
namespace {

constexpr size_t kLongest = 255;  // XT_MAX_COMMENT_LEN with its final zero is 256

Result<ir::Predicate> takes_every_packet(std::span<const ir::Argument>, const Context&) {
  return ir::Predicate{};
}

constexpr Option kOptions[] = {
    {
        .name = "comment",
        .type = &kText<0, kLongest>,
        .negation = Negation::kRefused,
        .required = true,
        .list = "/* {} */",
        .help = "a remark of at most 255 bytes",
        .sentence = "(remark: {})",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -m comment --comment names",
        .canonical = "-p udp -m comment --comment names",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p tcp -m comment --comment \"the admin's \\\"way in\\\"\" -m tcp --dport 22",
        .canonical =
            "-p tcp -m comment --comment \"the admin\\'s \\\"way in\\\"\" -m tcp --dport 22",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
};

constexpr Match kComment{
    .name = "comment",
    .options = kOptions,
    .summary = "A remark that stays with the rule. Takes every packet.",
    .lower = takes_every_packet,
    .examples = kExamples,
};
static_assert(well_formed(kComment));

}  // namespace

const Match& row() { return kComment; }

}  // namespace bulkhead::ext::match_comment
