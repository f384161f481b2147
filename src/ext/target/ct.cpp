// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_CT.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/split.h"
#include "ext/argument/word.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext {
namespace {

constexpr uint8_t kOneZone = 1;
constexpr std::string_view kOfMark = "mark";

Result<std::string> parse_zone(std::span<const std::string_view> words, const Context&) {
  if (same_word(words[0], kOfMark)) return std::string(kOfMark);
  const std::optional<uint64_t> number = whole_number(words[0], 0, UINT16_MAX);
  if (!number) return usage_error(fmt::format("Cannot parse {} as a zone ID", words[0]));
  return fmt::format("{}", *number);
}

constexpr ArgumentType kZone{
    .words = "number|mark",
    .parse = parse_zone,
    .say = [](std::string_view canonical, const Context&) -> std::string {
      return canonical == kOfMark ? "whose number is its mark" : std::string(canonical);
    },
};

// In the order of -S.
constexpr std::string_view kEvents[] = {"new",       "related", "destroy", "reply",      "assured",
                                        "protoinfo", "helper",  "mark",    "natseqinfo", "secmark"};
constexpr std::string_view kExpectationEvents[] = {"new"};

Result<std::string> parse_events(std::string_view list, std::span<const std::string_view> known) {
  const std::vector<std::string_view> given = split(list, ',');
  for (const std::string_view event : given) {
    if (std::ranges::find(known, event) == known.end())
      return usage_error(fmt::format("Unknown event type \"{}\"", event));
  }
  std::string text;
  for (const std::string_view event : known) {
    if (std::ranges::find(given, event) == given.end()) continue;
    if (!text.empty()) text += ',';
    text += event;
  }
  return text;
}

constexpr ArgumentType kConnectionEvents{
    .words = "event[,event]",
    .parse = [](std::span<const std::string_view> words,
                const Context&) { return parse_events(words[0], kEvents); },
};
constexpr ArgumentType kExpectations{
    .words = "event[,event]",
    .parse = [](std::span<const std::string_view> words,
                const Context&) { return parse_events(words[0], kExpectationEvents); },
};

// iptables cuts a longer one off, and takes an empty one for none.
template <size_t kSize>
Result<std::string> parse_name(std::span<const std::string_view> words, const Context& context) {
  const auto odd = [](char c) { return c <= ' ' || c == '"' || c == '\'' || c == '\\'; };
  const std::string_view name = words[0];
  if (name.empty() || name.size() >= kSize || std::ranges::any_of(name, odd)) {
    return usage_error(fmt::format("{}: Bad value for \"--{}\" option: \"{}\"", context.row,
                                   context.option, name));
  }
  return std::string(name);
}

constexpr ArgumentType kHelper{.words = "name",
                               .parse = parse_name<sizeof xt_ct_target_info_v1::helper>};
constexpr ArgumentType kTimeout{.words = "name",
                                .parse = parse_name<sizeof xt_ct_target_info_v1::timeout>};

Error unknown_to_nft(std::string_view option) {
  return kernel_refusal(
      EOPNOTSUPP,
      fmt::format(
          "nf_tables can't do CT --{} before there is a connection, and the kernel's own CT "
          "works only in a table named raw",
          option));
}

// xt_ct_tg_check of net/netfilter/xt_CT.c: with --notrack the rest is never looked at. Without
// anything, the packet's connection is looked for in the zone where it would be looked for anyway,
// and a NOTRACK that comes later finds that it comes too late.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  using Direction = ir::Zone::Direction;
  if (std::ranges::find(arguments, "notrack", &ir::Argument::option) != arguments.end())
    return ir::Action{ir::Untrack{}};
  ir::Zone zone;
  for (const ir::Argument& argument : arguments) {
    if (!argument.option.starts_with("zone")) return unknown_to_nft(argument.option);
    if (argument.option == "zone-orig") zone.direction = Direction::kOriginal;
    if (argument.option == "zone-reply") zone.direction = Direction::kReply;
    zone.of_mark = argument.text == kOfMark;
    if (!zone.of_mark) zone.number = static_cast<uint16_t>(canonical_number(argument.text));
  }
  return ir::Action{zone};
}

constexpr Option option(std::string_view name, const ArgumentType& type, std::string_view list,
                        std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &type,
          .negation = Negation::kRefused,
          .list = list,
          .help = help,
          .sentence = sentence};
}
constexpr Option zone(std::string_view name, std::string_view list, std::string_view help,
                      std::string_view sentence) {
  Option made = option(name, kZone, list, help, sentence);
  made.group = kOneZone;
  made.fallback = "0";
  return made;
}

constexpr Option kOptions[] = {
    option("notrack", kFlag, "notrack", "does not track the packet", "and it is not tracked"),
    option("helper", kHelper, "helper {}", "how the kernel understands what is said in it",
           "with the helper {}"),
    option("timeout", kTimeout, "timeout {}", "when the kernel forgets it", "with the timeouts {}"),
    option("ctevents", kConnectionEvents, "ctevents {}", "what of it listeners are told",
           "with the events {}"),
    option("expevents", kExpectations, "expevents {}", "what of its expectations they are told",
           "with the events {} of expectations"),
    zone("zone-orig", "zone-orig {}", "the zone, for the direction of its first packet only",
         "in zone {} for the original direction"),
    zone("zone-reply", "zone-reply {}", "the zone, for the direction of its answers only",
         "in zone {} for the reply direction"),
    zone("zone", "zone {}", "the zone that its connection is looked for and kept in", "in zone {}"),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j CT --notrack --helper any --timeout any --ctevents mark,new --expevents "
                "new --zone 7",
        .canonical = "-p udp -j CT --notrack --helper any --timeout any --ctevents new,mark "
                     "--expevents new --zone 7",
        .nft = "[ notrack ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j CT --zone 0x7",
        .canonical = "-p udp -j CT --zone 7",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ cmp neq reg 1 0x40000000 ]\n"
               "[ immediate 0x0700 => reg 1 ]\n"
               "[ ct set zone with reg 1 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j CT --zone-orig mark",
        .canonical = "-p udp -j CT --zone-orig mark",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ cmp neq reg 1 0x40000000 ]\n"
               "[ meta load mark => reg 1 ]\n"
               "[ ct set zone original with reg 1 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "tcp 192.0.2.2:40000 > 192.0.2.1:22 out eth0",
        .table = "raw",
        .chain = "OUTPUT",
    },
    {
        .rule = "-p udp -j CT --zone-reply 65535",
        .canonical = "-p udp -j CT --zone-reply 65535",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ cmp neq reg 1 0x40000000 ]\n"
               "[ immediate 0xffff => reg 1 ]\n"
               "[ ct set zone reply with reg 1 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j CT --zone 0",
        .canonical = "-p udp -j CT",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ cmp neq reg 1 0x40000000 ]\n"
               "[ immediate 0x0000 => reg 1 ]\n"
               "[ ct set zone with reg 1 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p tcp -j CT --helper ftp",
        .canonical = "-p tcp -j CT --helper ftp",
        .table = "raw",
        .chain = "PREROUTING",
        .refused = true,
    },
    {
        .rule = "-p tcp -j CT --ctevents mark,new",
        .canonical = "-p tcp -j CT --ctevents new,mark",
        .table = "raw",
        .chain = "PREROUTING",
        .refused = true,
    },
    {
        .rule = "-p tcp -j CT --expevents new",
        .canonical = "-p tcp -j CT --expevents new",
        .table = "raw",
        .chain = "OUTPUT",
        .refused = true,
    },
};

constexpr Target kCt{
    .name = "CT",
    .tables = "raw",
    .options = kOptions,
    .list_name = "CT",
    .summary =
        "Says how connection tracking is to take the packet: not at all, or in a zone, so that two "
        "connections may have the same addresses and ports. --helper, --timeout, --ctevents and "
        "--expevents are refused, since nf_tables can't do them before there is a connection. Goes "
        "on with the next rule.",
    .sentence = "its connection is looked for",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kCt));

}  // namespace

const Target& target_ct() { return kCt; }

}  // namespace bulkhead::ext
