// SPDX-License-Identifier: GPL-2.0-or-later
// Three firewalls for one ruleset: the simulator, the kernel with what our iptables-restore made of
// it, and the kernel with Debian's iptables-legacy in a namespace of its own. Random rulesets,
// random packets: every packet has the same fate, every rule and policy the same count. What
// differs is shrunk to a small case and printed.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
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
#include "kernel/differential/opaque.h"
#include "kernel/differential/option_coverage.h"
#include "kernel/differential/random_packets.h"
#include "kernel/differential/random_rules.h"
#include "kernel/differential/shown_elsewhere.h"
#include "lang/restore.h"
#include "net/names.h"
#include "pass/call_graph.h"
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

// What one firewall did: a line for each packet, then one for each rule and policy.
struct Deeds {
  std::string error;
  std::vector<std::string> fates;
  std::vector<RuleCounter> counters;
};

// Loads the rules, sends the packets, reads the counters.
class KernelFirewall {
 public:
  explicit KernelFirewall(bool ours) : ours_(ours), rig_(net_, differential_network()) {
    net_.must_exec({"nft", "-f", "-"}, {.input = differential_marks()});
  }

  Deeds run(const Case& it) {
    const Xtables tables(net_, ours_ ? XtablesPrograms::in(BULKHEAD_BIN_DIR, it.ip6)
                                     : XtablesPrograms::legacy(it.ip6));
    const ExecResult loaded = tables.restore(it.rules.text());
    if (!loaded.ok()) return {.error = loaded.describe()};
    rig_.flush_conntrack();
    std::vector<Step> steps;
    for (const Event& event : it.events) steps.push_back(event.step);
    Deeds deeds;
    for (const Outcome& outcome : rig_.run(steps))
      deeds.fates.push_back(outcome.arrived ? text(outcome) : "lost");
    deeds.counters = tables.counters();
    return deeds;
  }
  size_t strays() const { return rig_.strays(); }

 private:
  bool ours_;
  NetNamespace net_;
  PacketRig rig_;
};

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

std::optional<std::string> compare_kernels(const Case& it, const Deeds& ours, const Deeds& legacy) {
  for (size_t i = 0; i < it.events.size(); ++i) {
    if (ours.fates[i] == legacy.fates[i]) continue;
    return fmt::format("packet {} ({}): ours: {}, iptables-legacy: {}", i + 1, it.events[i].what,
                       ours.fates[i], legacy.fates[i]);
  }
  if (ours.counters.size() != legacy.counters.size())
    return "ours has other rules than iptables-legacy";
  for (size_t i = 0; i < ours.counters.size(); ++i) {
    if (ours.counters[i] == legacy.counters[i]) continue;
    return fmt::format("ours: {}\n  iptables-legacy: {}", text(ours.counters[i]),
                       text(legacy.counters[i]));
  }
  return std::nullopt;
}

// How often each option and its negation must have been met either way.
constexpr uint64_t kOftenEnough = 50;

class DifferentialTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
    ours_ = std::make_unique<KernelFirewall>(true);
    legacy_ = std::make_unique<KernelFirewall>(false);
  }

  // The first difference, in words.
  std::optional<std::string> difference(const Case& it) {
    const Deeds legacy = legacy_->run(it);
    if (!legacy.error.empty()) return "iptables-legacy refuses it: " + legacy.error;
    if (auto found = compare_simulator(it, legacy, *coverage_)) return found;
    const Deeds ours = ours_->run(it);
    if (!ours.error.empty()) return "ours refuses it: " + ours.error;
    return compare_kernels(it, ours, legacy);
  }

  // Leaves out packets and rules as long as some difference stays.
  Case shrunk(Case it) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto shrink = [&](auto member) {
      bool smaller = false;
      for (size_t chunk = std::max<size_t>(member(it).size() / 2, 1); chunk > 0; chunk /= 2) {
        for (size_t at = 0; at < member(it).size() && std::chrono::steady_clock::now() < end;) {
          Case without = it;
          auto& list = member(without);
          const auto from = list.begin() + static_cast<std::ptrdiff_t>(at);
          list.erase(from, from + static_cast<std::ptrdiff_t>(std::min(chunk, list.size() - at)));
          if (difference(without)) {
            it = std::move(without);
            smaller = true;
          } else {
            at += chunk;
          }
        }
      }
      return smaller;
    };
    const auto events = [](Case & of) -> auto& { return of.events; };
    const auto rules = [](Case & of) -> auto& { return of.rules.rules; };
    while (shrink(events) | shrink(rules)) continue;
    return it;
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

  // A failure isn't lost with the terminal. Gives the file.
  static std::string kept(const std::string& report, bool ip6, uint64_t seed) {
    const auto file =
        std::filesystem::absolute(fmt::format("differential-ip{}-{}.txt", ip6 ? 6 : 4, seed));
    std::ofstream(file) << report;
    return file.string();
  }

  void run(bool ip6, size_t rulesets, size_t packets) {
    Random random(ip6 ? "differential 6" : "differential 4");
    coverage_.emplace(ip6 ? net::Family::kIpv6 : net::Family::kIpv4);
    for (size_t i = 0; i < rulesets; ++i) {
      const Case it{.ip6 = ip6,
                    .rules = RuleDrawer(random, ip6).draw(),
                    .events = draw_packets(random, ip6, packets)};
      if (const auto found = difference(it)) {
        const std::string small = report(shrunk(it), random.seed());
        FAIL() << *found << "\n\nshrunk: " << small << "\nkept in "
               << kept(small, ip6, random.seed());
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
  std::unique_ptr<KernelFirewall> ours_;
  std::unique_ptr<KernelFirewall> legacy_;
};

bool long_run() { return std::getenv("BULKHEAD_LONG") != nullptr; }

TEST_F(DifferentialTest, Ipv4) { run(false, long_run() ? 5000 : 1250, 50); }

TEST_F(DifferentialTest, Ipv6) { run(true, long_run() ? 5000 : 1250, 50); }

}  // namespace
}  // namespace bulkhead::testing
