// SPDX-License-Identifier: GPL-2.0-or-later
// -f by packets: fragments that nobody puts together (FORWARD, not tracked), counted by
// iptables-legacy and by ours.
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"

namespace bulkhead::testing {
namespace {

// Offset in units of 8 bytes, and whether more follow.
template <class Layer> Bytes part(uint16_t offset, bool more, Layer layer) {
  return build(Ip4{.saddr = kUntracked,
                   .daddr = kBehind,
                   .more_fragments = more,
                   .fragment_offset = offset} /
               std::move(layer));
}

constexpr uint8_t kTcp = 6, kUdp = 17;

struct FragmentCase {
  std::string rule;
  std::vector<std::string> counted;  // the packets, by name
};

// Only -p tcp with its match looks into the header; a TCP fragment at offset 1 it drops.
const std::vector<FragmentCase> kCases = {
    {"-f", {"second", "last", "overlapping"}},
    {"! -f", {"whole", "first", "whole udp"}},
    {"-p tcp -f", {"second", "overlapping"}},
    {"-p tcp ! -f", {"whole", "first"}},
    {"! -p tcp -f", {"last"}},
    {"-p tcp ! -f -m tcp --dport 22", {"whole", "first"}},
    {"-p tcp -m tcp --dport 22", {"whole", "first"}},
    {"-p tcp -m tcp ! --dport 22", {}},
    {"-p tcp -f -m tcp --dport 22", {}},
    {"-f -s 198.51.100.7 -m comment --comment x", {"second", "last", "overlapping"}},
};

class Firewall {
 public:
  explicit Firewall(XtablesPrograms programs) : rig_(net_), xtables_(net_, std::move(programs)) {}

  std::vector<std::string> counted(const std::string& rule,
                                   const std::vector<std::pair<std::string, Bytes>>& packets) {
    xtables_.must_restore(filter("-A FORWARD " + rule + "\n"));
    std::vector<std::string> names;
    uint64_t before = 0;
    for (const auto& [name, packet] : packets) {
      rig_.inject("eth0", packet);
      uint64_t now = 0;
      for (const RuleCounter& each : xtables_.counters())
        now += each.rule.starts_with("-A ") ? each.packets : 0;
      if (now > before) names.push_back(name);
      before = now;
    }
    return names;
  }

 private:
  NetNamespace net_;
  PacketRig rig_;
  Xtables xtables_;
};

TEST(Fragments, AreCountedByTheRulesThatAskForThem) {
  if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
  const Tcp tcp{.dport = 22};
  const std::vector<std::pair<std::string, Bytes>> packets = {
      {"whole", part(0, false, tcp)},
      {"first", part(0, true, tcp)},
      {"second", part(3, true, Raw{.protocol = kTcp, .bytes = Bytes(24)})},
      {"last", part(100, false, Raw{.protocol = kUdp, .bytes = Bytes(5)})},
      {"overlapping", part(1, false, Raw{.protocol = kTcp, .bytes = Bytes(24)})},
      {"whole udp", part(0, false, Udp{.dport = 22})},
  };
  Firewall ours(XtablesPrograms::in(BULKHEAD_BIN_DIR));
  Firewall legacy(XtablesPrograms::legacy());
  for (const auto& [rule, counted] : kCases) {
    EXPECT_EQ(legacy.counted(rule, packets), counted) << "iptables-legacy: " << rule;
    EXPECT_EQ(ours.counted(rule, packets), counted) << rule;
  }
}

}  // namespace
}  // namespace bulkhead::testing
