// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_set.h>

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/ip_set.h"
#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_set {
namespace {

constexpr uint64_t kLongestTimeout = UINT32_MAX - 1;

Result<std::string> parse_timeout(std::span<const std::string_view> words, const Context&) {
  if (const auto seconds = whole_number(words[0], 0, kLongestTimeout))
    return fmt::format("{}", *seconds);
  return usage_error(
      fmt::format("Invalid value for option --timeout or out of range 0-{}", kLongestTimeout));
}

constexpr ArgumentType kTimeout{.words = "seconds", .parse = parse_timeout};

struct Use {
  std::string_view option;
  xt_set_info xt_set_info_target_v3::*set;
};

constexpr Use kUses[] = {
    {"add-set", &xt_set_info_target_v3::add_set},
    {"del-set", &xt_set_info_target_v3::del_set},
    {"map-set", &xt_set_info_target_v3::map_set},
};

struct Flag {
  std::string_view option;
  std::string_view needs;
  uint32_t bit;
};

constexpr Flag kFlags[] = {
    {"exist", "add-set", IPSET_FLAG_EXIST},
    {"map-mark", "map-set", IPSET_FLAG_MAP_SKBMARK},
    {"map-prio", "map-set", IPSET_FLAG_MAP_SKBPRIO},
    {"map-queue", "map-set", IPSET_FLAG_MAP_SKBQUEUE},
};

bool given(std::span<const ir::Argument> arguments, std::string_view option) {
  return std::ranges::find(arguments, option, &ir::Argument::option) != arguments.end();
}

Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  const auto is_given = [&](const auto& row) { return given(arguments, row.option); };
  if (std::ranges::none_of(kUses, is_given)) {
    return usage_error("You must specify either `--add-set' or `--del-set' or `--map-set'");
  }
  for (const Flag& flag : kFlags) {
    if (given(arguments, flag.option) && !given(arguments, flag.needs)) {
      return usage_error(
          fmt::format("Flag `--{}' can be used with `--{}' only", flag.option, flag.needs));
    }
  }
  if (given(arguments, "timeout") && !given(arguments, "add-set"))
    return usage_error("Option `--timeout' can be used with `--add-set' only");
  const bool maps =
      given(arguments, "map-mark") || given(arguments, "map-prio") || given(arguments, "map-queue");
  if (given(arguments, "map-set") && !maps)
    return usage_error("You must specify flags `--map-mark' or '--map-prio` or `--map-queue'");
  return {};
}

// The numbers of the sets are looked up each time that the rule is read, as for the match `set`.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  xt_set_info_target_v3 asked{};
  for (const Use& use : kUses) (asked.*use.set).index = IPSET_INVALID_ID;
  asked.timeout = UINT32_MAX;
  for (const ir::Argument& argument : arguments) {
    for (const Flag& flag : kFlags) {
      if (argument.option == flag.option) asked.flags |= flag.bit;
    }
    if (argument.option == "timeout")
      asked.timeout = static_cast<uint32_t>(canonical_number(argument.text));
    for (const Use& use : kUses) {
      if (argument.option != use.option) continue;
      const IpSetUse part = read_ip_set(argument.text);
      const Result<uint16_t> number = context.names->ip_set(context.family, part.set);
      if (!number) {
        Error error = number.error();
        error.span = argument.span;
        return error;
      }
      asked.*use.set = {.index = *number, .dim = part.parts, .flags = part.sources};
    }
  }
  ir::OpaqueTarget target = xt_target<xt_set_info_target_v3>(
      "SET", 3, [&](xt_set_info_target_v3& info) { info = asked; });
  if (given(arguments, "map-mark")) target.writes = &ir::kPacketMark;
  if (given(arguments, "map-prio")) target.writes = &ir::kPriority;
  return ir::Action{std::move(target)};
}

constexpr Option set_option(std::string_view name, std::string_view twice, std::string_view list,
                            std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &kIpSet,
          .negation = Negation::kRefused,
          .twice = twice,
          .list = list,
          .help = help,
          .sentence = sentence};
}
constexpr Option flag(std::string_view name, std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &kFlag,
          .negation = Negation::kRefused,
          .list = name,
          .help = help,
          .sentence = sentence};
}

constexpr Option kOptions[] = {
    set_option("add-set", "--add-set can be specified only once", "add-set {}",
               "add this part of the packet to the set", "to which {} is added"),
    flag("exist", "set the timeout of an element that is there already back", "anew"),
    {
        .name = "timeout",
        .type = &kTimeout,
        .negation = Negation::kRefused,
        .list = "timeout {}",
        .help = "for how long it is in the set, in seconds; the set's own unless given",
        .sentence = "for {} seconds",
    },
    set_option("del-set", "--del-set can be specified only once", "del-set {}",
               "take this part of the packet out of the set", "from which {} is taken"),
    set_option("map-set", "--map-set can be specified only once", "map-set {}",
               "give the packet what the set has for this part of it", "which maps {}"),
    flag("map-mark", "give it the mark", "to a mark"),
    flag("map-prio", "give it the priority", "to a priority"),
    flag("map-queue", "give it the queue of the interface", "to a queue"),
};

constexpr std::string_view kHit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0";
constexpr std::string_view kMiss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 in eth0";
// There is no set where the examples are shown; the test makes some.
constexpr std::string_view kShownBy = "set_target_test.cpp";

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j SET --timeout 0x3c --exist --add-set blocked src",
        .canonical = "-p udp -j SET --add-set blocked src --exist --timeout 60",
        .nft = "[ target SET rev 3 0x05000102ffff0000ffff0000010000003c00000000000000 ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
    {
        .rule = "-p udp -j SET --del-set blocked dst,src",
        .canonical = "-p udp -j SET --del-set blocked dst,src",
        .nft = "[ target SET rev 3 0xffff000005000204ffff000000000000ffffffff00000000 ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
    {
        .rule = "-p udp -j SET --map-set blocked src --map-queue --map-prio --map-mark",
        .canonical = "-p udp -j SET --map-set blocked src --map-mark --map-prio --map-queue",
        .nft = "[ target SET rev 3 0xffff0000ffff00000500010200070000ffffffff00000000 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "tcp 192.0.2.2:40000 > 192.0.2.1:22 out eth0",
        .shown_by = kShownBy,
        .table = "mangle",
    },
};

constexpr Target kSet{
    .name = "SET",
    .options = kOptions,
    .list_name = "",
    .summary =
        "Puts a part of the packet into a set of ipset(8), or takes it out, and goes on with the "
        "next rule. The set must be there before the rule, and can't be destroyed as long as the "
        "rule is. Of --map-set, see docs/differences.md.",
    .sentence = "a set is changed",
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kSet));

}  // namespace

const Target& row() { return kSet; }

}  // namespace bulkhead::ext::target_set
