// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "backend/sim/simulator.h"
#include "fuzz/fuzz.h"
#include "fuzz/host.h"
#include "fuzz/rows.h"
#include "lang/restore.h"
#include "net/packet.h"

namespace bulkhead::fuzz {

namespace sim = backend::sim;

namespace {

constexpr std::string_view kChains[] = {"INPUT", "FORWARD", "OUTPUT"};
constexpr ir::Hook kHooks[] = {ir::Hook::kInput, ir::Hook::kForward, ir::Hook::kOutput};
constexpr ir::CtState kStates[] = {ir::CtState::kNew, ir::CtState::kEstablished,
                                   ir::CtState::kRelated, ir::CtState::kInvalid};

// Every row's examples in every chain that takes them; without targets, so that each is asked.
ir::Ruleset all_rows(net::Family family) {
  ir::Ruleset rules{.family = family, .tables = {}};
  rules.table("filter");
  for (const RowExample& example : row_examples()) {
    if (example.family != family || example.is_target) continue;
    for (const std::string_view chain : kChains) {
      const Source file("row", fmt::format("*filter\n-A {} {}\nCOMMIT\n", chain, example.rule));
      ir::Ruleset more = rules;
      if (lang::restore(file, {.names = &kNames, .noflush = true}, more)) rules = std::move(more);
    }
  }
  return rules;
}

}  // namespace

void packet_bytes(std::string_view input) {
  static const ir::Ruleset kRules[] = {all_rows(net::Family::kIpv4), all_rows(net::Family::kIpv6)};
  if (input.empty()) return;
  const auto choice = static_cast<uint8_t>(input[0]);
  const size_t hook = choice % 3;
  sim::Packet packet{.bytes = {input.begin() + 1, input.end()},
                     .hook = kHooks[hook],
                     .in_interface = hook < 2 ? "eth0" : "",
                     .out_interface = hook > 0 ? "eth1" : "",
                     .state = kStates[choice / 4 % 4],
                     .mark = choice};
  const auto layout = net::parse_layout(packet.bytes);
  if (!layout) return;
  ir::Ruleset rules = kRules[layout->family == net::Family::kIpv4 ? 0 : 1];
  const sim::Outcome outcome = sim::evaluate(rules, "filter", packet);
  require(!outcome.trace.empty(), "a packet meets a rule");
  sim::count(outcome, packet, rules.table("filter"));
}

}  // namespace bulkhead::fuzz
