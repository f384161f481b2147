// SPDX-License-Identifier: GPL-2.0-or-later
// Each check has rules (or facts of a host) that pass it and some that fail it; what fails has a
// witness that the simulator treats as said, and the commands that are named make it pass.

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/audit/remedy.h"
#include "app/audit_rules.h"
#include "app/json.h"

namespace bulkhead::app::audit {
namespace {

using net::Family;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A host on which all is well.
HostFacts well() {
  HostFacts facts;
  facts.interfaces = interfaces();
  facts.sysctls = {{"net.ipv4.ip_forward", "0"}, {"net.ipv6.conf.all.forwarding", "0"}};
  for (const char* const interface : {"all", "default", "eth0"}) {
    for (const char* const key :
         {"accept_redirects", "secure_redirects", "send_redirects", "accept_source_route"})
      facts.sysctls[fmt::format("net.ipv4.conf.{}.{}", interface, key)] = "0";
    for (const char* const key : {"accept_redirects", "accept_source_route"})
      facts.sysctls[fmt::format("net.ipv6.conf.{}.{}", interface, key)] = "0";
    facts.sysctls[fmt::format("net.ipv4.conf.{}.rp_filter", interface)] = "1";
  }
  facts.listeners = {{.protocol = net::kTcp, .port = 80, .address = {}, .family = Family::kIpv4}};
  facts.saved.same = true;
  facts.boot.when = BootState::When::kBeforeNetwork;
  return facts;
}

struct RulesCase {
  const char* id;
  Family family;
  std::string passes;
  std::string fails;
  const char* witness;  // is in its words; empty: there is none
  bool wants_host = false;
  // Of IPv4, where IPv6 is compared with it.
  std::string other = {};
};

const std::vector<RulesCase>& rules_cases() {
  static const std::vector<RulesCase> kCases = {
      {"ssh-management", Family::kIpv4, filter("DDA", kSsh + kAnswers),
       filter("DDA", "-A INPUT -s 192.0.2.10 -p tcp --dport 22 -j ACCEPT\n" + kAnswers),
       "tcp 192.0.2.9:40000 > "},
      {"ssh-management", Family::kIpv6,
       filter("DDA", "-A INPUT -s 2001:db8::9 -p tcp --dport 22 -j ACCEPT\n" + kAnswers),
       filter("DDA", "-A INPUT -p tcp --dport 22 -j DROP\n" + kAnswers),
       "tcp [2001:db8::9]:40000 > "},
      {"ssh-only-management", Family::kIpv4, filter("DDA", kSsh),
       filter("DDA", "-A INPUT -s 192.0.2.0/28 -p tcp --dport 22 -j ACCEPT\n"), ":22 new in"},
      {"ssh-only-management", Family::kIpv4, filter("DDA", kSsh + kWeb),
       "*nat\n-A PREROUTING -p tcp --dport 2222 -j REDIRECT --to-ports 22\nCOMMIT\n" +
           filter("DDA", "-A INPUT -p tcp --dport 22 -j ACCEPT\n"),
       " > "},
      {"ssh-rate", Family::kIpv4,
       filter("DDA",
              "-A INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -m limit --limit 6/min -j "
              "ACCEPT\n"),
       filter("DDA", kSsh), "tcp 192.0.2.9:40000 > "},
      {"loopback-accepted", Family::kIpv4, filter("DDA", kLo), filter("DDA", kAnswers), "tcp 127."},
      {"loopback-accepted", Family::kIpv4, filter("DDA", kLo), filter("DDD", kLo), "out lo"},
      {"established", Family::kIpv4,
       filter("DDA", "-A INPUT -s 198.51.100.0/24 -j DROP\n" + kAnswers), filter("DDA", kWeb),
       "established in"},
      {"input-drop", Family::kIpv4, filter("DDA", kSsh), filter("ADA", kSsh), " new in "},
      {"input-drop", Family::kIpv4, filter("ADA", kSsh + "-A INPUT -j REJECT\n"),
       filter("ADA", kSsh + "-A INPUT -p tcp -j REJECT\n"), "udp "},
      {"forward-drop", Family::kIpv4,
       filter("DDA", "-A FORWARD -m state --state ESTABLISHED -j ACCEPT\n"),
       filter("DDA", "-A FORWARD -i eth0 -o eth1 -j ACCEPT\n"), "in eth0 out eth1"},
      {"any-any", Family::kIpv4, filter("DDA", kLo + kAnswers + kWeb),
       filter("DDA", kLo + "-A INPUT -p tcp -m tcp --dport 1024:65535 -j ACCEPT\n"), "tcp "},
      {"any-any", Family::kIpv4, filter("DDA", "-A INPUT -s 10.0.0.0/8 -j ACCEPT\n"),
       filter("DDA", "-A INPUT ! -s 10.0.0.0/8 -j ACCEPT\n"), "tcp "},
      {"loopback-spoofed", Family::kIpv4, filter("DDA", kLo + kSpoofed + kWeb),
       filter("DDA", kLo + kWeb), "tcp 127."},
      {"loopback-spoofed", Family::kIpv6, filter("DDA", "-A INPUT ! -i lo -s ::1 -j DROP\n" + kWeb),
       filter("DDA", kWeb), "tcp [::1]:"},
      {"invalid", Family::kIpv4, filter("DDA", kInvalid + kWeb), filter("DDA", kWeb), "invalid in"},
      {"admin-ports", Family::kIpv4,
       filter("DDA", "-A INPUT -s 10.0.0.0/8 -p tcp --dport 3306 -j ACCEPT\n"),
       filter("DDA", "-A INPUT -p tcp -m multiport --dports 80,3306 -j ACCEPT\n"), ":3306 new"},
      {"admin-ports", Family::kIpv4,
       "*nat\n-A PREROUTING -p tcp --dport 8306 -j REDIRECT --to-ports 8307\nCOMMIT\n" +
           filter("DDA", "-A INPUT -p tcp --dport 8307 -j ACCEPT\n"),
       "*nat\n-A PREROUTING -p tcp --dport 8306 -j REDIRECT --to-ports 3306\nCOMMIT\n" +
           filter("DDA", "-A INPUT -p tcp --dport 3306 -j ACCEPT\n"),
       " > "},
      {"admin-ports", Family::kIpv6, filter("DDA", kWeb),
       filter("DDA", "-A INPUT -p udp --dport 111 -j ACCEPT\n"), ":111 new"},
      {"published-ports", Family::kIpv4,
       "*nat\n-A PREROUTING -p tcp --dport 6379 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n" +
           filter("DDA", "-A FORWARD -d 172.17.0.2 -j ACCEPT\n"),
       "*nat\n-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination "
       "172.17.0.2:6379\nCOMMIT\n" +
           filter("DDA", "-A FORWARD -d 172.17.0.2 -j ACCEPT\n"),
       ":8080 new in"},
      {"neighbours", Family::kIpv6, filter("DDA", "-A INPUT -p ipv6-icmp -j ACCEPT\n"),
       filter("DDA",
              "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 133 -j ACCEPT\n"
              "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 134 -j ACCEPT\n"
              "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT\n"),
       "type 135/0"},
      {"too-big", Family::kIpv6, filter("DDA", kAnswers),
       filter("DDA", "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"), "related in"},
      {"v6-as-v4", Family::kIpv6, filter("DDA", kWeb),
       filter("DDA", kWeb + "-A INPUT -p tcp --dport 8080 -j ACCEPT\n"), ":8080 new", false,
       filter("DDA", kWeb)},
      {"v6-as-v4", Family::kIpv6, filter("DDA", kWeb), filter("DDA", kSsh.substr(0, 0)), ":80 new",
       false, filter("DDA", kWeb)},
      {"egress", Family::kIpv4,
       filter("DDA",
              "-A OUTPUT -d 192.0.2.0/24 -p tcp -m multiport --dports "
              "22,135,445,3389,5985:5986 -m state --state NEW -j DROP\n"),
       filter("DDA",
              "-A OUTPUT -d 192.0.2.0/24 -p tcp -m multiport --dports 22,135,3389,5985:5986 "
              "-m state --state NEW -j DROP\n"),
       ":445 new out"},
      {"drops-logged", Family::kIpv4,
       filter("DDA", kWeb + "-A INPUT -m limit --limit 5/min -j LOG\n"), filter("DDA", kWeb),
       " new in "},
      {"drops-logged", Family::kIpv4,
       filter("DDA", "-A INPUT -m limit --limit 5/min -j NFLOG\n-A INPUT -j DROP\n"),
       filter("ADA", kWeb + "-A INPUT -j DROP\n"), " new in "},
      {"drops-logged", Family::kIpv4, filter("DDA", "-A INPUT -m limit --limit 5/min -j LOG\n"),
       filter("DDA", "-A INPUT -j LOG\n"), " new in "},
      {"dead-rules", Family::kIpv4, filter("DDA", kSsh + kWeb),
       filter("DDA", kWeb + "-A INPUT -s 192.0.2.9 -p tcp --dport 80 -j DROP\n"), ""},
      {"openings", Family::kIpv4, filter("DDA", kWeb),
       filter("DDA", kWeb + "-A INPUT -p tcp --dport 8080 -j ACCEPT\n"), ":8080 new in eth0", true},
      {"listeners", Family::kIpv4, filter("DDA", kWeb), filter("DDA", kSsh), ":80 new in eth0",
       true},
  };
  return kCases;
}

class RulesChecks : public ::testing::TestWithParam<RulesCase> {};

TEST_P(RulesChecks, PassAndFail) {
  const RulesCase& one = GetParam();
  const HostFacts facts = well();
  const HostFacts* const host = one.wants_host ? &facts : nullptr;
  const auto rulesets = [&](const ir::Ruleset& own) {
    std::vector<ir::Ruleset> all;
    if (!one.other.empty()) all.push_back(parsed(one.other, Family::kIpv4));
    all.push_back(own);
    return all;
  };
  const Answer good = answer_of(one.id, rulesets(parsed(one.passes, one.family)), host);
  EXPECT_EQ(good.verdict, Verdict::kPass)
      << one.id << ": " << (good.findings.empty() ? good.why : good.findings.front().text);

  ir::Ruleset bad = parsed(one.fails, one.family);
  const Answer answer = answer_of(one.id, rulesets(bad), host);
  ASSERT_EQ(answer.verdict, Verdict::kFail) << one.id << ": " << answer.why;
  for (const Finding& finding : answer.findings) {
    if (*one.witness != '\0') {
      ASSERT_TRUE(finding.witness);
      EXPECT_THAT(net::to_string(finding.witness->packet), HasSubstr(one.witness));
      EXPECT_TRUE(finding.witness->certain) << net::to_string(finding.witness->packet);
      EXPECT_EQ(finding.witness->passes, finding.witness->verdict == "accepted");
    }
    ASSERT_THAT(finding.remedy, Not(IsEmpty())) << finding.text;
    const auto mended = behind(bad, finding.remedy);
    ASSERT_TRUE(mended) << finding.remedy.front();
    bad = *mended;
  }
  const Answer after = answer_of(one.id, rulesets(bad), host);
  EXPECT_EQ(after.verdict, Verdict::kPass)
      << one.id << " after " << answer.findings.front().remedy.front() << ": "
      << (after.findings.empty() ? after.why : after.findings.front().text);
}

std::string case_name(std::string id, size_t index) {
  std::ranges::replace(id, '-', '_');
  return fmt::format("{}_{}", id, index);
}

INSTANTIATE_TEST_SUITE_P(Audit, RulesChecks, ::testing::ValuesIn(rules_cases()),
                         [](const auto& one) { return case_name(one.param.id, one.index); });

struct HostCase {
  const char* id;
  std::function<void(HostFacts&)> spoil;
  const char* remedy;
};

const std::vector<HostCase>& host_cases() {
  const auto set = [](const char* name, const char* value) {
    return [=](HostFacts& facts) { facts.sysctls[name] = value; };
  };
  static const std::vector<HostCase> kCases = {
      {"ip-forward", set("net.ipv4.ip_forward", "1"), "sysctl -w net.ipv4.ip_forward=0"},
      {"ip-forward", set("net.ipv4.conf.eth0.forwarding", "1"),
       "sysctl -w net.ipv4.conf.eth0.forwarding=0"},
      {"ip-forward", set("net.ipv6.conf.eth0.force_forwarding", "1"),
       "sysctl -w net.ipv6.conf.eth0.force_forwarding=0"},
      {"rp-filter",
       [](HostFacts& facts) {
         facts.sysctls["net.ipv4.conf.all.rp_filter"] = "0";
         facts.sysctls["net.ipv4.conf.eth0.rp_filter"] = "0";
       },
       "sysctl -w net.ipv4.conf.all.rp_filter=1"},
      {"redirects", set("net.ipv6.conf.eth0.accept_redirects", "1"),
       "sysctl -w net.ipv6.conf.eth0.accept_redirects=0"},
      {"redirects", set("net.ipv4.conf.all.send_redirects", "1"),
       "sysctl -w net.ipv4.conf.all.send_redirects=0"},
      {"source-routes",
       [](HostFacts& facts) {
         facts.sysctls["net.ipv4.conf.all.accept_source_route"] = "1";
         facts.sysctls["net.ipv4.conf.eth0.accept_source_route"] = "1";
       },
       "sysctl -w net.ipv4.conf.all.accept_source_route=0"},
      {"saved",
       [](HostFacts& facts) {
         facts.saved = {false, "never"};
       },
       "bulkhead save"},
      {"boot",
       [](HostFacts& facts) {
         facts.boot = {BootState::When::kLater, "cron loads them", true};
       },
       "systemctl enable bulkhead"},
      {"one-firewall",
       [](HostFacts& facts) {
         facts.others = {{"ufw.service is started at boot", "systemctl disable ufw.service"}};
       },
       "systemctl disable ufw.service"},
  };
  return kCases;
}

class HostChecks : public ::testing::TestWithParam<HostCase> {};

TEST_P(HostChecks, PassAndFail) {
  const HostCase& one = GetParam();
  HostFacts facts = well();
  EXPECT_EQ(answer_of(one.id, {}, &facts).verdict, Verdict::kPass);
  one.spoil(facts);
  const Answer answer = answer_of(one.id, {}, &facts);
  ASSERT_EQ(answer.verdict, Verdict::kFail);
  EXPECT_THAT(answer.findings.front().remedy, ::testing::Contains(one.remedy));
}

INSTANTIATE_TEST_SUITE_P(Audit, HostChecks, ::testing::ValuesIn(host_cases()),
                         [](const auto& one) { return case_name(one.param.id, one.index); });

TEST(Audit, NoCheckIsWithoutItsTwo) {
  std::set<std::string_view> tested{"management-small"};  // its remedy is a person's
  for (const RulesCase& one : rules_cases()) tested.insert(one.id);
  for (const HostCase& one : host_cases()) tested.insert(one.id);
  std::set<std::string_view> all;
  std::vector<std::string_view> groups;
  for (const Check& check : checks()) {
    all.insert(check.id);
    EXPECT_FALSE(check.sources.empty()) << check.id;
    EXPECT_NE(check.of_host == nullptr, check.of_rules == nullptr) << check.id;
    if (groups.empty() || groups.back() != check.group) groups.push_back(check.group);
  }
  EXPECT_EQ(tested, all);
  EXPECT_EQ(groups.size(), std::set(groups.begin(), groups.end()).size())
      << "a group's checks stand together";
}

TEST(Audit, ManagementIsSmall) {
  const auto rules =
      parsed(filter("DDA", "-A INPUT -s 10.0.0.0/16 -p tcp --dport 22 -j ACCEPT\n"), Family::kIpv4);
  EXPECT_EQ(answer_of("management-small", {rules}, nullptr).verdict, Verdict::kPass);
  Declared large = declared();
  large.management = {network("10.0.0.0/16")};
  const Answer answer = answer_of("management-small", {rules}, nullptr, large);
  ASSERT_EQ(answer.verdict, Verdict::kFail);
  EXPECT_THAT(answer.findings.front().text, HasSubstr("10.0.0.0/16"));
  EXPECT_THAT(net::to_string(answer.findings.front().witness->packet), HasSubstr("tcp 10.0."));
  // Where nobody is declared, those count that the rules let in.
  large.management.clear();
  EXPECT_EQ(answer_of("management-small", {rules}, nullptr, large).verdict, Verdict::kFail);
}

TEST(Audit, WhatIsDeclaredIsNoFault) {
  const auto rules = parsed(filter("DDA", "-A FORWARD -j ACCEPT\n"), Family::kIpv4);
  Declared what = declared();
  EXPECT_EQ(answer_of("forward-drop", {rules}, nullptr, what).verdict, Verdict::kFail);
  what.forwarding = true;
  EXPECT_EQ(answer_of("forward-drop", {rules}, nullptr, what).verdict, Verdict::kPass);
  const auto open = parsed(filter("DAA", ""), Family::kIpv4);
  EXPECT_EQ(answer_of("forward-drop", {open}, nullptr, what).verdict, Verdict::kFail);

  EXPECT_EQ(answer_of("egress", {rules}, nullptr, what).verdict, Verdict::kFail);
  what.egress = {22, 135, 445, 3389, 5985, 5986};
  EXPECT_EQ(answer_of("egress", {rules}, nullptr, what).verdict, Verdict::kPass);
}

TEST(Audit, WhoeverManagesStaysInWhenInputIsClosed) {
  const auto open = parsed(filter("AAA", ""), Family::kIpv4);
  const Answer answer = answer_of("input-drop", {open}, nullptr);
  EXPECT_THAT(answer.findings.front().remedy,
              ElementsAre("iptables -A INPUT -i lo -j ACCEPT",
                          "iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                          "iptables -A INPUT -s 192.0.2.9/32 -p tcp --dport 22 -j ACCEPT",
                          "iptables -P INPUT DROP"));
  Declared nobody = declared();
  nobody.management.clear();
  EXPECT_THAT(answer_of("input-drop", {open}, nullptr, nobody).findings.front().note,
              HasSubstr("--management"));
}

TEST(Audit, OutOfMemoryNothingPasses) {
  std::string rules;
  for (int i = 1; i < 200; ++i)
    rules += fmt::format("-A INPUT -s 10.{}.0.0/{} -p tcp --dport {} -j ACCEPT\n", i, 16 + i % 16,
                         1000 + 7 * i);
  Input input{.rulesets = {parsed(filter("DDA", rules), Family::kIpv4)},
              .host = nullptr,
              .declared = declared(),
              .skipped = {},
              .limits = {.bytes = 1}};
  for (const CheckResult& result : audit(input)) {
    if (result.check->only) continue;
    EXPECT_EQ(result.answer.verdict, Verdict::kUnknown) << result.check->id;
    EXPECT_THAT(result.answer.why, HasSubstr("not decided: the analysis needs more than"));
  }
  EXPECT_FALSE(all_pass(audit(input)));
}

TEST(Audit, AHostWithoutIp6NeedsNoRulesForIt) {
  HostFacts facts = well();
  facts.ip6_on = false;
  const std::vector<ir::Ruleset> rules{parsed(filter("DDA", kSsh), Family::kIpv4),
                                       parsed(filter("AAA", ""), Family::kIpv6)};
  EXPECT_EQ(answer_of("v6-as-v4", rules, &facts).verdict, Verdict::kPass);
  EXPECT_EQ(answer_of("input-drop", rules, &facts).verdict, Verdict::kPass);
  facts.ip6_on = true;
  EXPECT_EQ(answer_of("v6-as-v4", rules, &facts).verdict, Verdict::kFail);
  EXPECT_EQ(answer_of("input-drop", rules, &facts).verdict, Verdict::kFail);
}

TEST(Audit, ListenersAreReadFromProc) {
  const auto found = parse_listeners(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
      "   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
      "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
      "   2: 010200C0:0016 090200C0:9C40 01 00000000:00000000 00:00000000 00000000     0\n",
      net::kTcp, Family::kIpv4);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].port, 3306);
  EXPECT_EQ(net::to_string(*found[0].address), "127.0.0.1");
  EXPECT_EQ(found[1].port, 80);
  EXPECT_FALSE(found[1].address);
}

TEST(AuditText, SaysWhatIsWrongAndHowToMendIt) {
  Input input{.rulesets = {parsed(filter("DDA", kLo + kAnswers + kWeb), Family::kIpv4)},
              .host = nullptr,
              .declared = declared(),
              .skipped = {},
              .limits = {}};
  const auto results = audit(input);
  const std::string text = audit_text("rules.v4", false, results, Paint(), false);
  EXPECT_THAT(text, HasSubstr("FAIL  invalid "));
  EXPECT_THAT(text,
              HasSubstr("is accepted by rule 3 of INPUT  -p tcp -m tcp --dport 80 -j ACCEPT"));
  EXPECT_THAT(text, HasSubstr("iptables -I INPUT -m conntrack --ctstate INVALID -j DROP"));
  EXPECT_THAT(text, HasSubstr("isn't asked of a file"));
  EXPECT_THAT(audit_text("x", true, results, Paint(), true), HasSubstr("✗     invalid "));
  const auto json = Json::parse(audit_json("rules.v4", results));
  EXPECT_EQ(json["pass"], false);
  EXPECT_EQ(json["checks"].size(), results.size());
}

TEST(AuditOptionsTest, DeclarationsAreReadAndRefused) {
  AuditOptions options;
  options.management = {"192.0.2.9,2001:db8::/64"};
  options.declared = {"forwarding", "egress=22,445", "subnet=192.0.2.0/24"};
  const auto what = declared_by({}, options);
  ASSERT_TRUE(what.ok()) << what.error().message;
  EXPECT_EQ(what->management.size(), 2u);
  EXPECT_TRUE(what->forwarding);
  EXPECT_THAT(what->egress, ElementsAre(22, 445));
  EXPECT_EQ(what->subnets.size(), 1u);
  for (const char* const wrong : {"forward", "egress", "egress=x", "subnet=lan", "egress=70000"}) {
    options.declared = {wrong};
    const auto refused = declared_by({}, options);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace bulkhead::app::audit
