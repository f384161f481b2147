// SPDX-License-Identifier: GPL-2.0-or-later
// `bulkhead trace` with real packets: it has to name what the rig sees happen.
#include <csignal>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/json.h"
#include "kernel/program_fixture.h"
#include "support/background.h"

namespace bulkhead::testing {
namespace {

using app::Json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class TraceTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    // Its sink behind INPUT is another program's table that drops.
    if (net_) start({.deliver = true});
  }

  void apply(const std::string& v4, const std::string& v6 = {}) {
    std::vector<std::string> words{"apply", write("rules.v4", v4)};
    if (!v6.empty()) words.push_back(write("rules.v6", v6));
    const auto applied = bulkhead(words);
    ASSERT_EQ(applied.exit_code, 0) << applied.describe();
  }

  // Runs, and is ready for packets.
  std::unique_ptr<Background> trace(std::vector<std::string> words) const {
    std::vector<std::string> argv{program("bulkhead"), "trace"};
    argv.insert(argv.end(), words.begin(), words.end());
    auto running = std::make_unique<Background>(*net_, argv);
    running->wait_for_err("tracing ");
    return running;
  }

  // What it says of the packets that `send` makes, one JSON object each.
  template <class Send>
  std::vector<Json> traced(std::vector<std::string> words, size_t packets, Send send) const {
    words.insert(words.end(), {"--json", "--count", std::to_string(packets)});
    const auto running = trace(std::move(words));
    send();
    const auto result = running->finish();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return lines(result.out);
  }
  static std::vector<Json> lines(const std::string& text) {
    std::vector<Json> all;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) all.push_back(Json::parse(line));
    return all;
  }

  // "filter INPUT 1: -j DROP", without the rig's own rules.
  static std::vector<std::string> steps(const Json& packet) {
    std::vector<std::string> all;
    for (const Json& step : packet["steps"]) {
      if (step["table"] == "inet bulkhead_observer") continue;
      std::string text = step["table"].get<std::string>() + " " + step["chain"].get<std::string>();
      if (step.contains("number")) text += " " + std::to_string(step["number"].get<int>());
      text += ": " + (step.contains("rule") ? step["rule"].get<std::string>() : "");
      all.push_back(text + (step.contains("rule") ? "" : step["verdict"].get<std::string>()));
    }
    return all;
  }

  std::string tables() const { return nft({"list", "tables"}); }
};

constexpr char kRules[] =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:ssh -\n"
    "-A INPUT -p tcp -m tcp --dport 22 -j ssh\n"
    "-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n"
    "-A INPUT -p udp -m udp --dport 54 -j REJECT\n"
    "-A FORWARD -i eth0 -p udp -j ACCEPT\n"
    "-A ssh -s 203.0.113.0/24 -j ACCEPT\n"
    "-A ssh -s 192.0.2.0/24 -m comment --comment \"the lab\"\n"
    "-A ssh -j DROP\n"
    "COMMIT\n";

TEST_F(TraceTest, TheRuleThatDropsInAChainOfTheUsers) {
  apply(kRules);
  std::string fate;
  const auto packets = traced({"-p", "tcp", "--dport", "22"}, 1, [&] {
    in(to_host({Tcp{.dport = 23}}));
    fate = in(to_host({Tcp{.dport = 22}}));
  });
  EXPECT_EQ(fate, "dropped");
  ASSERT_EQ(packets.size(), 1u);
  const Json& packet = packets[0];
  EXPECT_THAT(packet["packet"].get<std::string>(), HasSubstr("tcp 192.0.2.9:40000 > 192.0.2.1:22"));
  EXPECT_THAT(packet["packet"].get<std::string>(), HasSubstr(" in eth0 flags syn"));
  EXPECT_EQ(packet["verdict"], "dropped");
  EXPECT_EQ(packet["decided_by"], "rule 3 of ssh");
  EXPECT_THAT(steps(packet),
              ElementsAre("filter INPUT 1: -p tcp -m tcp --dport 22 -j ssh",
                          "filter ssh 2: -s 192.0.2.0/24 -m comment --comment \"the lab\"",
                          "filter ssh 3: -j DROP"));
}

TEST_F(TraceTest, ThePolicyARejectAndAnAccept) {
  apply(kRules);
  const auto packets = traced({"-p", "udp", "-i", "eth0"}, 3, [&] {
    EXPECT_EQ(in(to_host({Udp{.dport = 9}})), "dropped");
    EXPECT_THAT(in(to_host({Udp{.dport = 54}})), HasSubstr("rejected"));
    EXPECT_THAT(in(to_host({Udp{.dport = 53}})), HasSubstr("accepted"));
  });
  ASSERT_EQ(packets.size(), 3u);
  EXPECT_EQ(packets[0]["verdict"], "dropped");
  EXPECT_EQ(packets[0]["decided_by"], "the policy of INPUT");
  EXPECT_THAT(steps(packets[0]), ElementsAre("filter INPUT: policy DROP"));
  EXPECT_EQ(packets[1]["verdict"], "rejected");
  EXPECT_EQ(packets[1]["decided_by"], "rule 3 of INPUT");
  EXPECT_EQ(packets[2]["verdict"], "accepted");
  EXPECT_EQ(packets[2]["decided_by"], "rule 2 of INPUT");
}

TEST_F(TraceTest, AHeaderThatIsCutOff) {
  apply(kRules);
  const auto packets = traced({"-p", "tcp"}, 1, [&] {
    EXPECT_EQ(in(truncate(to_host({Tcp{.dport = 22}}), 32)), "dropped");
  });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0]["verdict"], "dropped");
  EXPECT_EQ(packets[0]["decided_by"], "rule 1 of INPUT");
  EXPECT_THAT(packets[0]["why"].get<std::string>(), HasSubstr("cut off"));
}

TEST_F(TraceTest, AnotherProgramsTableThatDropsIsNamed) {
  apply(kRules);
  nft({"add table inet theirs"});
  nft({"add chain inet theirs in { type filter hook input priority 5; policy drop; }"});
  const auto packets = traced({"-p", "udp", "--dport", "53"}, 1,
                              [&] { EXPECT_EQ(in(to_host({Udp{.dport = 53}})), "dropped"); });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0]["verdict"], "dropped");
  EXPECT_EQ(packets[0]["decided_by"], "nft table inet theirs, chain in (its policy)");
  EXPECT_THAT(steps(packets[0]), ElementsAre("filter INPUT 2: -p udp -m udp --dport 53 -j ACCEPT",
                                             "inet theirs in: drop"));
}

TEST_F(TraceTest, Ipv6) {
  apply(kRules, "*filter\n:INPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j DROP\nCOMMIT\n");
  const auto packets = traced({"-p", "tcp", "--dport", "22"}, 2, [&] {
    EXPECT_EQ(in(to_host6({Tcp{.dport = 22}})), "dropped");
    EXPECT_EQ(in(to_host({Tcp{.dport = 22}})), "dropped");
  });
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(packets[0]["family"], "ip6");
  EXPECT_THAT(packets[0]["packet"].get<std::string>(),
              HasSubstr("tcp [2001:db8::9]:40000 > [2001:db8::1]:22"));
  EXPECT_EQ(packets[0]["decided_by"], "rule 1 of INPUT");
  EXPECT_EQ(packets[1]["decided_by"], "rule 3 of ssh");
}

TEST_F(TraceTest, AForwardedPacketIsOneOverAllItsHooks) {
  apply(std::string("*raw\n-A PREROUTING -p udp -j ACCEPT\nCOMMIT\n") + kRules);
  const auto packets = traced(
      {"-p", "udp"}, 1, [&] { EXPECT_EQ(in(through({Udp{.dport = 9}})), "accepted forward"); });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_THAT(packets[0]["packet"].get<std::string>(), HasSubstr(" in eth0 out eth1"));
  EXPECT_EQ(packets[0]["verdict"], "accepted");
  EXPECT_EQ(packets[0]["decided_by"], "rule 1 of FORWARD");
  EXPECT_THAT(steps(packets[0]), ElementsAre("raw PREROUTING 1: -p udp -j ACCEPT",
                                             "filter FORWARD 1: -i eth0 -p udp -j ACCEPT"));
}

TEST_F(TraceTest, AWayOutIsAskedWhereItIsKnown) {
  apply(kRules);
  const auto packets = traced({"-o", "eth1"}, 1, [&] {
    in(to_host({Udp{.dport = 53}}));
    EXPECT_EQ(in(through({Tcp{.dport = 9}})), "dropped");
  });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0]["decided_by"], "the policy of FORWARD");
  EXPECT_THAT(packets[0]["packet"].get<std::string>(), HasSubstr("in eth0 out eth1"));
}

TEST_F(TraceTest, WhatTheHostSends) {
  apply("*filter\n-A OUTPUT -p udp -m udp --dport 9 -j DROP\nCOMMIT\n");
  const auto packets = traced({"-p", "udp", "-m", "owner", "--uid-owner", "0"}, 2, [&] {
    out(from_host({Udp{.dport = 9}}));
    out(from_host({Udp{.dport = 10}}));
  });
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(packets[0]["decided_by"], "rule 1 of OUTPUT");
  EXPECT_EQ(packets[1]["verdict"], "accepted");
  EXPECT_EQ(packets[1]["decided_by"], "the policy of OUTPUT");
}

TEST_F(TraceTest, ByConnectionBehindConntrack) {
  apply("*filter\n:INPUT DROP\n-A INPUT -m state --state NEW -j ACCEPT\nCOMMIT\n");
  const auto packets = traced({"-p", "tcp", "-m", "state", "--state", "INVALID"}, 1, [&] {
    in(to_host({Tcp{.dport = 22}}));
    EXPECT_EQ(in(to_host({Tcp{.dport = 23, .flags = "SF"}})), "dropped");
  });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_THAT(packets[0]["packet"].get<std::string>(), HasSubstr(":23"));
  EXPECT_EQ(packets[0]["decided_by"], "the policy of INPUT");
}

TEST_F(TraceTest, WhatTheKernelTakesBetweenTheHooksIsLost) {
  apply(kRules);
  net_->set_sysctl("net.ipv4.ip_forward", "0");
  const auto packets = traced({"-p", "udp"}, 1, [&] { in(through({Udp{.dport = 9}})); });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0]["verdict"], "lost");
  EXPECT_EQ(packets[0]["last_seen"], "PREROUTING");
}

TEST_F(TraceTest, IptablesLegacysDropIsNoNftRule) {
  apply(kRules);
  const Xtables legacy(*net_, XtablesPrograms::legacy());
  legacy.must_restore("*raw\n-A PREROUTING -p udp -j DROP\nCOMMIT\n");
  const auto packets =
      traced({"-p", "udp"}, 1, [&] { EXPECT_EQ(in(to_host({Udp{.dport = 53}})), "dropped"); });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0]["verdict"], "lost");
}

TEST_F(TraceTest, OurTableIsLeftAloneAndStatusCallsTheTraceNoStranger) {
  apply(kRules);
  const std::string before = nft({"-a", "list", "table", "ip", "bulkhead"});
  const auto running = trace({"-p", "udp", "--json"});
  EXPECT_THAT(tables(),
              AllOf(HasSubstr("table ip bulkhead_trace_"), HasSubstr("table ip6 bulkhead_trace_")));
  EXPECT_EQ(nft({"-a", "list", "table", "ip", "bulkhead"}), before);
  const auto status = Json::parse(with_state({"status", "--json"}).out);
  EXPECT_EQ(status["faults"].size(), 0u);
  for (const Json& chain : status["foreign_chains"])
    EXPECT_EQ(chain["table"], "bulkhead_observer") << chain.dump();

  // Rules may be changed meanwhile, and are then told as they are now.
  ASSERT_EQ(
      run({"iptables", "-I", "INPUT", "1", "-p", "udp", "--dport", "9", "-j", "DROP"}).exit_code,
      0);
  in(to_host({Udp{.dport = 9}}));
  in(to_host({Udp{.dport = 53}}));
  running->wait_for_out("\n", 2);
  ASSERT_EQ(run({"iptables", "-D", "INPUT", "1"}).exit_code, 0);
  in(to_host({Udp{.dport = 53}}));
  running->wait_for_out("\n", 3);
  running->send(SIGINT);
  const auto result = running->finish();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_THAT(result.err, HasSubstr("3 packets: 2 accepted, 1 dropped\n"));
  const auto packets = lines(result.out);
  EXPECT_EQ(packets[0]["decided_by"], "rule 1 of INPUT");
  EXPECT_EQ(packets[1]["decided_by"], "rule 3 of INPUT");
  EXPECT_EQ(packets[2]["decided_by"], "rule 2 of INPUT");

  EXPECT_THAT(tables(), Not(HasSubstr("bulkhead_trace_")));
  // Each packet was counted once.
  EXPECT_THAT(run({"iptables-save", "-c"}).out,
              HasSubstr("[2:56] -A INPUT -p udp -m udp --dport 53 -j ACCEPT"));
}

TEST_F(TraceTest, ARuleThatSomethingElsePutIntoOurTableIsFound) {
  apply(kRules);
  nft({"insert rule ip bulkhead filter/INPUT udp dport 53 drop"});
  const auto packets =
      traced({"-p", "udp"}, 1, [&] { EXPECT_EQ(in(to_host({Udp{.dport = 53}})), "dropped"); });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_THAT(packets[0]["decided_by"].get<std::string>(),
              HasSubstr("nft table ip bulkhead, chain filter/INPUT (rule with handle "));
}

TEST_F(TraceTest, AnInterfaceMayBeCalledAsACommandIs) {
  const auto running = trace({"!", "-i", "status", "-p", "udp", "--count", "1"});
  in(to_host({Udp{.dport = 53}}));
  EXPECT_THAT(running->finish().out, HasSubstr("192.0.2.1:53"));
}

TEST_F(TraceTest, KilledItLeavesNothing) {
  const auto running = trace({"-p", "udp"});
  EXPECT_THAT(tables(), HasSubstr("bulkhead_trace_"));
  running->send(SIGKILL);
  EXPECT_EQ(running->finish().signal, SIGKILL);
  EXPECT_THAT(tables(), Not(HasSubstr("bulkhead_trace_")));
  EXPECT_THAT(in(to_host({Udp{.dport = 53}})), HasSubstr("accepted"));
}

TEST_F(TraceTest, TwoAtATimeHearOfTheirOwn) {
  apply(kRules);
  const auto dns = trace({"--json", "--count", "2", "-p", "udp", "--dport", "53:54"});
  const auto all = trace({"--json", "--count", "3", "-p", "udp"});
  in(to_host({Udp{.dport = 9}}));
  in(to_host({Udp{.dport = 53}}));
  in(to_host({Udp{.dport = 54}}));
  const auto first = lines(dns->finish().out);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0]["verdict"], "accepted");
  EXPECT_EQ(first[1]["verdict"], "rejected");
  const auto second = lines(all->finish().out);
  ASSERT_EQ(second.size(), 3u);
  EXPECT_EQ(second[0]["decided_by"], "the policy of INPUT");
  EXPECT_EQ(second[1]["steps"], first[0]["steps"]);
  EXPECT_EQ(second[2]["steps"], first[1]["steps"]);
}

TEST_F(TraceTest, ListeningHearsOfWhatARuleHasMarked) {
  apply(kRules);
  nft({"add table ip marks"});
  nft({"add chain ip marks pre { type filter hook prerouting priority -310; }"});
  nft({"add rule ip marks pre udp dport 53 meta nftrace set 1"});
  const auto packets = traced({"--listen"}, 1, [&] {
    in(to_host({Udp{.dport = 9}}));
    in(to_host({Udp{.dport = 53}}));
  });
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0]["verdict"], "accepted");
  EXPECT_THAT(steps(packets[0]), ElementsAre("ip marks pre: continue",
                                             "filter INPUT 2: -p udp -m udp --dport 53 -j ACCEPT"));
}

TEST_F(TraceTest, EventsThatAreLostAreSaid) {
  apply(kRules);
  const auto running = trace({"-p", "udp"});
  running->send(SIGSTOP);
  running->wait_until_stopped();
  // Its socket takes 8 MiB, which the kernel counts twice; a packet makes some ten events of almost
  // a kilobyte.
  const Bytes packet = to_host({Udp{.dport = 53}});
  for (int i = 0; i < 5'000; ++i) rig_->inject("eth0", packet);
  running->send(SIGCONT);
  running->wait_for_out("accepted by rule 2 of INPUT");
  running->send(SIGTERM);
  const auto result = running->finish();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("warning: events came faster than they could be read"));
}

TEST_F(TraceTest, ItEndsAfterItsTime) {
  const auto running = trace({"-p", "udp", "--seconds", "1"});
  const auto result = running->finish();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("0 packets\n"));
}

TEST_F(TraceTest, WithoutADescriptionTheFirstTen) {
  const auto running = trace({});
  for (int i = 0; i < 12; ++i) in(to_host({Udp{.dport = 53}}));
  const auto result = running->finish();
  EXPECT_THAT(result.err, AllOf(HasSubstr("all packets (IPv4, IPv6), the first 10"),
                                HasSubstr("10 packets: 10 accepted")));
}

TEST_F(TraceTest, WhatItCannotDo) {
  const auto refused = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "trace");
    return bulkhead(std::move(words));
  };
  const auto wrong = refused({"-p", "tcp", "--dport", "htpt"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("^~~~"));
  EXPECT_EQ(refused({"-p", "tcp", "-j", "DROP"}).exit_code, 2);
  EXPECT_EQ(refused({"--listen", "-p", "tcp"}).exit_code, 2);
  const auto option = refused({"-p", "tcp", "--tcp-option", "2"});
  EXPECT_EQ(option.exit_code, 1);
  EXPECT_THAT(option.err, HasSubstr("a trace can't ask for --tcp-option"));

  if (net_->exec({"setpriv", "--version"}).exit_code == 127)
    GTEST_SKIP() << "setpriv isn't installed";
  const auto denied =
      net_->exec({"setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--reuid", "65534",
                  "--clear-groups", program("bulkhead"), "trace", "-p", "tcp"});
  EXPECT_EQ(denied.exit_code, 4) << denied.describe();
  EXPECT_THAT(denied.err, HasSubstr("CAP_NET_ADMIN"));
  EXPECT_THAT(tables(), Not(HasSubstr("bulkhead_trace_")));
}

}  // namespace
}  // namespace bulkhead::testing
