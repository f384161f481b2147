// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/text.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_ulog {
namespace {

constexpr size_t kLongestPrefix = 31;
constexpr uint64_t kGroups = 32;
constexpr uint64_t kLongestQueue = 50;

// struct ipt_ulog_info of linux/netfilter_ipv4/ipt_ULOG.h, which is no more among the headers.
struct UlogInfo {
  uint32_t group_bits;
  size_t copy_range;
  size_t queue_threshold;
  char prefix[kLongestPrefix + 1];
};

UlogInfo info_of(std::span<const ir::Argument> arguments) {
  UlogInfo info{.group_bits = 1, .copy_range = 0, .queue_threshold = 1, .prefix = {}};
  for (const ir::Argument& argument : arguments) {
    const uint64_t number = canonical_number(argument.text);
    if (argument.option == "ulog-prefix") std::ranges::copy(argument.text, info.prefix);
    if (argument.option == "ulog-nlgroup") info.group_bits = uint32_t{1} << (number - 1);
    if (argument.option == "ulog-cprange") info.copy_range = number;
    if (argument.option == "ulog-qthreshold") info.queue_threshold = number;
  }
  return info;
}

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  const UlogInfo asked = info_of(arguments);
  return ir::Action{xt_target<UlogInfo>("ULOG", 0, [&](UlogInfo& info) {
    info.group_bits = asked.group_bits;
    info.copy_range = asked.copy_range;
    info.queue_threshold = asked.queue_threshold;
    std::ranges::copy(asked.prefix, info.prefix);
  })};
}

// The prefix is never escaped.
std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  const UlogInfo info = info_of(arguments);
  const auto group = std::ranges::find(arguments, "ulog-nlgroup", &ir::Argument::option);
  const std::string_view prefix = info.prefix;
  return fmt::format("ULOG copy_range {} nlgroup {}{} queue_threshold {}", info.copy_range,
                     group == arguments.end() ? "1" : group->text,
                     prefix.empty() ? "" : fmt::format(" prefix \"{}\"", prefix),
                     info.queue_threshold);
}

constexpr Option kOptions[] = {
    {
        .name = "ulog-prefix",
        .type = &kText<1, kLongestPrefix>,
        .negation = Negation::kRefused,
        .help = "what comes with each packet, at most 31 bytes",
        .sentence = "as {}",
    },
    {
        .name = "ulog-nlgroup",
        .type = &kNumber<1, kGroups>,
        .negation = Negation::kRefused,
        .fallback = "1",
        .help = "the group of listeners, 1 unless given",
        .sentence = "of group {}",
    },
    {
        .name = "ulog-cprange",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .fallback = "0",
        .help = "how many bytes of the packet to hand over; 0: all",
        .sentence = "with {} bytes of it",
    },
    {
        .name = "ulog-qthreshold",
        .type = &kNumber<1, kLongestQueue>,
        .negation = Negation::kRefused,
        .fallback = "1",
        .help = "how many packets the kernel keeps before it hands them over",
        .sentence = "{} at a time",
    },
};

constexpr std::string_view kShownBy = "missing_extension_test.cpp";

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j ULOG --ulog-qthreshold 5 --ulog-cprange 0x40 --ulog-nlgroup 3 "
                "--ulog-prefix \"ssh: \"",
        .canonical = "-p tcp -j ULOG --ulog-prefix \"ssh: \" --ulog-nlgroup 3 --ulog-cprange 64 "
                     "--ulog-qthreshold 5",
        .nft = "[ target ULOG rev 0 0x0400000000000000400000000000000005000000000000007373683a20"
               "000000000000000000000000000000000000000000000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .shown_by = kShownBy,
    },
    {
        .rule = "-p udp -j ULOG --ulog-nlgroup 1",
        .canonical = "-p udp -j ULOG",
        .nft = "[ target ULOG rev 0 0x0100000000000000000000000000000001(39 zeros) ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .shown_by = kShownBy,
    },
};

constexpr Target kUlog{
    .name = "ULOG",
    .families = Families::kIpv4,
    .options = kOptions,
    .summary = "The forerunner of NFLOG, which is in its place. Linux has it no more since 3.17.",
    .sentence = "it is handed to listeners",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kUlog));

}  // namespace

const Target& row() { return kUlog; }

}  // namespace bulkhead::ext::target_ulog
