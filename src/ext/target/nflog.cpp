// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdint>

#include "ext/argument/number.h"
#include "ext/argument/text.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_nflog {
namespace {

constexpr size_t kLongestPrefix = 63;  // linux/netfilter/xt_NFLOG.h: 64 bytes with the final zero

// iptables calls the option by LOG's name when it minds a newline.
Result<std::string> parse_prefix(std::span<const std::string_view> words, const Context& context) {
  Context as_log = context;
  as_log.option = "log-prefix";
  return parse_text(words[0], 1, kLongestPrefix, as_log);
}

constexpr ArgumentType kPrefix{
    .words = "text",
    .free_text = true,
    .parse = parse_prefix,
    .list = [](std::string_view canonical, bool, const Context&) { return quoted(canonical); },
    .say = say_text,
};

// --nflog-range is kept and printed, and means nothing: the kernel doesn't look at it.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  ir::NetlinkLog log;
  for (const ir::Argument& argument : arguments) {
    const uint64_t number = canonical_number(argument.text);
    if (argument.option == "nflog-prefix") log.prefix = argument.text;
    if (argument.option == "nflog-group") log.group = static_cast<uint16_t>(number);
    if (argument.option == "nflog-size") log.size = static_cast<uint32_t>(number);
    if (argument.option == "nflog-threshold") log.threshold = static_cast<uint16_t>(number);
  }
  return ir::Action{std::move(log)};
}

constexpr uint8_t kOneLength = 1;

constexpr Option kOptions[] = {
    {
        .name = "nflog-prefix",
        .type = &kPrefix,
        .negation = Negation::kRefused,
        .list = "nflog-prefix {}",
        .help = "what comes with each packet, at most 63 bytes",
        .sentence = "as {}",
    },
    {
        .name = "nflog-group",
        .type = &kNumber<0, UINT16_MAX>,
        .negation = Negation::kRefused,
        .fallback = "0",
        .list = "nflog-group {}",
        .help = "the group of listeners, 0 unless given",
        .sentence = "of group {}",
    },
    {
        .name = "nflog-range",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .group = kOneLength,
        .fallback = "0",
        .warning = [](std::string_view) -> std::string {
          return "warn: --nflog-range has never worked and is no longer supported, please use "
                 "--nflog-size instead";
        },
        .list = "nflog-range {}",
        .help = "has no effect; --nflog-size has",
        .sentence = "(a range of {} has no effect)",
    },
    {
        .name = "nflog-size",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .group = kOneLength,
        .list = "nflog-size {}",
        .help = "how many bytes of the packet to hand over at most",
        .sentence = "with at most {} bytes of it",
    },
    {
        .name = "nflog-threshold",
        .type = &kNumber<0, UINT16_MAX>,
        .negation = Negation::kRefused,
        .fallback = "0",
        .list = "nflog-threshold {}",
        .help = "how many packets the kernel keeps before it hands them over",
        .sentence = "{} at a time",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j NFLOG --nflog-threshold 0x2 --nflog-size 64 --nflog-group 5 "
                "--nflog-prefix \"ssh: \" -m tcp --dport 22",
        .canonical = "-p tcp -m tcp --dport 22 -j NFLOG --nflog-prefix \"ssh: \" --nflog-group 5 "
                     "--nflog-size 64 --nflog-threshold 2",
        .nft = "[ log group 5 threshold 2 size 64 prefix \"ssh: \" ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
    {
        .rule = "-p udp -j NFLOG --nflog-range 64 --nflog-group 0",
        .canonical = "-p udp -j NFLOG --nflog-range 64",
        .nft = "[ log group 0 prefix \"\" ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Target kNflog{
    .name = "NFLOG",
    .options = kOptions,
    .summary =
        "Hands the packet to the programs that listen to a group of nfnetlink_log, such as "
        "ulogd(8), and goes on with the next rule.",
    .sentence = "it is handed to listeners",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kNflog));

}  // namespace

const Target& row() { return kNflog; }

}  // namespace bulkhead::ext::target_nflog
