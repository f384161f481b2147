// SPDX-License-Identifier: GPL-2.0-or-later
// rpfilter, which we say in nf_tables' words: for every kind of source, through every option, both
// firewalls must count what the test says, and inverted the rest.
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/asked_matches.h"

namespace bulkhead::testing {
namespace {

using ::testing::HasSubstr;

// In the order of a Case's answers.
constexpr std::string_view kOptions[] = {"", " --loose", " --accept-local",
                                         " --loose --accept-local"};

struct Case {
  std::string_view interface;
  std::string_view source;
  std::string_view destination;
  std::string_view answers;  // of kOptions: '1' where it holds
};

// eth0 is 192.0.2.1/24 with the default route, eth1 is 203.0.113.1/24.
constexpr Case kCases[] = {
    {"eth0", "192.0.2.9", kHost, "1111"},
    {"eth1", "192.0.2.9", kHost, "0101"},
    {"eth0", "203.0.113.9", kHost, "0101"},
    {"eth1", "203.0.113.9", kHost, "1111"},
    // By the default route.
    {"eth0", "8.8.8.8", kHost, "1111"},
    {"eth1", "8.8.8.8", kHost, "0101"},
    // This host's own.
    {"eth0", "192.0.2.1", kHost, "0011"},
    {"eth1", "192.0.2.1", kHost, "0001"},
    {"eth1", "203.0.113.1", kHost, "0011"},
    {"eth0", "127.0.0.1", kHost, "0001"},
    // Two ways, of which either will do; one that is only the second choice won't.
    {"eth0", "198.18.1.1", kHost, "1111"},
    {"eth1", "198.18.1.1", kHost, "1111"},
    {"eth0", "198.18.2.1", kHost, "1111"},
    {"eth1", "198.18.2.1", kHost, "0101"},
    // No way.
    {"eth0", "198.18.3.1", kHost, "0000"},
    {"eth0", "198.18.4.1", kHost, "0000"},
    {"eth0", "198.18.5.1", kHost, "0000"},
    {"eth0", "198.18.6.1", kHost, "0000"},
    // Broadcast addresses, of the same link and of the other.
    {"eth0", "192.0.2.255", kHost, "0000"},
    {"eth1", "192.0.2.255", kHost, "0000"},
    {"eth1", "203.0.113.255", kHost, "0000"},
    // What no host can be, routed like any other.
    {"eth0", "0.0.0.0", kHost, "1111"},
    {"eth1", "0.0.0.0", kHost, "0101"},
    {"eth1", "0.0.0.7", kHost, "0101"},
    {"eth0", "224.0.0.1", kHost, "1111"},
    {"eth1", "224.0.0.1", kHost, "0101"},
    {"eth0", "255.255.255.255", kHost, "1111"},
    // A host that asks for its address.
    {"eth1", "0.0.0.0", "255.255.255.255", "1111"},
    {"eth1", "0.0.0.0", "224.0.0.1", "1111"},
};

constexpr std::string_view kRoutes =
    "route add 198.18.1.0/24 nexthop dev eth0 nexthop dev eth1\n"
    "route add 198.18.2.0/24 dev eth0 metric 100\n"
    "route add 198.18.2.0/24 dev eth1 metric 200\n"
    "route add blackhole 198.18.3.0/24\n"
    "route add unreachable 198.18.4.0/24\n"
    "route add prohibit 198.18.5.0/24\n"
    "route add anycast 198.18.6.1 dev eth0 table local\n";

class Rpfilter : public AskedMatches {
 protected:
  // The packet alone against `options` and their inversion.
  void expect_answers(const Place& place, std::span<const std::string_view> options,
                      std::string_view interface, const Bytes& packet, std::string_view answers) {
    std::vector<Asked> asked;
    for (size_t i = 0; i < options.size(); ++i) {
      const bool holds = answers[i] == '1';
      // The packet may be answered, and a broadcast answer comes back through the hook.
      const std::string match = fmt::format("-i {} -p udp -m rpfilter{}", interface, options[i]);
      asked.push_back({match, holds ? 1u : 0u});
      asked.push_back({match + " --invert", holds ? 0u : 1u});
    }
    load(place, asked);
    inject_on_both(packet, std::string(interface));
    expect(place, asked);
  }
};

TEST_F(Rpfilter, AsksForARouteBackToTheSource) {
  run_on_both({"ip", "-batch", "-"}, std::string(kRoutes));
  for (const Case& c : kCases) {
    SCOPED_TRACE(fmt::format("{} > {} in {}", c.source, c.destination, c.interface));
    const Bytes packet =
        build(Ip4{.saddr = std::string(c.source), .daddr = std::string(c.destination)} / Udp{});
    expect_answers({.table = "raw", .chain = "PREROUTING"}, kOptions, c.interface, packet,
                   c.answers);
  }
}

TEST_F(Rpfilter, TakesWhatComesThroughTheLoopback) {
  const Asked asked[] = {
      {"-p udp -m rpfilter", 1},
      {"-p udp -m rpfilter --loose", 1},
      {"-p udp -m rpfilter --invert", 0},
      {"-p udp -m rpfilter --accept-local --invert", 0},
  };
  const Place place{.table = "raw", .chain = "PREROUTING"};
  load(place, asked);
  for (const auto& firewall : both_) {
    EXPECT_TRUE(firewall->rig.send(build(Ip4{.saddr = kHost, .daddr = kHost} / Udp{})).input);
  }
  expect(place, asked);
}

// A mark leads to a table of its own, which knows another way back.
TEST_F(Rpfilter, RoutesByTheMarkOnlyIfItIsAskedTo) {
  run_on_both({"ip", "-batch", "-"},
              "rule add fwmark 5 lookup 100\nroute add 203.0.113.0/24 dev eth0 table 100\n");
  const Asked asked[] = {
      {"-m rpfilter", 0},
      {"-m rpfilter --validmark", 1},
      {"-m rpfilter --invert", 1},
      {"-m rpfilter --validmark --invert", 0},
      {"-m rpfilter --validmark --accept-local", 1},
      {"-m rpfilter --validmark --loose", 1},
  };
  const Place place{.table = "mangle", .chain = "PREROUTING"};
  load(place, asked);
  const Step step{.interface = "eth0",
                  .packet = build(Ip4{.saddr = "203.0.113.9", .daddr = kHost} / Udp{}),
                  .mark = 5};
  for (const auto& firewall : both_) firewall->rig.run({&step, 1});
  expect(place, asked);
}

TEST_F(Rpfilter, OfIpv6LooksForTheFirstRouteOfAPrefix) {
  struct Case6 {
    std::string_view interface;
    std::string_view source;
    std::string_view answers;  // of --loose, --loose --accept-local, and neither
  };
  constexpr Case6 kCases6[] = {
      {"eth0", "2001:db8::9", "111"},
      {"eth1", "2001:db8::9", "110"},
      {"eth0", "2600::1", "111"},
      {"eth0", kHost6, "010"},
      {"eth1", kHost6, "010"},
      // Of its own link even here; there is no such route through eth1.
      {"eth0", "fe80::99", "111"},
      {"eth1", "fe80::99", "000"},
      {"eth0", "2001:db8:3::1", "000"},
      {"eth0", "2001:db8:4::1", "000"},
      {"eth0", "::", "111"},
  };
  run_on_both({"ip", "-batch", "-"},
              "route add blackhole 2001:db8:3::/48\nroute add unreachable 2001:db8:4::/48\n");
  for (const Case6& c : kCases6) {
    SCOPED_TRACE(fmt::format("{} in {}", c.source, c.interface));
    const Asked asked[] = {
        {"-p udp -m rpfilter --loose --invert", c.answers[0] == '1' ? 0u : 1u},
        {"-p udp -m rpfilter --loose --accept-local --invert", c.answers[1] == '1' ? 0u : 1u},
        {"-p udp -m rpfilter --invert", c.answers[2] == '1' ? 0u : 1u},
    };
    const Place place{.table = "raw", .chain = "PREROUTING", .v6 = true};
    load(place, asked);
    inject_on_both(build(Ip6{.saddr = std::string(c.source)} / Udp{}), std::string(c.interface));
    expect(place, asked);
  }
}

TEST_F(Rpfilter, OfIpv6RefusesWhatNfTablesCantSay) {
  const ExecResult refused =
      ours().ip6.command({"-t", "raw", "-A", "PREROUTING", "-m", "rpfilter", "--loose"});
  EXPECT_EQ(refused.exit_code, 1) << refused.describe();
  EXPECT_THAT(refused.err, HasSubstr("match rpfilter needs --invert"));
}

}  // namespace
}  // namespace bulkhead::testing
