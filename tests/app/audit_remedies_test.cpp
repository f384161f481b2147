// SPDX-License-Identifier: GPL-2.0-or-later
// What the audit tells one to type: typed as it stands, in its order, it leaves a host on which
// nothing is worse than before and whose management still gets in.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/audit/remedy.h"
#include "app/audit_rules.h"

namespace bulkhead::app::audit {
namespace {

using net::Family;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kSshRate =
    "-A INPUT ! -i lo -p tcp --dport 22 -m conntrack --ctstate NEW -m hashlimit --hashlimit-above "
    "10/min --hashlimit-mode srcip --hashlimit-name ssh -j DROP\n";
const std::string kLogged = "-A INPUT -m limit --limit 10/min -j LOG --log-prefix \"drop: \"\n";

Declared managed() { return {.management = {network("192.0.2.9"), network("2001:db8::9")}}; }

std::vector<CheckResult> audited(const std::vector<ir::Ruleset>& rulesets, const Declared& what) {
  return audit(
      {.rulesets = rulesets, .host = nullptr, .declared = what, .skipped = {}, .limits = {}});
}

const Answer& of(const std::vector<CheckResult>& results, std::string_view id) {
  for (const CheckResult& result : results)
    if (result.check->id == id) return result.answer;
  ADD_FAILURE() << "no answer of " << id;
  return results.front().answer;
}

Commands commands_of(const Answer& answer) {
  Commands all;
  for (const Finding& finding : answer.findings)
    all.insert(all.end(), finding.remedy.begin(), finding.remedy.end());
  return all;
}

Commands commands_of(const std::vector<CheckResult>& results) {
  Commands all;
  for (const CheckResult& result : results)
    for (const std::string& each : commands_of(result.answer)) all.push_back(each);
  return all;
}

// The rules behind all commands of the audit, in the order of the report.
struct Mended {
  std::vector<CheckResult> before;
  std::vector<CheckResult> after;
  ir::Ruleset rules;
};
Mended mended(const std::string& text, const Declared& what = managed(),
              Family family = Family::kIpv4) {
  const ir::Ruleset rules = parsed(text, family);
  Mended all{audited({rules}, what), {}, rules};
  for (const std::string& each : commands_of(all.before)) {
    const auto changed = behind(all.rules, {each});
    EXPECT_TRUE(changed) << each;
    if (changed) all.rules = *changed;
  }
  all.after = audited({all.rules}, what);
  return all;
}

bool gets_in(const ir::Ruleset& rules, const std::string& packet) {
  return passes(rules, *net::parse_packet(packet), net::Direction::kInput);
}
const char* const kManagement = "tcp 192.0.2.9:40000 > 192.0.2.20:22 new in eth0";

std::string script(const Mended& it) {
  return fmt::format("{}", fmt::join(commands_of(it.before), "\n"));
}

// --- the general property

void never_worse(const std::string& text, Family family, const Declared& what) {
  const Mended it = mended(text, what, family);
  ASSERT_EQ(it.before.size(), it.after.size());
  for (size_t i = 0; i < it.before.size(); ++i) {
    const Answer& before = it.before[i].answer;
    const Answer& after = it.after[i].answer;
    const auto why = [&] {
      return fmt::format("{} of\n{}behind\n{}\n{}", it.before[i].check->id, text, script(it),
                         after.findings.empty() ? after.why : after.findings.front().text);
    };
    if (before.verdict == Verdict::kPass) {
      EXPECT_TRUE(after.verdict == Verdict::kPass || after.verdict == Verdict::kNotApplicable)
          << why();
    }
    if (before.verdict != Verdict::kFail) continue;
    size_t hopeless = 0;
    for (const Finding& finding : before.findings) {
      hopeless += finding.remedy.empty() && !finding.note.starts_with("mended") ? 1 : 0;
      EXPECT_FALSE(finding.remedy.empty() && finding.note.empty()) << why();
    }
    if (hopeless == 0) {
      EXPECT_NE(after.verdict, Verdict::kFail) << why();
    }
  }
  const bool ip6 = family == Family::kIpv6;
  const std::string own =
      ip6 ? "tcp [2001:db8::9]:40000 > [2001:db8::20]:22 new in eth0" : kManagement;
  if (gets_in(parsed(text, family), own)) {
    EXPECT_TRUE(gets_in(it.rules, own)) << text << script(it);
  }
  // Typing them once is enough.
  const Mended again = mended(rules_text(it.rules, Counts::kLeftOut), what, family);
  EXPECT_THAT(commands_of(again.before), IsEmpty()) << text << script(it);
}

struct Layout {
  const char* name;
  std::string text;
  Family family = Family::kIpv4;
};

const std::string kDropsAll =
    ":svc -\n:lim -\n:log -\n"
    "-A INPUT -j log\n"
    "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
    "-A INPUT -j LOG\n"
    "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
    "-A INPUT -p tcp -g svc\n"
    "-A INPUT -p tcp --dport 22 -j lim\n"
    "-A INPUT -p tcp -m multiport --dports 80,443,3306 -j ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
    "-A log -m limit --limit 3/min -j LOG\n"
    "-A log -j DROP\n";

const std::vector<Layout>& layouts() {
  static const std::vector<Layout> kAll = {
      {"Empty", filter("AAA", "")},
      {"EmptyIp6", filter("AAA", ""), Family::kIpv6},
      {"Hardened", filter("DDD", kLo + kInvalid + kSpoofed + kAnswers + kSshRate + kSsh + kLogged +
                                     "-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -m conntrack --ctstate "
                                     "NEW,ESTABLISHED -j ACCEPT\n")},
      {"EndsInAReject", filter("AAA", kLo + "-A INPUT -p tcp -j ACCEPT\n-A INPUT -p icmp -j "
                                            "ACCEPT\n-A INPUT -j REJECT\n")},
      {"AcceptsAll", filter("AAA", kLo + kAnswers + "-A INPUT -j ACCEPT\n")},
      {"LogsEverything", filter("DDA", kLo + kAnswers + kSsh + kWeb +
                                           "-A INPUT -j LOG --log-prefix \"drop: \"\n-A INPUT -j "
                                           "DROP\n")},
      {"SaysAnswersTwice", filter("DDA", kLo + kAnswers + kInvalid + kSpoofed + kSsh + kAnswers)},
      {"OpensTwice", filter("DDA", kLo + kAnswers + "-A INPUT -p tcp --dport 3306 -j ACCEPT\n" +
                                       kSsh + "-A INPUT -p tcp --dport 3306 -j ACCEPT\n")},
      // As firewalld lays them out: zones by source and by interface.
      {"Zones",
       "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:INPUT_ZONES -\n:IN_public -\n"
       ":IN_public_allow -\n"
       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT\n" +
           kLo +
           "-A INPUT -j INPUT_ZONES\n"
           "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
           "-A INPUT -j REJECT --reject-with icmp-host-prohibited\n"
           "-A INPUT_ZONES -i eth0 -g IN_public\n-A INPUT_ZONES -g IN_public\n"
           "-A IN_public -j IN_public_allow\n-A IN_public -p icmp -j ACCEPT\n"
           "-A IN_public_allow -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT\n"
           "COMMIT\n"},
      // As ufw does: before, user, after; the policy ends it.
      {"BeforeUserAfter",
       "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:before -\n:user -\n:after -\n"
       "-A INPUT -j before\n-A INPUT -j user\n-A INPUT -j after\n"
       "-A before -i lo -j ACCEPT\n"
       "-A before -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
       "-A before -m conntrack --ctstate INVALID -j DROP\n"
       "-A before -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n"
       "-A before -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT\n"
       "-A user -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --set --name a\n"
       "-A user -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds "
       "30 --hitcount 6 --name a -j DROP\n"
       "-A user -p tcp -m tcp --dport 22 -j ACCEPT\n"
       "-A user -p tcp -m tcp --dport 3306 -j ACCEPT\n"
       "-A after -p udp -m udp --dport 137 -j DROP\n"
       "COMMIT\n"},
      // As Docker does: published ports.
      {"Containers",
       "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n:PUBLISHED -\n"
       "-A PREROUTING -m addrtype --dst-type LOCAL -j PUBLISHED\n"
       "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
       "-A PUBLISHED ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination "
       "172.17.0.2:6379\nCOMMIT\n"
       "*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\n:GUEST -\n"
       "-A FORWARD -j GUEST\n"
       "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
       "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n"
       "-A GUEST -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 6379 -j ACCEPT\n"
       "COMMIT\n"},
      {"RejectsAtTheEndIp6",
       filter("AAA", kLo + kAnswers + "-A INPUT -p tcp -j ACCEPT\n-A INPUT -j REJECT\n"),
       Family::kIpv6},
      // Rules that come alive at its top stand below, dead: which of two alike goes is a number.
      {"DropsAllAtTheTop", filter("AAA", kDropsAll)},
      {"DropsAllAtTheTopIp6", filter("AAA", kDropsAll), Family::kIpv6},
  };
  return kAll;
}

class AuditRemedies : public ::testing::TestWithParam<Layout> {};

TEST_P(AuditRemedies, AllOfThemTypedMakeNothingWorse) {
  never_worse(GetParam().text, GetParam().family, managed());
}

INSTANTIATE_TEST_SUITE_P(Layouts, AuditRemedies, ::testing::ValuesIn(layouts()),
                         [](const auto& one) { return one.param.name; });

// --- one by one

TEST(AuditRemediesOf, AWordIsNeverACommandOfTheShells) {
  const std::string words = "-A INPUT -m comment --comment \"it's $5 `touch x` $(id) a\\\\b\\\"\"";
  const std::string line = command(Family::kIpv4, words + " -j ACCEPT");
  EXPECT_EQ(
      line,
      "iptables -A INPUT -m comment --comment 'it'\\''s $5 `touch x` $(id) a\\b\"' -j ACCEPT");
  // And it still names the rule.
  const auto with = behind(parsed(filter("DDA", "")), {line});
  ASSERT_TRUE(with);
  EXPECT_EQ(rules_text(*with, Counts::kLeftOut),
            rules_text(parsed(filter("DDA", words + " -j ACCEPT\n")), Counts::kLeftOut));

  const Mended it = mended(
      filter("DDA", kLo + "-A INPUT -m comment --comment \"it costs $5 `touch x`\" -j ACCEPT\n"));
  EXPECT_THAT(commands_of(it.before), Contains(HasSubstr("'it costs $5 `touch x`'")));
  EXPECT_THAT(commands_of(it.before), Each(Not(HasSubstr("\""))));
}

TEST(AuditRemediesOf, ARejectIsNeverDeleted) {
  const Mended it = mended(layouts()[8].text);
  EXPECT_THAT(commands_of(it.before), Each(Not(HasSubstr("REJECT"))));
  EXPECT_FALSE(gets_in(it.rules, "tcp 198.51.100.66:40000 > 192.0.2.20:9000 new in eth0"));
}

TEST(AuditRemediesOf, NumbersAreThoseBehindTheCommandsBefore) {
  for (const bool limited : {false, true}) {
    const Mended it =
        mended(filter("DDA", kLo + kAnswers + kSsh + kWeb +
                                 (limited ? "" : "-A INPUT -j LOG --log-prefix \"drop: \"\n") +
                                 "-A INPUT -j DROP\n"));
    const auto& input = it.rules.find("filter")->find("INPUT")->rules;
    ASSERT_GE(input.size(), 2u);
    EXPECT_THAT(rule_words(input[input.size() - 2], Family::kIpv4),
                AllOf(HasSubstr("-j LOG"), HasSubstr("--limit")))
        << script(it);
    EXPECT_TRUE(gets_in(it.rules, "tcp 198.51.100.66:443 > 192.0.2.20:40000 established in eth0"));
  }
}

TEST(AuditRemediesOf, ADuplicateIsDeletedAndNotWhatStandsWhereItStood) {
  const Mended it = mended(filter("DDA", kLo + kAnswers + kInvalid + kSpoofed + kSsh + kAnswers));
  EXPECT_EQ(of(it.before, "dead-rules").verdict, Verdict::kFail);
  EXPECT_EQ(of(it.after, "dead-rules").verdict, Verdict::kPass) << script(it);
  EXPECT_TRUE(gets_in(it.rules, kManagement)) << script(it);
}

TEST(AuditRemediesOf, WhatStaysStandsBeforeAFinalReject) {
  const Mended it = mended(layouts()[3].text);
  EXPECT_EQ(of(it.after, "any-any").verdict, Verdict::kPass) << script(it);
  EXPECT_TRUE(gets_in(it.rules, kManagement)) << script(it);
}

TEST(AuditRemediesOf, WhoClosesWithoutANameIsTold) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    for (const std::string& rules : {kLo + kAnswers + "-A INPUT -j ACCEPT\n", std::string()}) {
      const auto results =
          audited({parsed(filter(rules.empty() ? "ADA" : "DDA", rules), family)}, {});
      const Answer& answer = of(results, rules.empty() ? "input-drop" : "any-any");
      ASSERT_THAT(commands_of(answer), Not(IsEmpty()));
      EXPECT_THAT(answer.findings.back().note, HasSubstr("--management"));
    }
  }
}

TEST(AuditRemediesOf, WhoIsNobodysManagementIsToldToNameIt) {
  const auto rules =
      parsed(filter("DDA", kLo + kAnswers + "-A INPUT -p tcp --dport 22 -j ACCEPT\n"));
  const auto results = audited({rules}, {});
  const Finding& finding = of(results, "ssh-only-management").findings.front();
  EXPECT_THAT(finding.remedy, IsEmpty());
  EXPECT_THAT(finding.note, AllOf(HasSubstr("--management ADDRESSES"),
                                  Not(HasSubstr("no command that was tried"))));
  EXPECT_THAT(of(results, "loopback-spoofed").findings.front().note, IsEmpty())
      << "nobody is shut out with a loopback address";
}

TEST(AuditRemediesOf, WhatOtherCommandsAreForIsSaid) {
  const auto results = audited({parsed(filter("DDA", kLo + kAnswers))}, managed());
  const Finding& finding = of(results, "ssh-management").findings.front();
  EXPECT_THAT(finding.remedy, Contains(HasSubstr("-m hashlimit")));
  EXPECT_THAT(finding.note,
              AllOf(HasSubstr("the last of these keep up what the others would break"),
                    HasSubstr("ssh-rate")));
}

TEST(AuditRemediesOf, AJumpThatIsNotKnownLeadsToTheRuleThatLetsIn) {
  const std::string jump =
      "-A FORWARD -m recent --rcheck --name ok -j known\n-A known -s 192.0.2.7 -j ACCEPT\n";
  const auto rules = parsed(filter("DDA", ":known -\n" + kLo + kAnswers + jump));
  const Answer answer = of(audited({rules}, managed()), "forward-drop");
  ASSERT_FALSE(answer.findings.empty());
  EXPECT_THAT(answer.findings.front().remedy,
              Contains("iptables -D known -s 192.0.2.7/32 -j ACCEPT"));
}

TEST(AuditRemediesOf, TwoWhoManageComeInBehindTheRateLimit) {
  Declared two = managed();
  two.management.push_back(network("192.0.2.10"));
  const Mended it = mended(filter("DDA", kLo + kAnswers + kInvalid + kSpoofed + kSshRate +
                                             "-A INPUT -p tcp --dport 22 -j ACCEPT\n" + kLogged),
                           two);
  EXPECT_EQ(of(it.before, "ssh-only-management").verdict, Verdict::kFail);
  for (const char* const id :
       {"ssh-only-management", "ssh-management", "ssh-rate", "invalid", "dead-rules"})
    EXPECT_EQ(of(it.after, id).verdict, Verdict::kPass) << id << "\n" << script(it);
  EXPECT_TRUE(gets_in(it.rules, "tcp 192.0.2.10:40000 > 192.0.2.20:22 new in eth0"));
}

TEST(AuditRemediesOf, WhatDoesNotHelpIsNotPrinted) {
  const std::string raw = "*raw\n-A PREROUTING -s 192.0.2.0/24 -j DROP\nCOMMIT\n";
  const auto dropped = audited({parsed(raw + filter("DDA", kLo + kAnswers))}, managed());
  ASSERT_EQ(of(dropped, "ssh-management").verdict, Verdict::kFail);
  EXPECT_THAT(commands_of(of(dropped, "ssh-management")), IsEmpty());
  EXPECT_THAT(of(dropped, "ssh-management").findings.front().note, Not(IsEmpty()));

  // Closed already: the policy would be no news.
  const auto by_set =
      audited({parsed(filter("DDA", kLo + kAnswers +
                                        "-A INPUT -p tcp --dport 22 -m recent --rcheck "
                                        "--name office -j ACCEPT\n"))},
              managed());
  EXPECT_THAT(commands_of(by_set), Each(Not(HasSubstr("-P INPUT"))));
  Declared router = managed();
  router.forwarding = true;
  const Mended published = mended(layouts()[10].text, router);
  EXPECT_EQ(of(published.before, "published-ports").verdict, Verdict::kFail);
  EXPECT_THAT(commands_of(published.before), Each(Not(HasSubstr("-P FORWARD"))));
  EXPECT_EQ(of(published.after, "published-ports").verdict, Verdict::kPass) << script(published);
}

TEST(AuditRemediesOf, APortThatTwoRulesOpenIsShutAltogether) {
  const Mended it = mended(layouts()[7].text);
  EXPECT_EQ(of(it.after, "admin-ports").verdict, Verdict::kPass) << script(it);
}

TEST(AuditRemediesOf, ARuleThatDoesNoHarmStays) {
  const Mended it = mended(filter("DDA", kLo + kAnswers + "-A INPUT -s 10.0.0.0/8 -j ACCEPT\n" +
                                             "-A INPUT -i eth0 -j ACCEPT\n"));
  EXPECT_EQ(of(it.after, "any-any").verdict, Verdict::kPass) << script(it);
  EXPECT_THAT(commands_of(of(it.before, "any-any")), Each(Not(HasSubstr("10.0.0.0/8"))));
}

TEST(AuditRemediesOf, WhatIp6LacksIsOpenedBeforeItsReject) {
  const auto v4 = parsed(filter("DDA", kLo + kAnswers + kWeb));
  auto v6 = parsed(filter("DDA", kLo + kAnswers +
                                     "-A INPUT -p ipv6-icmp -j ACCEPT\n-A INPUT -j "
                                     "REJECT\n"),
                   Family::kIpv6);
  const auto results = audited({v4, v6}, managed());
  ASSERT_EQ(of(results, "v6-as-v4").verdict, Verdict::kFail);
  for (const std::string& each : commands_of(results)) {
    if (!each.starts_with("ip6tables")) continue;
    const auto changed = behind(v6, {each});
    ASSERT_TRUE(changed) << each;
    v6 = *changed;
  }
  EXPECT_TRUE(gets_in(v6, "tcp [2001:db8::66]:40000 > [2001:db8::20]:80 new in eth0"));
}

TEST(AuditRemediesOf, AnAddressByDhcpIsNoOpening) {
  const std::string dhcp = "-A INPUT -p udp --sport 67 --dport 68 -j ACCEPT\n";
  const auto v6 =
      parsed(filter("DDA", kLo + kAnswers + "-A INPUT -s fe80::/10 -p udp --dport 546 -j ACCEPT\n"),
             Family::kIpv6);
  const auto results = audited({parsed(filter("DDA", kLo + kAnswers + dhcp)), v6}, managed());
  EXPECT_EQ(of(results, "v6-as-v4").verdict, Verdict::kPass);
}

TEST(AuditRemediesOf, WhatIp4OpensUnderConditionsIsNotOpenedToAllOverIp6) {
  const auto v6 = parsed(filter("DDA", kLo + kAnswers), Family::kIpv6);
  const auto v4 =
      parsed(filter("DDA", kLo + kAnswers + "-A INPUT -i eth1 -p tcp --dport 8080 -j ACCEPT\n"));
  const auto results = audited({v4, v6}, managed());
  ASSERT_EQ(of(results, "v6-as-v4").verdict, Verdict::kFail);
  EXPECT_THAT(commands_of(of(results, "v6-as-v4")), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::app::audit
