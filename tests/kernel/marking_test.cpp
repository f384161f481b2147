// SPDX-License-Identifier: GPL-2.0-or-later
// Targets that leave something beside the packet: marks, classes, what connection tracking is to
// do.
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "kernel/changing_fixture.h"

namespace bulkhead::testing {
namespace {

class Marking : public ChangingTest {
 protected:
  static Step arriving(const Bytes& packet, std::string interface = "eth0") {
    return {.interface = std::move(interface), .packet = packet};
  }
  void send_both(const Step& step) {
    for (const auto& firewall : both_) firewall->rig.run({&step, 1});
  }
};

constexpr uint32_t kMark = 0x12345678;
constexpr uint32_t kConnectionMark = 0x9abcdef0;

struct Case {
  std::string options;
  uint32_t mark = kMark;  // behind the rule
  uint32_t connection_mark = kConnectionMark;
};

const Case kCases[] = {
    {"MARK --set-mark 0", 0},
    {"MARK --set-xmark 0x0f0f0f0f/0xffff0000", 0x0f0f5977},
    {"MARK --set-mark 0x1/0x2", 0x12345679},
    {"MARK --and-mark 0xff", 0x78},
    {"MARK --or-mark 7", 0x1234567f},
    {"MARK --xor-mark 0xff", 0x12345687},
    {"CONNMARK --set-mark 5", kMark, 5},
    {"CONNMARK --set-xmark 0x0f0f0f0f/0xffff0000", kMark, 0x0f0fd1ff},
    {"CONNMARK --and-mark 0xff", kMark, 0xf0},
    {"CONNMARK --or-mark 0xf", kMark, 0x9abcdeff},
    {"CONNMARK --xor-mark 0xff", kMark, 0x9abcde0f},
    {"CONNMARK --save-mark", kMark, kMark},
    {"CONNMARK --save-mark --nfmask 0xff --ctmask 0xffff", kMark, 0x9abc0078},
    {"CONNMARK --save-mark --mask 0xff00", kMark, 0x9abc56f0},
    {"CONNMARK --restore-mark", kConnectionMark},
    {"CONNMARK --restore-mark --ctmask 0xff --nfmask 0xffff0000", 0x5688},
    {"CONNMARK --set-xmark 0/0 --left-shift-mark 4", kMark, 0xabcdef00},
    {"CONNMARK --set-mark 1 --left-shift-mark 31", kMark, 0x80000000},
    {"CONNMARK --save-mark --right-shift-mark 8", kMark, 0x00123456},
    {"CONNMARK --restore-mark --left-shift-mark 16 --mask 0xffff", 0xccc40000},
};

TEST_F(Marking, MarksAreWhatARuleOfAnotherTableSees) {
  for (const Case& each : kCases) {
    for (const bool v6 : {false, true}) {
      load("mangle", {"-A FORWARD -j " + each.options}, v6);
      load("filter",
           {fmt::format("-A FORWARD -m mark --mark {} -m comment --comment packet", each.mark),
            fmt::format("-A FORWARD -m connmark --mark {} -m comment --comment connection",
                        each.connection_mark)},
           v6);
      Step step = arriving(v6 ? through6({Udp{}}) : through({Udp{}}));
      step.mark = kMark;
      step.connection_mark = kConnectionMark;
      send_both(step);
      EXPECT_EQ(counted("packet", v6), 1u) << each.options;
      EXPECT_EQ(counted("connection", v6), 1u) << each.options;
    }
  }
}

TEST_F(Marking, AMarkOfTheFirstPacketComesBackWithTheAnswer) {
  load("mangle", {"-A PREROUTING -i eth0 -j MARK --set-mark 7",
                  "-A PREROUTING -i eth0 -j CONNMARK --save-mark",
                  "-A PREROUTING -i eth1 -j CONNMARK --restore-mark"});
  load("filter", {"-A FORWARD -i eth1 -m mark --mark 7 -m comment --comment came-back"});
  send_both(arriving(through({Udp{}})));
  send_both(arriving(
      build(Ip4{.saddr = kBehind, .daddr = kPeer} / Udp{.sport = 53, .dport = 40000}), "eth1"));
  EXPECT_EQ(counted("came-back"), 1u);
}

TEST_F(Marking, ThereIsNothingToMarkWithoutAConnection) {
  load("raw", {"-A PREROUTING -j CONNMARK --set-mark 5", "-A PREROUTING -j MARK --set-mark 3",
               "-A PREROUTING -j CONNMARK --restore-mark", "-A PREROUTING -j NOTRACK"});
  load("mangle",
       {"-A FORWARD -j CONNMARK --save-mark", "-A FORWARD -j CONNMARK --restore-mark --mask 1"});
  load("filter", {"-A FORWARD -m mark --mark 3 -m comment --comment mark",
                  "-A FORWARD -m connmark --mark 0 -m comment --comment connection"});
  send_both(arriving(through({Udp{}})));
  EXPECT_EQ(counted("mark"), 1u);
  EXPECT_EQ(counted("connection"), 0u);
}

TEST_F(Marking, AMarkOfMangleOutputChoosesTheRoute) {
  configure("rule add fwmark 1 lookup 100\nroute add default dev eth1 table 100\n");
  load("mangle", {"-A OUTPUT -p udp --dport 53 -j MARK --set-mark 1"});
  for (const auto& firewall : both_) {
    EXPECT_TRUE(left(firewall->rig.send(from_host({Udp{.dport = 53}})), "eth0").empty());
    EXPECT_FALSE(left(firewall->rig.send(from_host({Udp{.dport = 53}})), "eth1").empty())
        << firewall->name;
    EXPECT_FALSE(left(firewall->rig.send(from_host({Udp{.dport = 54}})), "eth0").empty())
        << firewall->name;
  }
}

TEST_F(Marking, TheClassOfTrafficControl) {
  for (const auto& firewall : both_) {
    firewall->net.must_exec(
        {"nft", "-f", "-"},
        {.input = "table inet watch { chain c { type filter hook postrouting priority 400;\n"
                  "meta priority 0x0001000a counter\nmeta priority 0xffff0000 counter\n}\n}\n"});
  }
  load("filter", {"-A FORWARD -p udp -j CLASSIFY --set-class 1:a"});
  load("mangle", {"-A POSTROUTING -p tcp -j CLASSIFY --set-class ffff:0"});
  send_both(arriving(through({Udp{}})));
  send_both(arriving(through({Tcp{}})));
  for (const auto& firewall : both_) {
    const std::string shown = firewall->net.must_exec({"nft", "list", "table", "inet", "watch"});
    EXPECT_EQ(shown.find("packets 0"), std::string::npos) << firewall->name << shown;
    EXPECT_NE(shown.find("packets 1"), std::string::npos) << firewall->name << shown;
  }
}

class Tracking : public Marking {
 protected:
  void count_states(bool v6 = false) {
    std::vector<std::string> rules;
    for (const std::string state : {"NEW", "ESTABLISHED", "UNTRACKED", "INVALID"}) {
      rules.push_back(
          fmt::format("-A FORWARD -m conntrack --ctstate {0} -m comment --comment {0}", state));
    }
    load("filter", rules, v6);
  }
  // "2 NEW 1 ESTABLISHED"
  std::string states(bool v6 = false) {
    std::string text;
    for (const std::string_view state : {"NEW", "ESTABLISHED", "UNTRACKED", "INVALID"}) {
      if (const uint64_t count = counted(state, v6); count != 0)
        text += fmt::format("{}{} {}", text.empty() ? "" : " ", count, state);
    }
    return text;
  }
  static Bytes answer(bool v6 = false) {
    const Udp udp{.sport = 53, .dport = 40000};
    return v6 ? build(Ip6{.saddr = kBehind6, .daddr = kPeer6} / udp)
              : build(Ip4{.saddr = kBehind, .daddr = kPeer} / udp);
  }
  // What a packet and its answer are, under these rules of table raw.
  std::string pair(const std::vector<std::string>& raw, bool v6 = false) {
    load("raw", raw, v6);
    count_states(v6);
    for (const auto& firewall : both_) firewall->rig.flush_conntrack();
    send_both(arriving(v6 ? through6({Udp{}}) : through({Udp{}})));
    send_both(arriving(answer(v6), "eth1"));
    return states(v6);
  }
};

TEST_F(Tracking, OfAPacketThatIsNotTracked) {
  for (const bool v6 : {false, true}) {
    EXPECT_EQ(pair({}, v6), "1 NEW 1 ESTABLISHED");
    EXPECT_EQ(pair({"-A PREROUTING -j NOTRACK"}, v6), "2 UNTRACKED");
    EXPECT_EQ(pair({"-A PREROUTING -i eth0 -j CT --notrack"}, v6), "1 NEW 1 UNTRACKED");
    EXPECT_EQ(pair({"-A PREROUTING -j CT --notrack --zone 7"}, v6), "2 UNTRACKED");
  }
}

TEST_F(Tracking, OfZones) {
  for (const bool v6 : {false, true}) {
    const std::string in = "-A PREROUTING -i eth0 -j ";
    const std::string back = "-A PREROUTING -i eth1 -j ";
    EXPECT_EQ(pair({in + "CT --zone 1"}, v6), "2 NEW");
    EXPECT_EQ(pair({in + "CT --zone 1", back + "CT --zone 2"}, v6), "2 NEW");
    EXPECT_EQ(pair({"-A PREROUTING -j CT --zone 65535"}, v6), "1 NEW 1 ESTABLISHED");
    EXPECT_EQ(pair({"-A PREROUTING -j CT"}, v6), "1 NEW 1 ESTABLISHED");
    // The answer is looked for in zone 0.
    EXPECT_EQ(pair({in + "CT --zone-orig 1"}, v6), "1 NEW 1 ESTABLISHED");
    EXPECT_EQ(pair({in + "CT --zone-reply 1"}, v6), "2 NEW");
    EXPECT_EQ(pair({in + "CT --zone-reply 1", back + "CT --zone 1"}, v6), "1 NEW 1 ESTABLISHED");
    EXPECT_EQ(
        pair({in + "MARK --set-mark 0x50007", in + "CT --zone mark", back + "CT --zone 7"}, v6),
        "1 NEW 1 ESTABLISHED");
    EXPECT_EQ(pair({in + "MARK --set-mark 8", in + "CT --zone mark", back + "CT --zone 7"}, v6),
              "2 NEW");
  }
}

TEST_F(Tracking, OfWhatWasSaidTwiceTheFirstStands) {
  EXPECT_EQ(pair({"-A PREROUTING -j NOTRACK", "-A PREROUTING -j CT --zone 1"}), "2 UNTRACKED");
  EXPECT_EQ(pair({"-A PREROUTING -j CT --zone 1", "-A PREROUTING -j NOTRACK"}),
            "1 NEW 1 ESTABLISHED");
  EXPECT_EQ(pair({"-A PREROUTING -j CT", "-A PREROUTING -j NOTRACK"}), "1 NEW 1 ESTABLISHED");
  EXPECT_EQ(pair({"-A PREROUTING -j CT --zone 1", "-A PREROUTING -i eth0 -j CT --zone 2"}),
            "1 NEW 1 ESTABLISHED");
}

// docs/differences.md: to iptables it has a connection already, one that isn't there.
TEST_F(Tracking, OfWhatTheHostSaysAboutAPacketThatIsNotTracked) {
  for (const bool v6 : {false, true}) {
    load("raw", {"-A OUTPUT -j NOTRACK"}, v6);
    load("filter",
         {"-A OUTPUT -m conntrack --ctstate UNTRACKED -m comment --comment UNTRACKED",
          "-A OUTPUT -m conntrack --ctstate INVALID -m comment --comment INVALID"},
         v6);
    send_both(
        arriving(v6 ? build(Ip6{.saddr = kUntracked6, .daddr = kBehind6, .hop_limit = 1} / Udp{})
                    : build(Ip4{.saddr = kUntracked, .daddr = kBehind, .ttl = 1} / Udp{})));
    EXPECT_EQ(ours().packets("UNTRACKED", v6), 1u);
    EXPECT_EQ(legacy().packets("UNTRACKED", v6), 0u);
    EXPECT_EQ(legacy().packets("INVALID", v6), 1u);
  }
}

TEST_F(Tracking, OfTheSameAddressesInTwoZonesIsTwoConnections) {
  const std::string count = "net.netfilter.nf_conntrack_count";
  load("raw", {"-A PREROUTING -i eth0 -j CT --zone 1", "-A PREROUTING -i eth1 -j CT --zone 2"});
  for (const auto& firewall : both_) {
    firewall->rig.flush_conntrack();
    firewall->rig.inject("eth0", through({Udp{}}));
    EXPECT_EQ(firewall->net.sysctl(count), "1") << firewall->name;
    firewall->rig.inject("eth0", through({Udp{}}));
    EXPECT_EQ(firewall->net.sysctl(count), "1") << firewall->name;
    firewall->rig.inject("eth1", through({Udp{}}));
    EXPECT_EQ(firewall->net.sysctl(count), "2") << firewall->name;
  }
}

// Who listens hears of every rule that the packet meets.
TEST_F(Marking, ATraceNamesOurTable) {
  load("raw", {"-A PREROUTING -p udp -j TRACE"});
  UniqueFd listener;
  ours().net.run([&] {
    listener = UniqueFd(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
    sockaddr_nl address{};  // one that isn't bound hears nothing
    address.nl_family = AF_NETLINK;
    ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const int group = NFNLGRP_NFTRACE;
    ASSERT_EQ(setsockopt(listener.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group),
              0);
  });
  const auto heard = [&] {
    std::string all(65536, '\0');
    const ssize_t size = recv(listener.get(), all.data(), all.size(), MSG_DONTWAIT);
    all.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return all;
  };
  ours().rig.inject("eth0", through({Tcp{}}));
  EXPECT_EQ(heard(), "");
  ours().rig.inject("eth0", through({Udp{}}));
  EXPECT_NE(heard().find("bulkhead"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::testing
