// SPDX-License-Identifier: GPL-2.0-or-later
// Commands that shut ports.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"

namespace bulkhead::app::audit {

namespace {

using ir::ValueSet;
using net::Direction;

// A rule takes so many (iptables-extensions(8), multiport; a range counts twice).
constexpr size_t kMostPorts = 15;

}  // namespace

// Rules in front of all others.
Commands dropped_first(net::Family family, Direction direction, uint8_t protocol,
                       const ValueSet& ports) {
  const std::string_view head = direction == Direction::kInput ? "INPUT ! -i lo" : "FORWARD";
  Commands commands;
  std::vector<std::string> words;
  size_t slots = 0;
  const auto flush = [&] {
    if (words.empty()) return;
    const std::string match = words.size() == 1
                                  ? fmt::format("--dport {}", words.front())
                                  : fmt::format("-m multiport --dports {}", fmt::join(words, ","));
    commands.push_back(command(
        family, fmt::format("-I {} -p {} {} -j DROP", head, protocol_word(protocol), match)));
    words.clear();
    slots = 0;
  };
  for (const ir::Interval& range : ports.intervals()) {
    const size_t needs = range.first == range.last ? 1 : 2;
    if (slots + needs > kMostPorts) flush();
    slots += needs;
    words.push_back(dport_words(range));
  }
  flush();
  return commands;
}

Commands shut(const Rules& rules, const std::optional<Witness>& witness, Direction direction,
              uint8_t protocol, const ValueSet& ports) {
  if (witness) {
    const auto decider = decider_of(rules.rules, *witness);
    if (decider && decider->written == nullptr) return without_decider(rules, *witness);
    if (decider) {
      const auto opened = rules.packets.values(rules.packets.model().of(*decider->written).holds,
                                               ir::kDestinationPort);
      // In a later round, of several rules that open them together.
      if (opened && opened->intersected(ports) == *opened) return without_decider(rules, *witness);
    }
  }
  return dropped_first(rules.rules.family, direction, protocol, ports);
}

}  // namespace bulkhead::app::audit
