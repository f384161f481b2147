// SPDX-License-Identifier: GPL-2.0-or-later
// Network address translation, seen from outside: what comes out of the host for what went in, on
// ours and on iptables-legacy. A connection's answer is translated back, and only its first packet
// is counted.
#include <set>

#include "kernel/nat_fixture.h"

namespace bulkhead::testing {
namespace {

class Nat : public NatTest {};

TEST_P(Nat, SnatChangesTheSourceAndTheAnswersDestination) {
  const std::string there = near(77);
  const Bytes query = udp(peer(), 40000, behind(), 53);
  const Bytes answer = udp(behind(), 53, there, 40000);
  expect(fmt::format("-A POSTROUTING -o eth1 -j SNAT --to-source {}\n", there),
         {{{"eth0", query}, at("eth1", there, 40000, behind(), 53)},
          {{"eth1", answer}, at("eth0", behind(), 53, peer(), 40000)},
          {{"eth0", query}, at("eth1", there, 40000, behind(), 53)},
          // A connection from the other side leaves by eth0.
          {{"eth1", udp(behind(), 5000, peer(), 53)}, at("eth0", behind(), 5000, peer(), 53)}},
         {1});
}

TEST_P(Nat, SnatToAPort) {
  expect(fmt::format("-A POSTROUTING -p udp -j SNAT --to-source {}\n", with_port(near(77), "7")) +
             "-A POSTROUTING -j ACCEPT\n",
         {{{"eth0", udp(peer(), 40000, behind(), 53)}, at("eth1", near(77), 7, behind(), 53)},
          {{"eth1", udp(behind(), 53, near(77), 7)}, at("eth0", behind(), 53, peer(), 40000)}},
         {1, 0});
  // The port alone.
  expect("-A POSTROUTING -p udp -j SNAT --to-source :9\n",
         {{{"eth0", udp(peer(), 40000, behind(), 53)}, at("eth1", peer(), 9, behind(), 53)},
          {{"eth1", udp(behind(), 53, peer(), 9)}, at("eth0", behind(), 53, peer(), 40000)}},
         {1});
}

TEST_P(Nat, SnatInInputChangesWhatTheHostSees) {
  expect(fmt::format("-A INPUT -j SNAT --to-source {}\n", far(5)),
         {{{"eth0", udp(peer(), 40000, host(), 53)}, "for this host"},
          {{"", udp(host(), 53, far(5), 40000)}, at("eth0", host(), 53, peer(), 40000)}},
         {1});
}

TEST_P(Nat, DnatToAnotherHost) {
  expect(fmt::format("-A PREROUTING -i eth0 -d {} -j DNAT --to-destination {}\n", host(), behind()),
         {{{"eth0", udp(peer(), 40000, host(), 53)}, at("eth1", peer(), 40000, behind(), 53)},
          {{"eth1", udp(behind(), 53, peer(), 40000)}, at("eth0", host(), 53, peer(), 40000)},
          {{"eth0", udp(peer(), 40000, host(), 53)}, at("eth1", peer(), 40000, behind(), 53)}},
         {1});
}

TEST_P(Nat, DnatToAnotherPort) {
  const std::string to = with_port(behind(), "8053");
  expect(fmt::format("-A PREROUTING -p udp --dport 53 -j DNAT --to-destination {}\n", to),
         {{{"eth0", udp(peer(), 40000, host(), 53)}, at("eth1", peer(), 40000, behind(), 8053)},
          {{"eth1", udp(behind(), 8053, peer(), 40000)}, at("eth0", host(), 53, peer(), 40000)},
          {{"eth0", udp(peer(), 40000, host(), 54)}, "for this host"}},
         {1});
}

TEST_P(Nat, DnatOfWhatTheHostSends) {
  expect(fmt::format("-A OUTPUT -d {} -j DNAT --to-destination {}\n", far(5), behind()),
         {{{"", udp(host(), 40000, far(5), 53)}, at("eth1", host(), 40000, behind(), 53)},
          {{"eth1", udp(behind(), 53, host(), 40000)}, "for this host"},
          {{"", udp(host(), 40000, far(6), 53)}, at("eth0", host(), 40000, far(6), 53)}},
         {1});
}

TEST_P(Nat, BothWaysAtOnce) {
  expect(fmt::format("-A PREROUTING -d {} -j DNAT --to-destination {}\n", far(5), behind()) +
             fmt::format("-A POSTROUTING -d {} -j SNAT --to-source {}\n", behind(), outer()),
         {{{"eth0", udp(peer(), 40000, far(5), 53)}, at("eth1", outer(), 40000, behind(), 53)},
          {{"eth1", udp(behind(), 53, outer(), 40000)}, at("eth0", far(5), 53, peer(), 40000)}},
         {1, 1});
}

TEST_P(Nat, MasqueradeTakesTheAddressOfTheInterface) {
  expect("-A POSTROUTING -o eth1 -j MASQUERADE\n",
         {{{"eth0", udp(peer(), 40000, behind(), 53)}, at("eth1", outer(), 40000, behind(), 53)},
          {{"eth1", udp(behind(), 53, outer(), 40000)}, at("eth0", behind(), 53, peer(), 40000)}},
         {1});
  expect("-A POSTROUTING -o eth1 -p udp -j MASQUERADE --to-ports 1024\n",
         {{{"eth0", udp(peer(), 40000, behind(), 53)}, at("eth1", outer(), 1024, behind(), 53)},
          {{"eth1", udp(behind(), 53, outer(), 1024)}, at("eth0", behind(), 53, peer(), 40000)}},
         {1});
}

TEST_P(Nat, RedirectBringsItToThisHost) {
  expect("-A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 5353\n",
         {{{"eth0", udp(peer(), 40000, behind(), 53)}, "for this host"},
          {{"", udp(host(), 5353, peer(), 40000)}, at("eth0", behind(), 53, peer(), 40000)},
          {{"eth0", udp(peer(), 40000, behind(), 54)}, at("eth1", peer(), 40000, behind(), 54)}},
         {1});
  // Without a port it keeps its own.
  expect("-A PREROUTING -i eth0 -j REDIRECT\n",
         {{{"eth0", udp(peer(), 40000, behind(), 53)}, "for this host"},
          {{"", udp(host(), 53, peer(), 40000)}, at("eth0", behind(), 53, peer(), 40000)}},
         {1});
}

TEST_P(Nat, NetmapExchangesTheNetworkOfTheDestination) {
  const std::string map =
      fmt::format("-d {}{} -j NETMAP --to {}{}\n", far(0), length(), near(0), length());
  expect("-A PREROUTING " + map,
         {{{"eth0", udp(peer(), 40000, far(9), 53)}, at("eth1", peer(), 40000, near(9), 53)},
          {{"eth1", udp(near(9), 53, peer(), 40000)}, at("eth0", far(9), 53, peer(), 40000)},
          {{"eth0", udp(peer(), 40000, far(200), 53)}, at("eth1", peer(), 40000, near(200), 53)}},
         {2});
  expect("-A OUTPUT " + map,
         {{{"", udp(host(), 40000, far(9), 53)}, at("eth1", host(), 40000, near(9), 53)},
          {{"eth1", udp(near(9), 53, host(), 40000)}, "for this host"}},
         {1});
}

TEST_P(Nat, NetmapExchangesTheNetworkOfTheSource) {
  const std::string map = fmt::format("-j NETMAP --to {}{}\n", far(0), length());
  expect("-A POSTROUTING -o eth1 " + map,
         {{{"eth0", udp(peer(), 40000, behind(), 53)}, at("eth1", far(9), 40000, behind(), 53)},
          {{"eth1", udp(behind(), 53, far(9), 40000)}, at("eth0", behind(), 53, peer(), 40000)}},
         {1});
  expect("-A INPUT " + map,
         {{{"eth0", udp(peer(), 40000, host(), 53)}, "for this host"},
          {{"", udp(host(), 53, far(9), 40000)}, at("eth0", host(), 53, peer(), 40000)}},
         {1});
}

TEST_P(Nat, AChainOfPreroutingAndOutputServesBoth) {
  expect(
      ":services - [0:0]\n-A PREROUTING -j services\n-A OUTPUT -j services\n" +
          fmt::format("-A services -d {} -p udp -j DNAT --to-destination {}\n", far(5),
                      with_port(behind(), "8053")) +
          fmt::format("-A services -d {0}{1} -j NETMAP --to {2}{1}\n", far(0), length(), near(0)),
      {{{"eth0", udp(peer(), 40000, far(5), 53)}, at("eth1", peer(), 40000, behind(), 8053)},
       {{"", udp(host(), 40000, far(5), 53)}, at("eth1", host(), 40000, behind(), 8053)},
       {{"eth0", udp(peer(), 40000, far(8), 53)}, at("eth1", peer(), 40000, near(8), 53)},
       {{"", udp(host(), 40000, far(8), 53)}, at("eth1", host(), 40000, near(8), 53)}},
      {2, 2, 2, 2});
}

// iptables-legacy takes it: there the hook decides for each packet.
TEST_P(Nat, NetmapInAChainOfBothSidesIsRefused) {
  const Xtables& ours_tables = tables(ours());
  load(ours(), ":maps - [0:0]\n-A PREROUTING -j maps\n");
  must(ours(), {"-t", "nat", "-A", "maps", "-j", "NETMAP", "--to", far(0) + length()});
  const ExecResult refused = ours_tables.command({"-t", "nat", "-A", "POSTROUTING", "-j", "maps"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("chain maps: NETMAP"), std::string::npos) << refused.err;
  EXPECT_EQ(counts(ours()).size(), 2u) << "what was there stays";
  must(ours(), {"-t", "nat", "-A", "OUTPUT", "-j", "maps"});
}

// nf_tables' own NETMAP takes it for translated, and sends the host's errors from it.
TEST_P(Nat, NetmapOfAnAddressToItselfIsNoTranslation) {
  const std::string map = fmt::format("-j NETMAP --to {}{}\n", near(0), length());
  const Bytes last_hop =
      v6() ? build(Ip6{.saddr = peer(), .daddr = behind(), .hop_limit = 1} / Udp{})
           : build(Ip4{.saddr = peer(), .daddr = behind(), .ttl = 1} / Udp{});
  for (const auto& firewall : both_) {
    load(*firewall, "-A PREROUTING " + map);
    const Outcome expired = firewall->rig.inject("eth0", last_hop);
    ASSERT_EQ(expired.emitted.size(), 1u) << firewall->name;
    EXPECT_TRUE(ends_of(expired.emitted[0].packet).starts_with(host() + " ")) << firewall->name;
    load(*firewall, "-A PREROUTING " + map + "-A POSTROUTING -m conntrack --ctstate DNAT\n");
    firewall->rig.inject("eth0", udp(peer(), 40000, behind(), 53));
    EXPECT_EQ(counts(*firewall), (std::vector<uint64_t>{1, 0})) << firewall->name;
  }
}

// Which address of a range a connection gets follows from its ends, the same way in both.
TEST_P(Nat, ARangeIsSpreadByDestinationUnlessItIsPersistent) {
  const std::string rule =
      fmt::format("-A POSTROUTING -o eth1 -j SNAT --to-source {}-{}", near(50), near(57));
  for (const bool persistent : {false, true}) {
    std::vector<std::vector<std::string>> seen;
    for (const auto& firewall : both_) {
      load(*firewall, rule + (persistent ? " --persistent\n" : "\n"));
      std::vector<std::string>& sources = seen.emplace_back();
      for (unsigned i = 0; i < 16; ++i) {
        const auto sport = static_cast<uint16_t>(40000 + i);
        const Outcome outcome = firewall->rig.inject("eth0", udp(peer(), sport, near(100 + i), 53));
        const std::string became = told(outcome);
        const std::string rest = fmt::format(" {} > {} 53", sport, near(100 + i));
        ASSERT_TRUE(became.starts_with("eth1: ") && became.ends_with(rest)) << became;
        sources.push_back(became.substr(6, became.size() - 6 - rest.size()));
      }
    }
    EXPECT_EQ(seen[0], seen[1]);
    const std::set<std::string> different(seen[0].begin(), seen[0].end());
    std::set<std::string> range;
    for (unsigned i = 50; i <= 57; ++i) range.insert(near(i));
    for (const std::string& source : different) EXPECT_TRUE(range.contains(source)) << source;
    if (persistent) {
      EXPECT_EQ(different.size(), 1u);
    } else {
      EXPECT_GT(different.size(), 1u);
    }
  }
}

// Chance chooses, so each connection is only held against the range.
TEST_P(Nat, PortsAreChosenFromTheirRange) {
  for (const char* flag : {"", " --random", " --random-fully"}) {
    for (const std::string& target : {"SNAT --to-source " + with_port(outer(), "50000-50009"),
                                      std::string("MASQUERADE --to-ports 50000-50009")}) {
      for (const auto& firewall : both_) {
        load(*firewall, fmt::format("-A POSTROUTING -o eth1 -p udp -j {}{}\n", target, flag));
        std::set<unsigned> ports;
        for (uint16_t sport = 40000; sport < 40010; ++sport) {
          const Outcome outcome = firewall->rig.inject("eth0", udp(peer(), sport, behind(), 53));
          ASSERT_EQ(outcome.emitted.size(), 1u) << firewall->name;
          const Bytes& packet = outcome.emitted[0].packet;
          const size_t port_at = v6() ? 40 : 20;
          const unsigned port = packet[port_at] << 8u | packet[port_at + 1u];
          EXPECT_TRUE(port >= 50000 && port <= 50009) << firewall->name << ' ' << port;
          EXPECT_EQ(told(outcome), at("eth1", outer(), port, behind(), 53));
          EXPECT_TRUE(ports.insert(port).second) << "two connections with the same ends";
        }
      }
    }
  }
}

TEST_P(Nat, AConnectionKeepsWhatItBeganWith) {
  const std::vector<std::string> rule = {"POSTROUTING", "-o",          "eth1",  "-j",
                                         "SNAT",        "--to-source", near(77)};
  const auto change = [&](const Firewall& firewall, const std::string& letter) {
    std::vector<std::string> words = {"-t", "nat", letter};
    words.insert(words.end(), rule.begin(), rule.end());
    must(firewall, words);
  };
  const auto sent = [&](Firewall& firewall, uint16_t sport) {
    return told(firewall.rig.inject("eth0", udp(peer(), sport, behind(), 53)));
  };
  const auto translated = [&](unsigned sport) { return at("eth1", near(77), sport, behind(), 53); };
  const auto as_it_was = [&](unsigned sport) { return at("eth1", peer(), sport, behind(), 53); };
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    // Another rule, so that nat is there from the beginning.
    load(*firewall, "-A POSTROUTING -o lo -j ACCEPT\n");
    EXPECT_EQ(sent(*firewall, 40000), as_it_was(40000));
    change(*firewall, "-A");
    EXPECT_EQ(sent(*firewall, 40001), translated(40001));
    EXPECT_EQ(sent(*firewall, 40000), as_it_was(40000));
    change(*firewall, "-D");
    EXPECT_EQ(sent(*firewall, 40001), translated(40001));
    const Bytes answer = udp(behind(), 53, near(77), 40001);
    EXPECT_EQ(told(firewall->rig.inject("eth1", answer)), at("eth0", behind(), 53, peer(), 40001));
    EXPECT_EQ(sent(*firewall, 40002), as_it_was(40002));
  }
}

// Also when the table's last rule goes.
TEST_P(Nat, AConnectionOutlivesTheTable) {
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    load(*firewall, fmt::format("-A POSTROUTING -o eth1 -j SNAT --to-source {}\n", near(77)));
    const Bytes query = udp(peer(), 40000, behind(), 53);
    EXPECT_EQ(told(firewall->rig.inject("eth0", query)), at("eth1", near(77), 40000, behind(), 53));
    must(*firewall, {"-t", "nat", "-F"});
    EXPECT_EQ(told(firewall->rig.inject("eth0", query)), at("eth1", near(77), 40000, behind(), 53));
    EXPECT_EQ(told(firewall->rig.inject("eth1", udp(behind(), 53, near(77), 40000))),
              at("eth0", behind(), 53, peer(), 40000));
  }
}

// As the kernel has it: nft(8) shows every form in words that it reads again.
TEST_P(Nat, NftsListingOfItCanBeLoaded) {
  const std::string pair = near(5) + "-" + near(9);
  const std::string ends = v6() ? fmt::format("[{}]", pair) : pair;
  load(ours(), fmt::format("-A PREROUTING -j DNAT --to-destination {0}\n"
                           "-A PREROUTING -p tcp -j DNAT --to-destination {1}:22-33 --random\n"
                           "-A PREROUTING -p tcp --dport 7:9 -j DNAT --to-destination :3-5/7\n"
                           "-A PREROUTING -p udp -j REDIRECT --to-ports 80\n"
                           "-A OUTPUT -j REDIRECT --random\n"
                           "-A OUTPUT -j NETMAP --to {2}{3}\n"
                           "-A INPUT -p udp -j SNAT --to-source {1}:4 --persistent\n"
                           "-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1-9 --random-fully\n"
                           "-A POSTROUTING -j NETMAP --to {2}\n",
                           pair, ends, far(0), length()));
  const std::vector<std::string> list = {"nft",     "-s", "list", "table", v6() ? "ip6" : "ip",
                                         "bulkhead"};
  const std::string listing = ours().net.must_exec(list);
  EXPECT_NE(listing.find("daddr & "), std::string::npos) << listing;
  const NetNamespace other;
  other.must_exec({"nft", "-f", "-"}, {.input = listing});
  EXPECT_EQ(other.must_exec(list), listing);
}

TEST_P(Nat, AnUntrackedPacketIsNotAsked) {
  const std::string from = v6() ? kUntracked6 : kUntracked;
  expect(fmt::format("-A POSTROUTING -j SNAT --to-source {}\n", near(77)),
         {{{"eth0", udp(from, 40000, behind(), 53)}, at("eth1", from, 40000, behind(), 53)}}, {0});
}

INSTANTIATE_TEST_SUITE_P(Families, Nat, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace bulkhead::testing
