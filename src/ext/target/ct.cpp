// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/nf_conntrack_common.h>
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

namespace bulkhead::ext::target_ct {
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

// An event's bit is that of its place in enum ip_conntrack_events.
constexpr ip_conntrack_events kEventNumbers[] = {
    IPCT_NEW,       IPCT_RELATED, IPCT_DESTROY, IPCT_REPLY,     IPCT_ASSURED,
    IPCT_PROTOINFO, IPCT_HELPER,  IPCT_MARK,    IPCT_NATSEQADJ, IPCT_SECMARK};
static_assert(std::size(kEventNumbers) == std::size(kEvents));

uint16_t event_bits(std::string_view list) {
  unsigned bits = 0;
  for (const std::string_view event : split(list, ',')) {
    const auto at = std::ranges::find(kEvents, event) - std::begin(kEvents);
    bits |= 1u << kEventNumbers[at];
  }
  return static_cast<uint16_t>(bits);
}

// xt_ct_tg_check of net/netfilter/xt_CT.c: with --notrack the rest is never looked at. Without
// anything, the packet's connection is looked for in the zone where it would be looked for anyway,
// and a NOTRACK that comes later finds that it comes too late.
//
// nf_tables sets the events of a connection, but not those of its expectations, which only one with
// a helper has.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  using Direction = ir::Zone::Direction;
  if (std::ranges::find(arguments, "notrack", &ir::Argument::option) != arguments.end())
    return ir::Action{ir::Untrack{}};
  ir::ConnectionTemplate made;
  ir::Zone& zone = made.zone;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "timeout") {
      return kernel_refusal(EOPNOTSUPP,
                            "nf_tables can't use timeouts that nfct(8) has named, and the kernel's "
                            "own CT works only in a table named raw");
    }
    if (argument.option == "helper") {
      if (context.protocol == 0 || context.protocol_negated)
        return kernel_refusal(ENOENT, "a helper is for one protocol (-p)");
      made.helper = argument.text;
      made.protocol = context.protocol;
    }
    if (argument.option == "ctevents") made.events = event_bits(argument.text);
    // Who lists only those of expectations gets none of the connection.
    if (argument.option == "expevents" && !made.events) made.events = 0;
    if (!argument.option.starts_with("zone")) continue;
    if (argument.option == "zone-orig") zone.direction = Direction::kOriginal;
    if (argument.option == "zone-reply") zone.direction = Direction::kReply;
    zone.of_mark = argument.text == kOfMark;
    if (!zone.of_mark) zone.number = static_cast<uint16_t>(canonical_number(argument.text));
  }
  if (!made.helper.empty() && made.events) {
    return kernel_refusal(EOPNOTSUPP,
                          "nf_tables can't say what listeners are told of a helper's expectations, "
                          "and the kernel's own CT works only in a table named raw");
  }
  if (made.helper.empty() && !made.events) return ir::Action{zone};
  return ir::Action{made};
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
    // What follows has a second form behind connection tracking
    // (backend/nft/connection_template.h).
    {
        .rule = "-p tcp -j CT --zone 0 --helper ftp -m tcp --dport 21",
        .canonical = "-p tcp -m tcp --dport 21 -j CT --helper ftp",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ cmp neq reg 1 0x40000000 ]\n"
               "[ immediate 0x0000 => reg 1 ]\n"
               "[ ct set zone with reg 1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:21",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j CT --ctevents mark,new",
        .canonical = "-p udp -j CT --ctevents new,mark",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ cmp neq reg 1 0x40000000 ]\n"
               "[ immediate 0x0000 => reg 1 ]\n"
               "[ ct set zone with reg 1 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j CT --expevents new",
        .canonical = "-p udp -j CT --expevents new",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ cmp neq reg 1 0x40000000 ]\n"
               "[ immediate 0x0000 => reg 1 ]\n"
               "[ ct set zone with reg 1 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "tcp 192.0.2.2:40000 > 192.0.2.1:22 out eth0",
        .table = "raw",
        .chain = "OUTPUT",
    },
    {
        .rule = "-p tcp -j CT --helper ftp --ctevents new",
        .canonical = "-p tcp -j CT --helper ftp --ctevents new",
        .table = "raw",
        .chain = "PREROUTING",
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
        "connections may have the same addresses and ports; and what a connection that begins with "
        "it is to have. Of several that a packet meets the first stands. --helper, --ctevents and "
        "--expevents are refused where a rule on the way to them has a limit or another memory, "
        "asks for the connection, or for a mark that the table sets; --timeout always. Goes on "
        "with the next rule.",
    .sentence = "its connection is looked for",
    .lower = lower,
    .goes_on_elsewhere = true,
    .examples = kExamples,
};
static_assert(well_formed(kCt));

}  // namespace

const Target& row() { return kCt; }

}  // namespace bulkhead::ext::target_ct
