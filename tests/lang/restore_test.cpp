// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/restore.h"

#include <gtest/gtest.h>

#include "lang/language.h"

namespace bulkhead::lang {
namespace {

constexpr std::string_view kFile =
    "# a comment\n"
    "*filter\n"
    ":INPUT DROP [3:4]\n"
    ":FORWARD ACCEPT [0:0]\n"
    ":OUTPUT ACCEPT [0:0]\n"
    ":web - [0:0]\n"
    "[5:6] -A INPUT -p tcp -m tcp --dport 80 -j web\n"
    "\n"
    "[7:8] -A web -m comment --comment \"a \\\"b\\\"\" -j ACCEPT\n"
    "COMMIT\n"
    "*nat\n"
    ":PREROUTING ACCEPT [0:0]\n"
    "COMMIT\n";

TEST(Restore, ReadsWhatSaveWrites) {
  ir::Ruleset rules;
  ASSERT_EQ(load(rules, kFile, {.counters = true}), "");
  const std::string saved = save(rules, {.counters = true});
  EXPECT_EQ(
      saved,
      "*filter\n:INPUT DROP [3:4]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n"
      "[5:6] -A INPUT -p tcp -m tcp --dport 80 -j web\n"
      "[7:8] -A web -m comment --comment \"a \\\"b\\\"\" -j ACCEPT\nCOMMIT\n"
      "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING "
      "ACCEPT [0:0]\n"
      "COMMIT\n");
  ir::Ruleset again;
  ASSERT_EQ(load(again, saved, {.counters = true}), "");
  EXPECT_EQ(save(again, {.counters = true}), saved);
}

TEST(Restore, LeavesCountersOutUnlessAsked) {
  ir::Ruleset rules;
  ASSERT_EQ(load(rules, kFile), "");
  EXPECT_EQ(rules.find("filter")->find("web")->rules[0].counters, ir::Counters{});
  EXPECT_EQ(rules.find("filter")->find("INPUT")->policy_counters, ir::Counters{});
}

TEST(Restore, ReplacesTheTablesOfTheFileAndNoOther) {
  ir::Ruleset rules;
  ASSERT_EQ(
      load(rules,
           "*filter\n:old - [0:0]\n-A INPUT -j old\nCOMMIT\n*raw\n-A OUTPUT -j ACCEPT\nCOMMIT\n"),
      "");
  ASSERT_EQ(load(rules, "*filter\n-A FORWARD -j DROP\nCOMMIT\n"), "");
  EXPECT_EQ(output(rules, "-S"),
            "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-A FORWARD -j DROP\n");
  EXPECT_EQ(rules.find("raw")->find("OUTPUT")->rules.size(), 1u);
}

TEST(Restore, NoflushAddsAndEmptiesNamedChains) {
  ir::Ruleset rules;
  ASSERT_EQ(load(rules, "*filter\n:a - [0:0]\n-A a -j DROP\n-A INPUT -j a\nCOMMIT\n"), "");
  ASSERT_EQ(load(rules, "*filter\n:a - [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n", {.noflush = true}),
            "");
  EXPECT_EQ(output(rules, "-S"),
            "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N a\n-A INPUT -j a\n-A INPUT "
            "-j ACCEPT\n");
}

TEST(Restore, TakesOneTableIfAsked) {
  ir::Ruleset rules;
  EXPECT_EQ(load(rules, "*nat\n-A NOPE\nCOMMIT\n*filter\n-A INPUT -j DROP\nCOMMIT\n",
                 {.table = "filter"}),
            "");
  EXPECT_EQ(rules.tables.size(), 1u);
}

TEST(Restore, SkipsTheOtherFamilysRules) {
  constexpr std::string_view kBoth =
      "*filter\n-4 -A INPUT -s 192.0.2.1\n-6 -A INPUT -s 2001:db8::1\nCOMMIT\n";
  ir::Ruleset v4;
  ir::Ruleset v6{.family = net::Family::kIpv6};
  ASSERT_EQ(load(v4, kBoth), "");
  ASSERT_EQ(load(v6, kBoth), "");
  EXPECT_EQ(output(v4, "-S INPUT"), "-P INPUT ACCEPT\n-A INPUT -s 192.0.2.1/32\n");
  EXPECT_EQ(output(v6, "-S INPUT"), "-P INPUT ACCEPT\n-A INPUT -s 2001:db8::1/128\n");
}

TEST(Restore, TakesAnyCommand) {
  ir::Ruleset rules;
  std::string printed;
  ASSERT_EQ(load(rules,
                 "*filter\n-N x\n-A INPUT -j x\n-I INPUT -j DROP\n-D INPUT 2\n-P INPUT DROP\n-S "
                 "INPUT\nCOMMIT\n",
                 {.output = &printed}),
            "");
  EXPECT_EQ(printed, "-P INPUT DROP\n-A INPUT -j DROP\n");
}

struct Wrong {
  std::string_view text;
  std::string_view message;
  uint32_t line;
};

constexpr Wrong kWrong[] = {
    {"*filter\n-A INPUT --foo\nCOMMIT\n", "unknown option \"--foo\"", 2},
    {"*filter\n-A NOPE -j ACCEPT\nCOMMIT\n", "No chain/target/match by that name", 2},
    {"*filter\n-A INPUT -j ACCEPT\n", "COMMIT expected at line 3", 1},
    {"*filter\n-A INPUT -j ACCEPT\nCOMMIT", "Bad argument `COMMIT'", 3},
    {"*foo\nCOMMIT\n", "iptables-restore: unable to initialize table 'foo'", 1},
    {"*\nCOMMIT\n", "iptables-restore: line 1 table name invalid", 1},
    {"*filter\n:\nCOMMIT\n", "iptables-restore: line 2 chain name invalid", 2},
    {"*filter\n:foo\nCOMMIT\n", "iptables-restore: line 2 policy invalid", 2},
    {"*filter\n:foo ACCEPT [0:0]\nCOMMIT\n",
     "Can't set policy `ACCEPT' on `foo' line 2: Bad built-in chain name", 2},
    {"*filter\n:INPUT FOO [0:0]\nCOMMIT\n",
     "Can't set policy `FOO' on `INPUT' line 2: Bad policy name", 2},
    {"*filter\n:foo - [0:0]\n:foo - [0:0]\nCOMMIT\n", "error creating chain 'foo':File exists", 3},
    {"*filter\n:ACCEPT - [0:0]\nCOMMIT\n", "error creating chain 'ACCEPT':File exists", 2},
    {"*filter\n[5:6 -A INPUT\nCOMMIT\n", "Bad line 2: need ]", 2},
    {"*filter\n[5] -A INPUT\nCOMMIT\n", "Bad line 2: need ]", 2},
    {"*filter\n   \nCOMMIT\n", "no command specified", 2},
    {"*nat\n*filter\nCOMMIT\n", "Bad argument `*filter'", 2},
    {"*filter\r\nCOMMIT\r\n", "iptables-restore: unable to initialize table 'filter\r'", 1},
    {"*filter\n-A INPUT -m comment --comment \"a\nCOMMIT\n", "the quote is not closed in its line",
     2},
    {"*filter\n:a - [0:0]\n-A a -j a\n-A INPUT -j a\nCOMMIT\n",
     "chains call each other in a loop: INPUT -> a -> a", 3},
};

TEST(RestoreErrors, NameTheLine) {
  for (const Wrong& wrong : kWrong) {
    SCOPED_TRACE(wrong.text);
    ir::Ruleset rules;
    const Source source("rules", std::string(wrong.text));
    const Result<void> done = restore(source, {.names = &kTestNames}, rules);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().message, wrong.message);
    EXPECT_EQ(source.position(done.error().span.begin).line, wrong.line);
  }
}

TEST(RestoreErrors, RefuseNulBytes) {
  ir::Ruleset rules;
  EXPECT_EQ(load(rules, std::string_view("*filter\n-A INPUT\0 -j DROP\nCOMMIT\n", 33)),
            "a NUL byte in the line");
}

TEST(RestoreErrors, ForgetEarlierPlaces) {
  // The loop was closed by a rule of an earlier text: this text has no place to show for it.
  ir::Ruleset rules;
  ASSERT_EQ(load(rules, "*filter\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\nCOMMIT\n"), "");
  const Source source("rules", "*filter\n-A b -j a\nCOMMIT\n");
  const Result<void> done = restore(source, {.names = &kTestNames, .noflush = true}, rules);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(source.position(done.error().span.begin).line, 2u);
}

}  // namespace
}  // namespace bulkhead::lang
