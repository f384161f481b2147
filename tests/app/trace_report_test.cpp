// SPDX-License-Identifier: GPL-2.0-or-later
// Steps as they are told: by the rules' own words.
#include "app/trace_report.h"

#include <gtest/gtest.h>

#include "app/command/trace.h"
#include "app/json.h"
#include "app/rules_text.h"
#include "net/packet_text.h"

namespace bulkhead::app {
namespace {

using backend::TraceEvent;
using Kind = TraceEvent::Kind;
using Verdict = TraceEvent::Verdict;
using Fate = TraceReport::Fate;

// Ids as the store gives them: in the order of the text.
enum Id : ir::RuleId {
  kPreroutingPolicy = 1,
  kRaw,
  kInputPolicy,
  kToSsh,
  kReject,
  kSshLog,
  kSshDrop,
};

WrittenRules written() {
  auto parsed = parse_rules(Source("test",
                                   "*filter\n:INPUT DROP\n:ssh -\n"
                                   "-A INPUT -p tcp --dport 22 -j ssh\n"
                                   "-A INPUT -p udp -j REJECT\n"
                                   "-A ssh -s 192.0.2.9 -j LOG\n-A ssh -j DROP\nCOMMIT\n"
                                   "*raw\n-A PREROUTING -p tcp -j ACCEPT\nCOMMIT\n"),
                            net::Family::kIpv4, Counts::kLeftOut);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  View view;
  view.v4.rules = *parsed;
  ir::Table& filter = *view.v4.rules.find("filter");
  ir::Table& raw = *view.v4.rules.find("raw");
  raw.find("PREROUTING")->policy_id = kPreroutingPolicy;
  raw.find("PREROUTING")->rules[0].id = kRaw;
  filter.find("INPUT")->policy_id = kInputPolicy;
  filter.find("INPUT")->rules[0].id = kToSsh;
  filter.find("INPUT")->rules[1].id = kReject;
  filter.find("ssh")->rules[0].id = kSshLog;
  filter.find("ssh")->rules[1].id = kSshDrop;
  return WrittenRules(view);
}

TraceEvent entry(Kind kind, ir::Hook hook, std::string out = {}) {
  const auto packet = net::parse_packet("tcp 192.0.2.9:40000 > 192.0.2.1:22 in eth0");
  const auto bytes = packet->bytes();
  TraceEvent event{.kind = kind, .hook = hook};
  event.seen = backend::TracedPacket{
      .network = {bytes.begin(), bytes.begin() + 20},
      .transport = {bytes.begin() + 20, bytes.end()},
      .in_interface = "eth0",
      .out_interface = std::move(out),
      .state = hook == ir::Hook::kPrerouting ? std::nullopt : std::optional(ir::CtState::kNew)};
  return event;
}
TraceEvent started() { return entry(Kind::kStarted, ir::Hook::kPrerouting); }
TraceEvent rule(ir::RuleId id, Verdict verdict) {
  return {.kind = Kind::kRule, .verdict = verdict, .rule = id};
}
TraceEvent policy(ir::RuleId id, Verdict verdict) {
  return {.kind = Kind::kPolicy, .verdict = verdict, .rule = id};
}
TraceEvent theirs(uint64_t handle, Verdict verdict) {
  return {.kind = Kind::kOther,
          .verdict = verdict,
          .table_family = "inet",
          .table = "theirs",
          .chain = "in",
          .handle = handle};
}

TraceReport told(std::vector<TraceEvent> steps) {
  PacketTrace trace{.steps = std::move(steps)};
  trace.began.wall = std::chrono::system_clock::time_point(std::chrono::microseconds(1'500'001));
  return report_of(trace, written());
}
// Without the first line.
std::string text(const TraceReport& report) {
  std::string all = trace_text(report, Paint());
  return all.substr(all.find('\n') + 1);
}

TEST(TraceReport, EachRuleWithItsNumberAndTheOneThatDecides) {
  const TraceReport report =
      told({started(), entry(Kind::kNothing, ir::Hook::kInput), rule(kToSsh, Verdict::kJump),
            rule(kSshLog, Verdict::kGoesOn), rule(kSshDrop, Verdict::kDrop)});
  EXPECT_EQ(report.packet, "tcp 192.0.2.9:40000 > 192.0.2.1:22 new in eth0 flags syn length 40");
  EXPECT_EQ(report.fate, Fate::kDropped);
  EXPECT_EQ(text(report),
            "    filter  INPUT  1  -p tcp -m tcp --dport 22 -j ssh\n"
            "    filter  ssh    1  -s 192.0.2.9/32 -j LOG\n"
            "    filter  ssh    2  -j DROP\n"
            "    dropped by rule 2 of ssh\n\n");
}

TEST(TraceReport, ThePolicyDecides) {
  EXPECT_EQ(text(told({started(), policy(kInputPolicy, Verdict::kDrop)})),
            "    filter  INPUT    policy DROP\n    dropped by the policy of INPUT\n\n");
}

TEST(TraceReport, ThePacketIsToldWithItsWayOut) {
  EXPECT_EQ(told({started(), entry(Kind::kArrived, ir::Hook::kPostrouting, "eth1")}).packet,
            "tcp 192.0.2.9:40000 > 192.0.2.1:22 new in eth0 out eth1 flags syn length 40");
}

TEST(TraceReport, FiltersWordCountsIfItArrives) {
  const std::vector<TraceEvent> steps = {started(), rule(kRaw, Verdict::kAccept),
                                         rule(kReject, Verdict::kAccept),
                                         entry(Kind::kArrived, ir::Hook::kInput)};
  EXPECT_EQ(told(steps).decided, "rule 2 of INPUT");
  EXPECT_EQ(told(steps).fate, Fate::kAccepted);
  EXPECT_EQ(text(told({started(), entry(Kind::kArrived, ir::Hook::kInput)})),
            "    accepted: no rule of table filter stands in its way\n\n");
}

TEST(TraceReport, ARejectIsNoDrop) {
  EXPECT_EQ(told({started(), rule(kReject, Verdict::kDrop)}).fate, Fate::kRejected);
}

TEST(TraceReport, OtherTablesAreNamedAndTheirPoliciesIfTheyDrop) {
  EXPECT_EQ(text(told({started(), policy(kPreroutingPolicy, Verdict::kAccept),
                       rule(kRaw, Verdict::kDrop)})),
            "    raw  PREROUTING  1  -p tcp -j ACCEPT\n"
            "    dropped by rule 1 of PREROUTING in table raw\n\n");
}

TEST(TraceReport, AnotherProgramsDropIsNamed) {
  EXPECT_EQ(text(told({started(), policy(kInputPolicy, Verdict::kAccept),
                       theirs(7, Verdict::kGoesOn), theirs(0, Verdict::kDrop)})),
            "    filter       INPUT    policy DROP\n"
            "    inet theirs  in       rule with handle 7: goes on\n"
            "    inet theirs  in       policy drop\n"
            "    dropped by nft table inet theirs, chain in (its policy)\n\n");
  EXPECT_EQ(told({started(), theirs(7, Verdict::kDrop)}).decided,
            "nft table inet theirs, chain in (rule with handle 7)");
  EXPECT_EQ(told({started(), theirs(0, Verdict::kAccept)}).rows.size(), 0u);
}

TEST(TraceReport, ACheckThatDropsIsTheRuleItWasMadeFor) {
  TraceEvent jump{.kind = Kind::kCheck, .verdict = Verdict::kJump, .rule = kToSsh};
  TraceEvent drop{.kind = Kind::kCheck, .verdict = Verdict::kDrop};
  EXPECT_EQ(text(told({started(), jump, drop})),
            "    filter  INPUT  1  -p tcp -m tcp --dport 22 -j ssh\n"
            "    dropped by rule 1 of INPUT: the header that it asks for is cut off\n\n");
  drop.verdict = Verdict::kReturn;
  EXPECT_EQ(told({started(), jump, drop}).rows.size(), 0u);
}

TEST(TraceReport, WhatNobodyHasDroppedAndDidNotArriveIsLost) {
  const TraceReport lost = told({started(), policy(kPreroutingPolicy, Verdict::kAccept)});
  EXPECT_EQ(lost.fate, Fate::kLost);
  EXPECT_EQ(lost.decided, "PREROUTING");
  EXPECT_NE(text(lost).find("lost behind PREROUTING, and no nf_tables rule dropped it"),
            std::string::npos);
  EXPECT_EQ(told({started(), theirs(3, Verdict::kQueue)}).fate, Fate::kTaken);
}

TEST(TraceReport, WhoseStepsAreMissingIsNotCalledLost) {
  PacketTrace trace{.steps = {started(), rule(kToSsh, Verdict::kJump)}, .gaps = true};
  EXPECT_EQ(report_of(trace, written()).fate, Fate::kMissed);
  trace.steps.push_back(rule(kSshDrop, Verdict::kDrop));
  EXPECT_EQ(report_of(trace, written()).fate, Fate::kDropped);
}

TEST(TraceReport, ARuleThatIsNotWrittenIsShownAsNftHasIt) {
  TraceEvent gone = rule(99, Verdict::kDrop);
  gone.table_family = "ip";
  gone.table = "bulkhead";
  gone.chain = "filter/INPUT";
  gone.handle = 12;
  EXPECT_EQ(told({started(), gone}).decided,
            "nft table ip bulkhead, chain filter/INPUT (rule with handle 12)");
}

TEST(TraceReport, JsonIsOneLine) {
  const std::string line =
      trace_json(told({started(), rule(kToSsh, Verdict::kJump), theirs(7, Verdict::kDrop)}));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = Json::parse(line);
  EXPECT_EQ(json["time"], 1.500001);
  EXPECT_EQ(json["verdict"], "dropped");
  EXPECT_EQ(json["steps"][0]["rule"], "-p tcp -m tcp --dport 22 -j ssh");
  EXPECT_EQ(json["steps"][0]["number"], 1);
  EXPECT_EQ(json["steps"][1]["table"], "inet theirs");
  EXPECT_EQ(json["steps"][1]["handle"], 7);
  EXPECT_EQ(json["steps"][1]["verdict"], "drop");
}

TEST(TraceReport, ColoursChangeNothingElse) {
  const TraceReport report = told({started(), rule(kSshDrop, Verdict::kDrop)});
  std::string dyed = trace_text(report, Paint(true));
  EXPECT_NE(dyed.find("\x1b[1;31mdropped"), std::string::npos);
  for (size_t at; (at = dyed.find('\x1b')) != dyed.npos;)
    dyed.erase(at, dyed.find('m', at) - at + 1);
  EXPECT_EQ(dyed, trace_text(report, Paint()));
}

TEST(TraceReport, TheSummarySaysWhatIsMissing) {
  TraceTotals totals{.fates = {{Fate::kDropped, 2}, {Fate::kAccepted, 1}}};
  EXPECT_EQ(trace_summary(totals), "3 packets: 1 accepted, 2 dropped\n");
  EXPECT_EQ(trace_summary({}), "0 packets\n");
  totals.lost_events = 1;
  EXPECT_NE(trace_summary(totals).find("warning: events came faster"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::app
