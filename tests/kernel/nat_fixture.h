// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <arpa/inet.h>

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {

// "192.0.2.9 40000 > 203.0.113.9 53" of a packet without IP options or extension headers; of what
// has no ports what stands in their place.
inline std::string ends_of(const Bytes& packet) {
  const bool v6 = packet.at(0) >> 4 == 6;
  const size_t size = v6 ? 16 : 4, first = v6 ? 8 : 12, header = v6 ? 40 : 20;
  const auto address = [&](size_t at) {
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(v6 ? AF_INET6 : AF_INET, packet.data() + at, text, sizeof text);
    return std::string(text);
  };
  const auto port = [&](size_t at) { return packet.at(at) << 8 | packet.at(at + 1); };
  return fmt::format("{} {} > {} {}", address(first), port(header), address(first + size),
                     port(header + 2));
}

// What became of a packet: "eth1: 192.0.2.9 40000 > 203.0.113.9 53" for each that came out, else
// "for this host" or "nothing".
inline std::string told(const Outcome& outcome) {
  std::string text;
  for (const Emitted& each : outcome.emitted)
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", each.interface, ends_of(each.packet));
  if (text.empty()) return outcome.input ? "for this host" : "nothing";
  return text;
}

// A host between eth0 with a peer and eth1 with what lies behind: ours and iptables-legacy's, of
// the family that is the parameter (true: IPv6).
class NatTest : public TwoFirewalls, public ::testing::WithParamInterface<bool> {
 protected:
  bool v6() const { return GetParam(); }
  std::string peer() const { return v6() ? kPeer6 : kPeer; }
  std::string behind() const { return v6() ? kBehind6 : kBehind; }
  std::string host() const { return v6() ? kHost6 : kHost; }                    // on eth0
  std::string outer() const { return v6() ? "2001:db8:1::1" : "203.0.113.1"; }  // on eth1
  // Number `i` of a network that eth1's hosts are in, and of one that nobody has.
  std::string near(unsigned i) const {
    return v6() ? fmt::format("2001:db8:1::{:x}", i) : fmt::format("203.0.113.{}", i);
  }
  std::string far(unsigned i) const {
    return v6() ? fmt::format("2001:db8:7::{:x}", i) : fmt::format("198.18.7.{}", i);
  }
  std::string length() const { return v6() ? "/120" : "/24"; }
  // Of --to-source and --to-destination.
  std::string with_port(const std::string& address, const std::string& port) const {
    return v6() ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
  }

  Bytes udp(const std::string& from, uint16_t sport, const std::string& to, uint16_t dport) const {
    const Udp ports{.sport = sport, .dport = dport};
    return v6() ? build(Ip6{.saddr = from, .daddr = to} / ports)
                : build(Ip4{.saddr = from, .daddr = to} / ports);
  }
  // As told() tells it.
  static std::string at(const std::string& interface, const std::string& from, unsigned sport,
                        const std::string& to, unsigned dport) {
    return fmt::format("{}: {} {} > {} {}", interface, from, sport, to, dport);
  }

  const Xtables& tables(const Firewall& firewall) const { return firewall.tables(v6()); }
  // These rules of nat, and no connection yet.
  void load(Firewall& firewall, const std::string& rules) const {
    tables(firewall).must_restore("*nat\n" + rules + "COMMIT\n");
    firewall.rig.flush_conntrack();
  }
  void must(const Firewall& firewall, std::vector<std::string> words) const {
    const ExecResult result = tables(firewall).command(std::move(words));
    ASSERT_TRUE(result.ok()) << firewall.name << ": " << result.describe();
  }
  // What the rules of nat have counted, in the order of -S.
  std::vector<uint64_t> counts(const Firewall& firewall) const {
    std::vector<uint64_t> counts;
    for (const RuleCounter& each : tables(firewall).counters()) {
      if (each.table == "nat" && each.rule.starts_with("-A ")) counts.push_back(each.packets);
    }
    return counts;
  }

  struct Passing {
    Step step;
    std::string becomes;
  };
  // The packets one after the other, through each firewall with these rules.
  void expect(const std::string& rules, const std::vector<Passing>& packets,
              const std::vector<uint64_t>& counted) {
    for (const auto& firewall : both_) {
      load(*firewall, rules);
      for (const auto& [step, becomes] : packets) {
        const Outcome outcome = firewall->rig.run({&step, 1})[0];
        EXPECT_EQ(told(outcome), becomes) << firewall->name << ", " << ends_of(step.packet);
      }
      EXPECT_EQ(counts(*firewall), counted) << firewall->name;
    }
  }
};

}  // namespace bulkhead::testing
