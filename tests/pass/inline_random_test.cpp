// SPDX-License-Identifier: GPL-2.0-or-later
#include <map>

#include <gtest/gtest.h>

#include "backend/sim/simulator.h"
#include "ir/dump.h"
#include "ir/handmade.h"
#include "ir/verify.h"
#include "pass/call_graph.h"
#include "pass/inline_deep_chains.h"
#include "support/packet_builder.h"
#include "support/random.h"

// Random rulesets with chains nested deep, before and after: every packet has the same verdict for
// the same reason, and every rule the same count.
namespace bulkhead::pass {
namespace {

using namespace bulkhead::testing;
namespace sim = backend::sim;

constexpr unsigned kChains = 18;

std::string chain_name(uint64_t number) {
  return number == 0 ? "INPUT" : "c" + std::to_string(number);
}

ir::Predicate random_conditions(Random& random, bool memory) {
  ir::Predicate out;
  switch (random.below(6)) {
    case 0: break;
    case 1: out = {is(ir::kProtocol, random.one_in(2) ? 6 : 17)}; break;
    case 2: out = {is_not(ir::kSource, 0xc0000200 + random.below(3))}; break;
    case 3: out = {in(ir::kSource, 0xc0000200, 0xc0000200 + random.below(3))}; break;
    default: {
      const bool tcp = random.one_in(2);
      out = {is(ir::kProtocol, tcp ? 6 : 17),
             header(tcp ? ir::Header::Form::kTcp : ir::Header::Form::kUdp)};
      const U128 port = 20 + random.below(4);
      if (random.one_in(2)) out.emplace_back(is(ir::kDestinationPort, port));
      if (random.one_in(3)) out.emplace_back(is_not(ir::kSourcePort, port));
      if (random.one_in(4))
        out.emplace_back(ir::AnyOf{{is(ir::kSourcePort, port), is(ir::kDestinationPort, port)}});
    }
  }
  if (memory && random.one_in(25)) out.emplace_back(ir::Limit{.rate = 1});
  return out;
}

ir::Action random_action(Random& random, uint64_t chain) {
  // Mostly to the very next chain, so that paths get long.
  const auto callee = [&] {
    return chain_name(
        std::min<uint64_t>(kChains, chain + (random.one_in(3) ? 1 + random.below(4) : 1)));
  };
  switch (random.below(chain < kChains ? 9 : 5)) {
    case 0: return ir::Continue{};
    case 1: return random.one_in(3) ? ir::Action{ir::Accept{}} : ir::Action{ir::Continue{}};
    case 2: return random.one_in(3) ? ir::Action{ir::Drop{}} : ir::Action{ir::Return{}};
    case 3: return ir::Return{};
    case 4: return ir::Reject{.icmp_code = static_cast<uint8_t>(random.below(4))};
    case 5: return go_to(callee());
    default: return jump(callee());
  }
}

Handmade random_rules(Random& random, bool memory) {
  Handmade made;
  for (uint64_t chain = 0; chain <= kChains; ++chain) {
    made.chain(chain_name(chain));
    for (uint64_t rules = 1 + random.below(3); rules > 0; --rules) {
      made.add(chain_name(chain), random_conditions(random, memory), random_action(random, chain));
    }
    if (chain == kChains || random.one_in(8)) continue;
    auto& rules = made.chain(chain_name(chain)).rules;
    const ir::Rule call =
        made.add(chain_name(chain), random_conditions(random, false),
                 random.one_in(6) ? go_to(chain_name(chain + 1)) : jump(chain_name(chain + 1)));
    rules.pop_back();
    rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(random.below(rules.size() + 1)), call);
  }
  return made;
}

sim::Packet random_packet(Random& random) {
  const Ip4 ip{.saddr = "192.0.2." + std::to_string(random.below(4)),
               .fragment_offset = static_cast<uint16_t>(random.one_in(8) ? random.below(3) : 0)};
  const auto sport = static_cast<uint16_t>(20 + random.below(5));
  const auto dport = static_cast<uint16_t>(20 + random.below(5));
  Bytes bytes = build(random.one_in(2) ? ip / Tcp{.sport = sport, .dport = dport}
                                       : ip / Udp{.sport = sport, .dport = dport});
  if (random.one_in(8)) bytes = truncate(bytes, bytes.size() - 1 - random.below(8));
  return {.bytes = bytes, .in_interface = "eth0"};
}

// A memory as the kernel's rules have one: each rule its own, and every asking changes it.
sim::Oracle buckets() {
  auto asked = std::make_shared<std::map<const ir::Rule*, unsigned>>();
  return [asked](const ir::Rule& rule, const ir::Condition&) {
    return (*asked)[&rule]++ % 3 == 2 ? sim::Truth::kNo : sim::Truth::kYes;
  };
}

std::map<ir::RuleId, uint64_t> counts(const ir::Ruleset& rules) {
  std::map<ir::RuleId, uint64_t> out;
  for (const ir::Chain& chain : rules.find("filter")->chains) {
    for (const ir::Rule& rule : chain.rules) {
      if (rule.id != ir::kNoId && rule.counters.packets != 0) out[rule.id] += rule.counters.packets;
    }
    if (chain.builtin())
      out[1'000'000 + static_cast<uint64_t>(&chain - rules.find("filter")->chains.data())] =
          chain.policy_counters.packets;
  }
  return out;
}

void compare(Random& random, ir::Ruleset before, ir::Ruleset after) {
  const sim::Oracle memory_before = buckets();
  const sim::Oracle memory_after = buckets();
  for (int i = 0; i < 40; ++i) {
    const sim::Packet packet = random_packet(random);
    const sim::Outcome expected = sim::evaluate(before, "filter", packet, memory_before);
    const sim::Outcome seen = sim::evaluate(after, "filter", packet, memory_after);
    ASSERT_EQ(seen.decided_by, expected.decided_by);
    sim::count(expected, packet, *before.find("filter"));
    sim::count(seen, packet, *after.find("filter"));
  }
  ASSERT_EQ(counts(after), counts(before)) << ir::dump(before) << "\nbecame\n" << ir::dump(after);
}

void run_rounds(std::string_view name, bool memory, int rounds, int at_least) {
  Random random(name);
  int inlined = 0;
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    const Handmade made = random_rules(random, memory);
    const auto max_depth = static_cast<unsigned>(2 + random.below(11));
    const size_t depth = CallGraph(made.rules.tables[0]).depth();
    const auto after = inline_deep_chains(made.rules, {.max_depth = max_depth, .max_rules = 1000});
    if (!after) {
      ++refused;
      continue;
    }
    if (depth > max_depth) ++inlined;
    ASSERT_TRUE(ir::verify(*after, ir::Ids::kShared).ok());
    ASSERT_LE(CallGraph(after->tables[0]).depth(), max_depth);
    compare(random, made.rules, *after);
    if (::testing::Test::HasFatalFailure()) return;
  }
  // The test would say nothing if most were refused or not deep.
  EXPECT_GE(inlined, at_least) << "of " << rounds << ", refused: " << refused;
}

TEST(InlineRandom, KeepsVerdictsAndCounts) { run_rounds("inline", false, 250, 80); }

TEST(InlineRandom, KeepsThemWhereConditionsHaveAMemory) {
  run_rounds("inline with memory", true, 250, 40);
}

}  // namespace
}  // namespace bulkhead::pass
