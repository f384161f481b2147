// SPDX-License-Identifier: GPL-2.0-or-later
// The rig held against Debian's iptables-legacy: what the other kernel tests stand on must itself
// be able to tell an accepted packet from a dropped and a refused one.
#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/random.h"
#include "support/rig_fixture.h"

namespace bulkhead::testing {
namespace {

class SupportTest : public RigTest {
 protected:
  void load(const std::string& rules) { oracle().must_restore(filter(rules)); }
  void load6(const std::string& rules) { oracle6().must_restore(filter(rules)); }
  Xtables oracle() const { return {*net_, XtablesPrograms::legacy()}; }
  Xtables oracle6() const { return {*net_, XtablesPrograms::legacy(true)}; }

  // Packets counted by the n-th rule (not policy) of the saved text.
  static uint64_t hits(const Xtables& oracle, size_t rule) {
    for (const RuleCounter& counter : oracle.counters()) {
      if (counter.rule.starts_with("-A") && rule-- == 0) return counter.packets;
    }
    ADD_FAILURE() << "no such rule";
    return 0;
  }
};

TEST_F(SupportTest, InputIsAcceptedDroppedAndRefused) {
  load(
      "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
      "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n"
      "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
      "-A INPUT -p udp -j REJECT --reject-with icmp-port-unreachable\n"
      "-A INPUT -p sctp -m sctp --dport 36412 -j REJECT --reject-with icmp-admin-prohibited\n");
  EXPECT_EQ(in(to_host({Tcp{.dport = 22}})), "accepted input");
  EXPECT_EQ(in(to_host({Tcp{.dport = 23}})), "dropped");
  EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "rejected tcp-reset");
  EXPECT_EQ(in(to_host({Udp{}})), "rejected icmp 3/3");
  EXPECT_EQ(in(to_host({Sctp{}})), "rejected icmp 3/13");
  EXPECT_EQ(in(to_host({Icmp{}})), "accepted input");
  EXPECT_EQ(in(to_host({Raw{.protocol = 50, .bytes = Bytes(16)}})), "accepted input");
  const std::vector<RuleCounter> expected = {
      {"filter", "INPUT", "-P INPUT ACCEPT", 2, 28 + 36},
      {"filter", "FORWARD", "-P FORWARD ACCEPT", 0, 0},
      {"filter", "OUTPUT", "-P OUTPUT ACCEPT", 3, 40 + (20 + 8 + 28) + (20 + 8 + 52)},
      {"filter", "INPUT", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", 1, 40},
      {"filter", "INPUT", "-A INPUT -p tcp -m tcp --dport 23 -j DROP", 1, 40},
      {"filter", "INPUT", "-A INPUT -p tcp -j REJECT --reject-with tcp-reset", 1, 40},
      {"filter", "INPUT", "-A INPUT -p udp -j REJECT --reject-with icmp-port-unreachable", 1, 28},
      {"filter", "INPUT",
       "-A INPUT -p sctp -m sctp --dport 36412 -j REJECT --reject-with icmp-admin-prohibited", 1,
       52},
  };
  const std::vector<RuleCounter> seen = oracle().counters();
  ASSERT_EQ(seen.size(), expected.size());
  for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(text(seen[i]), text(expected[i]));
}

TEST_F(SupportTest, InputOfIpv6) {
  load6(
      "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
      "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
      "-A INPUT -p udp -j REJECT --reject-with icmp6-port-unreachable\n"
      "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j DROP\n");
  EXPECT_EQ(in(to_host6({Tcp{.dport = 22}})), "accepted input");
  EXPECT_EQ(in(to_host6({Tcp{.dport = 80}})), "rejected tcp-reset");
  EXPECT_EQ(in(to_host6({Udp{}})), "rejected icmp6 1/4");
  EXPECT_EQ(in(to_host6({Icmp6{}})), "dropped");
  EXPECT_EQ(in(to_host6({Icmp6{.type = 129}})), "accepted input");
  EXPECT_EQ(
      in(to_host6(HopByHop{.options = {5, 2, 0, 0}} / DestinationOptions{} / Tcp{.dport = 22})),
      "accepted input");
  EXPECT_EQ(in(to_host6(Routing{.type = 4} / Authentication{} / Tcp{.dport = 22})),
            "accepted input");
  EXPECT_EQ(hits(oracle6(), 0), 3u);
}

TEST_F(SupportTest, ForwardLeavesByTheOtherInterface) {
  load(
      "-A FORWARD -i eth0 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT\n-A FORWARD -p tcp -j "
      "REJECT\n-A FORWARD -j DROP\n");
  load6("-A FORWARD -p tcp -j ACCEPT\n-A FORWARD -j REJECT --reject-with icmp6-adm-prohibited\n");
  const Bytes web = through({Tcp{.dport = 80}});
  const Outcome outcome = rig_->inject("eth0", web);
  EXPECT_EQ(text(outcome), "accepted forward");
  ASSERT_EQ(outcome.emitted.size(), 1u);
  EXPECT_EQ(outcome.emitted[0].interface, "eth1");
  EXPECT_EQ(outcome.emitted[0].packet[8], web[8] - 1) << "the TTL";
  EXPECT_EQ(in(through({Tcp{.dport = 81}})), "rejected icmp 3/3");
  EXPECT_EQ(in(through({Udp{}})), "dropped");
  EXPECT_EQ(in(build(Ip4{.daddr = kBehind, .ttl = 1} / Tcp{})), "rejected icmp 11/0")
      << "by the stack itself";
  EXPECT_EQ(in(through6({Tcp{}})), "accepted forward");
  EXPECT_EQ(in(through6({Udp{}})), "rejected icmp6 1/1");
}

TEST_F(SupportTest, OutputAndItsRefusalThroughLoopback) {
  load(
      "-A OUTPUT -p tcp -m tcp --dport 80 -j ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 81 -j DROP\n"
      "-A OUTPUT -p tcp -m tcp --dport 82 -j REJECT --reject-with tcp-reset\n"
      "-A OUTPUT -p udp -j REJECT\n-A INPUT -i lo -j ACCEPT\n");
  load6("-A OUTPUT -p udp -j REJECT\n-A OUTPUT -p tcp -j DROP\n");
  EXPECT_EQ(out(from_host({Tcp{.dport = 80}})), "accepted output");
  const Outcome dropped = rig_->send(from_host({Tcp{.dport = 81}}));
  EXPECT_EQ(text(dropped), "dropped");
  EXPECT_EQ(dropped.error, EPERM);
  EXPECT_EQ(out(from_host({Tcp{.dport = 82}})), "rejected tcp-reset");
  EXPECT_EQ(out(from_host({Udp{}})), "rejected icmp 3/3");
  EXPECT_EQ(out(from_host6({Udp{}})), "rejected icmp6 1/4");
  EXPECT_EQ(out(from_host6({Tcp{}})), "dropped");
  EXPECT_EQ(out(from_host6({Icmp6{}})), "accepted output");
  EXPECT_EQ(hits(oracle(), 0), 2u) << "the reset and the ICMP error, in INPUT by lo";
  EXPECT_EQ(out(build(Ip4{.saddr = kHost, .daddr = kHost} / Tcp{.dport = 80})),
            "accepted input output");
}

TEST_F(SupportTest, AWrongChecksumNeverArrives) {
  EXPECT_EQ(in(build(Ip4{.checksum = 1} / Tcp{})), "dropped (never arrived)");
  EXPECT_EQ(in(build(Ip4{.total_length = 999} / Tcp{})), "dropped (never arrived)");
  EXPECT_EQ(rig_->inject("eth0", Bytes(20, 0x55)).error, EINVAL) << "no IP version";
}

// Conntrack sums over what it tracks: a sum of ours that is wrong makes the packet INVALID.
TEST_F(SupportTest, TheBuildersChecksumsAreTheKernels) {
  load("-A INPUT -m conntrack --ctstate INVALID -j DROP\n");
  load6("-A INPUT -m conntrack --ctstate INVALID -j DROP\n");
  const Payload odd{"odd length"};
  const Packet good[] = {Tcp{.options = {2, 4, 5, 0xb4}} / odd, Udp{} / odd, {Sctp{}}, {Dccp{}}};
  for (const Packet& packet : good) {
    EXPECT_EQ(in(to_host(packet)), "accepted input") << "v4, layer " << packet[0].index();
    EXPECT_EQ(in(to_host6(packet)), "accepted input") << "v6, layer " << packet[0].index();
  }
  EXPECT_EQ(in(to_host(Icmp{} / odd)), "accepted input");
  EXPECT_EQ(in(to_host6(Icmp6{} / odd)), "accepted input");
  EXPECT_EQ(in(build(Ip4{.options = {1, 1, 1}} / Udp{} / odd)), "accepted input");
  rig_->flush_conntrack();
  const Packet bad[] = {{Tcp{.checksum = 1}}, {Udp{.checksum = 1}}, {Sctp{.checksum = 1}}};
  for (const Packet& packet : bad) {
    EXPECT_EQ(in(to_host(packet)), "dropped") << "v4, layer " << packet[0].index();
    EXPECT_EQ(in(to_host6(packet)), "dropped") << "v6, layer " << packet[0].index();
  }
  EXPECT_EQ(in(to_host({Icmp{.checksum = 1}})), "dropped");
  EXPECT_EQ(in(to_host6({Icmp6{.checksum = 1}})), "dropped");
}

// A match that can't read its header drops the packet, though no rule says so.
TEST_F(SupportTest, ATruncatedTcpHeaderIsDroppedByATcpMatch) {
  load("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -s 192.0.2.9/32 -j ACCEPT\n");
  load6("-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n");
  const Bytes tcp = to_host({Tcp{.dport = 80}});
  EXPECT_EQ(in(tcp), "accepted input");
  EXPECT_EQ(in(truncate(tcp, 20 + 8)), "dropped");
  EXPECT_EQ(in(truncate(to_host6({Udp{}}), 40 + 4)), "dropped");
  EXPECT_EQ(in(truncate(to_host({Udp{}}), 20 + 4)), "accepted input") << "no udp match is asked";
  load("-A INPUT -p tcp -j DROP\n");
  EXPECT_EQ(hits(oracle(), 0), 0u) << "counters start anew";
}

TEST_F(SupportTest, FragmentsInForwardStayFragmentsWhenUntracked) {
  load("-A FORWARD -f -j DROP\n-A FORWARD -p udp -m udp --dport 53 -j ACCEPT\n");
  load6(
      "-A FORWARD -m frag --fragmore -j ACCEPT\n-A FORWARD -m frag --fragid 0:4294967295 -j "
      "DROP\n");
  const Payload long_text{std::string(100, 'x')};
  const auto pieces =
      fragment(build(Ip4{.saddr = kUntracked, .daddr = kBehind} / Udp{} / long_text), 48);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(in(pieces[0]), "accepted forward");
  EXPECT_EQ(in(pieces[1]), "dropped");
  EXPECT_EQ(in(pieces[2]), "dropped");
  EXPECT_EQ(hits(oracle(), 0), 2u);
  const auto pieces6 =
      fragment(build(Ip6{.saddr = kUntracked6, .daddr = kBehind6} / Udp{} / long_text), 64);
  EXPECT_EQ(in(pieces6[0]), "accepted forward");
  EXPECT_EQ(in(pieces6[1]), "dropped");
  // Conntrack, and without it INPUT, wait for the last one.
  const auto tracked =
      fragment(build(Ip4{.saddr = kPeer, .daddr = kBehind} / Udp{} / long_text), 64);
  EXPECT_EQ(in(tracked[0]), "dropped");
  EXPECT_EQ(in(tracked[1]), "accepted forward");
  EXPECT_EQ(hits(oracle(), 0), 2u);
  EXPECT_EQ(hits(oracle(), 1), 2u);
}

TEST_F(SupportTest, EveryConntrackState) {
  std::string rules;
  for (const char* state : {"NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"}) {
    for (const char* chain : {"INPUT", "OUTPUT"}) {
      rules +=
          fmt::format("-A {0} -m conntrack --ctstate {1} -m comment --comment {0}-{1} -j ACCEPT\n",
                      chain, state);
    }
  }
  load(rules);
  load6(rules);
  // The comment of the one rule that counted between two readings.
  const auto where = [&](const Xtables& oracle, const std::function<std::string()>& act) {
    const auto before = oracle.counters();
    const std::string verdict = act();
    const auto after = oracle.counters();
    std::string found;
    for (size_t i = 0; i < after.size(); ++i) {
      const size_t comment = after[i].rule.find("--comment ");
      if (after[i].packets != before[i].packets && comment != std::string::npos) {
        found += after[i].rule.substr(comment + 10, after[i].rule.find(" -j") - comment - 10);
      }
    }
    return verdict + " " + found;
  };
  const auto in4 = [&](const Bytes& packet) { return where(oracle(), [&] { return in(packet); }); };
  const auto out4 = [&](const Bytes& packet) {
    return where(oracle(), [&] { return out(packet); });
  };
  const auto in6 = [&](const Bytes& packet) {
    return where(oracle6(), [&] { return in(packet); });
  };
  const auto out6 = [&](const Bytes& packet) {
    return where(oracle6(), [&] { return out(packet); });
  };

  EXPECT_EQ(in4(to_host({Tcp{.dport = 22, .flags = "S"}})), "accepted input INPUT-NEW");
  EXPECT_EQ(
      out4(from_host({Tcp{.sport = 22, .dport = 40000, .flags = "SA", .seq = 5, .ack = 1001}})),
      "accepted output OUTPUT-ESTABLISHED");
  EXPECT_EQ(in4(to_host({Tcp{.dport = 22, .flags = "A", .seq = 1001, .ack = 6}})),
            "accepted input INPUT-ESTABLISHED");
  EXPECT_EQ(in4(to_host({Tcp{.dport = 22, .flags = "SF"}})), "accepted input INPUT-INVALID");
  EXPECT_EQ(in4(build(Ip4{.saddr = kUntracked} / Tcp{})), "accepted input INPUT-UNTRACKED");

  const Packet query = Ip4{.saddr = kHost, .daddr = kPeer} / Udp{.sport = 5353};
  EXPECT_EQ(out4(build(query)), "accepted output OUTPUT-NEW");
  EXPECT_EQ(in4(to_host(Packet{Icmp{.type = 3, .code = 3, .rest = 0}} / query)),
            "accepted input INPUT-RELATED");
  EXPECT_EQ(in4(to_host({Udp{.sport = 53, .dport = 5353}})), "accepted input INPUT-ESTABLISHED");

  const Packet query6 = Ip6{.saddr = kHost6, .daddr = kPeer6} / Udp{.sport = 5353};
  EXPECT_EQ(out6(build(query6)), "accepted output OUTPUT-NEW");
  EXPECT_EQ(in6(to_host6(Packet{Icmp6{.type = 1, .code = 4, .rest = 0}} / query6)),
            "accepted input INPUT-RELATED");
  EXPECT_EQ(in6(to_host6({Tcp{.flags = "SF"}})), "accepted input INPUT-INVALID");
  EXPECT_EQ(in6(build(Ip6{.saddr = kUntracked6} / Tcp{})), "accepted input INPUT-UNTRACKED");

  rig_->flush_conntrack();
  EXPECT_EQ(in4(to_host({Udp{.sport = 53, .dport = 5353}})), "accepted input INPUT-NEW");
}

TEST_F(SupportTest, ATapHasMacAddresses) {
  start({.interfaces = {{.name = "eth0", .addresses = {"192.0.2.1/24"}, .ethernet = true}}});
  load(
      "-A INPUT -m mac --mac-source 02:00:00:00:00:09 -j REJECT\n-A INPUT -m pkttype --pkt-type "
      "broadcast -j DROP\n");
  const Mac other = {2, 0, 0, 0, 0, 8}, everybody = {255, 255, 255, 255, 255, 255};
  EXPECT_EQ(in(to_host({Udp{}})), "rejected icmp 3/3");
  const Step steps[] = {{.interface = "eth0", .packet = to_host({Udp{}}), .source_mac = other},
                        {.interface = "eth0",
                         .packet = build(Ip4{.daddr = "192.0.2.255"} / Udp{}),
                         .source_mac = other,
                         .destination_mac = everybody}};
  const auto outcomes = rig_->run(steps);
  EXPECT_EQ(text(outcomes[0]), "accepted input");
  EXPECT_EQ(text(outcomes[1]), "dropped");
}

TEST_F(SupportTest, TheMachinesOwnFirewallIsNotTouched) {
  const std::vector<std::string> which_net = {"readlink", "/proc/self/ns/net"};
  const std::vector<std::string> which_run = {"stat", "-c", "%d", "/run"};
  const std::string own_net = exec(which_net).out, own_run = exec(which_run).out;
  load("-A INPUT -j DROP\n");
  EXPECT_NE(net_->must_exec(which_net), own_net);
  EXPECT_NE(net_->must_exec(which_run), own_run);
  EXPECT_TRUE(net_->exec({"test", "-e", "/run/xtables.lock"}).ok());
  EXPECT_EQ(exec(which_net).out, own_net) << "the test itself has not moved";
  EXPECT_EQ(exec(which_run).out, own_run);
}

TEST_F(SupportTest, AProgramThatHangsIsEnded) {
  const ExecResult slow = net_->exec({"sh", "-c", "echo before; sleep 60 & sleep 60"},
                                     {.timeout = std::chrono::milliseconds(200)});
  EXPECT_TRUE(slow.timed_out);
  EXPECT_EQ(slow.out, "before\n");
  EXPECT_EQ(net_->exec({"cat"}, {.input = std::string(1 << 20, 'y')}).out.size(), size_t{1} << 20);
  EXPECT_EQ(net_->exec({"true"}, {.input = std::string(1 << 20, 'y')}).exit_code, 0)
      << "it reads nothing";
  EXPECT_EQ(net_->exec({"no-such-program"}).exit_code, 127);
}

// Every packet of a long mixed batch has its verdict at once, the right one, and none is late. The
// rates are printed, not asserted: the machine is shared.
TEST_F(SupportTest, VerdictsOfManyPackets) {
  Random random("VerdictsOfManyPackets");
  load(
      "-A INPUT -p tcp -m tcp --dport 1:9 -j REJECT --reject-with tcp-reset\n-A INPUT -p tcp -m "
      "tcp --dport 10:19 -j DROP\n"
      "-A INPUT -p tcp -m tcp --dport 20:29 -j REJECT\n-A OUTPUT -p udp -m udp --dport 1:9 -j "
      "REJECT\n");
  std::vector<Step> steps;
  std::vector<std::string> expected;
  for (int i = 0; i < 20'000; ++i) {
    const auto port = static_cast<uint16_t>(random.between(1, 39));
    const auto source = static_cast<uint16_t>(random.between(1024, 65535));
    if (random.one_in(10)) {
      steps.push_back(
          {.interface = "", .packet = from_host({Udp{.sport = source, .dport = port}})});
      expected.emplace_back(port < 10 ? "rejected icmp 3/3" : "accepted output");
    } else {
      steps.push_back(
          {.interface = "eth0", .packet = to_host({Tcp{.sport = source, .dport = port}})});
      expected.emplace_back(port < 10   ? "rejected tcp-reset"
                            : port < 20 ? "dropped"
                            : port < 30 ? "rejected icmp 3/3"
                                        : "accepted input");
    }
  }
  const auto start = std::chrono::steady_clock::now();
  const auto outcomes = rig_->run(steps);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  for (size_t i = 0; i < steps.size(); ++i)
    ASSERT_EQ(text(outcomes[i]), expected[i]) << "packet " << i;
  uint64_t counted = 0;
  for (const RuleCounter& counter : oracle().counters()) {
    if (counter.chain == "INPUT") counted += counter.packets;
  }
  uint64_t arrived = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    // A refusal in OUTPUT comes to INPUT by lo.
    arrived += !steps[i].interface.empty() || outcomes[i].verdict == Verdict::kRejected;
  }
  EXPECT_EQ(counted, arrived);
  fmt::print("{} packets, {:.0f} a second\n", steps.size(),
             static_cast<double>(steps.size()) / spent.count());
}

TEST_F(SupportTest, OneProcessARulesetAndOneAReading) {
  const auto start = std::chrono::steady_clock::now();
  constexpr int kRulesets = 50;
  for (int i = 0; i < kRulesets; ++i) {
    load(fmt::format("-A INPUT -p tcp -m tcp --dport {} -j DROP\n", i + 1));
    EXPECT_EQ(in(to_host({Tcp{.dport = static_cast<uint16_t>(i + 1)}})), "dropped");
    EXPECT_EQ(hits(oracle(), 0), 1u);
  }
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  fmt::print("{:.1f} ms for a ruleset restored, one packet, counters read\n",
             spent.count() / kRulesets);
}

}  // namespace
}  // namespace bulkhead::testing
