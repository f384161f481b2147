// SPDX-License-Identifier: GPL-2.0-or-later
// Three firewalls for one ruleset: the simulator, the kernel with what our iptables-restore made of
// it, and the kernel with Debian's iptables-legacy in a namespace of its own. Random rulesets,
// random packets: every packet has the same fate, every rule and policy the same count. What
// differs is shrunk to a small case and printed.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "backend/sim/reading.h"
#include "backend/sim/simulator.h"
#include "core/source.h"
#include "kernel/differential/event.h"
#include "kernel/differential/firewalls.h"
#include "kernel/differential/opaque.h"
#include "kernel/differential/option_coverage.h"
#include "kernel/differential/random_packets.h"
#include "kernel/differential/random_rules.h"
#include "kernel/differential/shown_elsewhere.h"
#include "kernel/differential/shrinking.h"
#include "lang/restore.h"
#include "net/names.h"
#include "pass/call_graph.h"
#include "support/long_run.h"
#include "support/oracle.h"
#include "support/rig.h"

namespace bulkhead::testing {
namespace {

namespace sim = backend::sim;

struct Case {
  bool ip6 = false;
  RandomRules rules;
  std::vector<Event> events;
};

Deeds deeds_of(KernelFirewall& firewall, const Case& it) {
  return firewall.run(it.ip6, it.rules.text(), [&](PacketRig& rig) {
    std::vector<Step> steps;
    for (const Event& event : it.events) steps.push_back(event.step);
    std::vector<std::string> fates;
    for (const Outcome& outcome : rig.run(steps))
      fates.push_back(outcome.arrived ? text(outcome) : "lost");
    return fates;
  });
}

ir::Ruleset lowered(const Case& it) {
  static const net::SystemNames kNames;
  ir::Ruleset rules{.family = it.ip6 ? net::Family::kIpv6 : net::Family::kIpv4};
  const Source source("ruleset", it.rules.text());
  const auto done = lang::restore(source, {.names = &kNames}, rules);
  if (!done) throw SupportError(render(done.error(), source));
  return rules;
}

// Whether a fate that the rig saw is the simulator's verdict. Not every refusal is answered: a
// reset isn't, nor a later fragment, nor an error.
bool agrees(sim::Verdict verdict, std::string_view fate) {
  switch (verdict) {
    case sim::Verdict::kAccept: return fate.starts_with("accepted");
    case sim::Verdict::kDrop: return fate == "dropped";
    case sim::Verdict::kReject: return fate == "dropped" || fate.starts_with("rejected");
  }
  return false;
}

constexpr std::string_view kVerdicts[] = {"accepts", "drops", "rejects"};

// The simulator's counters have no text: they are found by chain and number.
std::optional<std::string> compare_counters(const Case& it, const ir::Table& table,
                                            const std::vector<RuleCounter>& counters) {
  std::map<std::string, size_t> numbers;
  for (const RuleCounter& seen : counters) {
    const ir::Chain* chain = table.find(seen.chain);
    if (!chain) return fmt::format("the simulator has no chain {}", seen.chain);
    const bool policy = seen.rule.starts_with("-P");
    // Our refusals are packets too, which the simulator doesn't send.
    if (policy && it.rules.rejects && seen.chain == "OUTPUT") continue;
    const size_t number = policy ? 0 : numbers[seen.chain]++;
    if (!policy && number >= chain->rules.size())
      return fmt::format("the simulator lacks {}", text(seen));
    const ir::Counters expected = policy ? chain->policy_counters : chain->rules[number].counters;
    if (expected.packets != seen.packets || expected.bytes != seen.bytes) {
      return fmt::format("the simulator counts [{}:{}], iptables-legacy {}", expected.packets,
                         expected.bytes, text(seen));
    }
  }
  return std::nullopt;
}

std::string_view state_name(ir::CtState state) {
  switch (state) {
    case ir::CtState::kInvalid: return "invalid";
    case ir::CtState::kEstablished: return "established";
    case ir::CtState::kRelated: return "related";
    case ir::CtState::kNew: return "new";
    case ir::CtState::kUntracked: break;
  }
  return "untracked";
}

// The match of the rule that the condition belongs to.
const ir::Match& match_with(const ir::Rule& rule, const ir::Condition& condition) {
  for (const ir::Match& match : rule.matches) {
    for (const ir::Condition& each : match.predicate) {
      if (&each == &condition) return match;
    }
  }
  throw SupportError("a condition that is no rule's");
}

// What the cases have met: a differential of packets that all go the same way says nothing.
struct Coverage {
  explicit Coverage(net::Family family) : options(family) {}

  std::map<std::string, size_t> met;  // states, fates
  OptionCoverage options;
  size_t packets = 0;
  size_t unknown = 0;  // to the simulator
};

// Beyond a packet that the simulator can't judge, it can't know the connections either.
std::optional<std::string> compare_simulator(const Case& it, const Deeds& legacy,
                                             Coverage& coverage) {
  ir::Ruleset rules = lowered(it);
  ir::Table& table = *rules.find("filter");
  // The kernel table takes 13 (docs/kernel-table.md): beyond it chains are inlined.
  if (pass::CallGraph(table).depth() > 13) ++coverage.met["nested too deep"];
  coverage.options.forget_rules();
  ConnectionModel connections;
  bool all_known = true;
  for (size_t i = 0; i < it.events.size(); ++i) {
    const Event& event = it.events[i];
    if (legacy.fates[i] == "lost")
      return fmt::format("packet {} ({}) came to no hook", i + 1, event.what);
    const sim::Packet packet = simulated(event, connections);
    bool known = true;
    const sim::Oracle oracle = [&](const ir::Rule& rule, const ir::Condition& condition) {
      const ir::Match& match = match_with(rule, condition);
      const auto truth = opaque_truth(event, packet, match.name, match.arguments);
      known &= truth.has_value();
      return !truth ? sim::Truth::kUnknown : *truth ? sim::Truth::kYes : sim::Truth::kNo;
    };
    const sim::Outcome outcome = sim::evaluate(rules, "filter", packet, oracle);
    ++coverage.packets;
    coverage.unknown += known ? 0 : 1;
    all_known &= known;
    if (!all_known) continue;

    sim::count(outcome, packet, table);
    ++coverage.met[std::string(state_name(packet.state))];
    ++coverage.met[legacy.fates[i].substr(0, legacy.fates[i].find(' '))];
    if (std::ranges::any_of(outcome.trace, &sim::Met::hotdrop)) ++coverage.met["header cut off"];
    const auto layout = net::parse_layout(packet.bytes);
    const sim::Reading reading(packet, *layout);
    for (const sim::Met& met : outcome.trace) {
      if (met.rule == met.chain->rules.size()) continue;
      coverage.options.asked(met.chain->rules[met.rule], reading,
                             [&](std::string_view match, std::span<const ir::Argument> arguments) {
                               return opaque_truth(event, packet, match, arguments);
                             });
    }
    if (outcome.verdict == sim::Verdict::kAccept) connections.accepted(event, packet.state);
    if (!agrees(outcome.verdict, legacy.fates[i])) {
      return fmt::format("packet {} ({}): the simulator {} it as {}, iptables-legacy: {}", i + 1,
                         event.what, kVerdicts[static_cast<size_t>(outcome.verdict)],
                         state_name(packet.state), legacy.fates[i]);
    }
  }
  return all_known ? compare_counters(it, table, legacy.counters) : std::nullopt;
}

// How often each option and its negation must have been met either way.
constexpr uint64_t kOftenEnough = 50;

class DifferentialTest : public TwoKernels {
 protected:
  // The first difference, in words.
  std::optional<std::string> difference(const Case& it) {
    const Deeds legacy = deeds_of(*legacy_, it);
    if (!legacy.error.empty()) return "iptables-legacy refuses it: " + legacy.error;
    if (auto found = compare_simulator(it, legacy, *coverage_)) return found;
    const Deeds ours = deeds_of(*ours_, it);
    if (!ours.error.empty()) return "ours refuses it: " + ours.error;
    std::vector<std::string> packets;
    for (const Event& event : it.events) packets.push_back(event.what);
    return compare_kernels(packets, ours, legacy);
  }

  Case shrunk_case(Case it) {
    return shrunk(
        std::move(it), [&](const Case& smaller) { return difference(smaller).has_value(); },
        [](Case & of) -> auto& { return of.events; },
        [](Case & of) -> auto& { return of.rules.rules; });
  }

  std::string report(const Case& it, uint64_t seed) {
    std::string out =
        fmt::format("{}\n\nBULKHEAD_SEED={}, {}:\n{}packets:\n",
                    difference(it).value_or("(it went away when it was tried once more)"), seed,
                    it.ip6 ? "IPv6" : "IPv4", it.rules.text());
    for (const Event& event : it.events) {
      out += fmt::format("  {}\n    {:02x}\n", event.what, fmt::join(event.step.packet, ""));
    }
    return out;
  }

  void run(bool ip6, size_t rulesets, size_t packets) {
    Random random(ip6 ? "differential 6" : "differential 4");
    coverage_.emplace(ip6 ? net::Family::kIpv6 : net::Family::kIpv4);
    for (size_t i = 0; i < rulesets; ++i) {
      const Case it{.ip6 = ip6,
                    .rules = RuleDrawer(random, ip6).draw(),
                    .events = draw_packets(random, ip6, packets)};
      if (const auto found = difference(it)) {
        const std::string small = report(shrunk_case(it), random.seed());
        FAIL() << *found << "\n\nshrunk: " << small << "\nkept in "
               << keep_report("differential", small, ip6, random.seed());
      }
    }
    for (const char* wanted :
         {"accepted", "dropped", "rejected", "invalid", "established", "related", "new",
          "untracked", "header cut off", "nested too deep"}) {
      EXPECT_GT(coverage_->met[wanted], 0u) << wanted;
    }
    EXPECT_LT(coverage_->unknown * 20, coverage_->packets)
        << "too much that only the kernels judge";
    fmt::print("{} rulesets of {} packets each\n{}", rulesets, packets, coverage_->options.table());
    for (const auto& [name, count] : coverage_->options.counts()) {
      if (shown_elsewhere(name)) continue;
      EXPECT_GE(count.hits, kOftenEnough) << name << " was hardly ever satisfied";
      EXPECT_GE(count.misses, kOftenEnough) << name << " was nearly always satisfied";
    }
    EXPECT_EQ(ours_->strays() + legacy_->strays(), 0u) << "packets that nobody sent";
  }

  std::optional<Coverage> coverage_;
};

// A packet costs less time than a ruleset, and meets as many options.
size_t rulesets() { return long_run() ? 5000 : 700; }
size_t packets() { return long_run() ? 50 : 80; }

TEST_F(DifferentialTest, Ipv4) { run(false, rulesets(), packets()); }

TEST_F(DifferentialTest, Ipv6) { run(true, rulesets(), packets()); }

}  // namespace
}  // namespace bulkhead::testing
