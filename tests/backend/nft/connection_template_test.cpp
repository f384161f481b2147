// SPDX-License-Identifier: GPL-2.0-or-later
// Table raw's second walk, behind connection tracking: what of it is copied, and what is refused.
#include "backend/nft/connection_template.h"

#include <gtest/gtest.h>

#include "backend/nft/dump.h"
#include "backend/nft/lower.h"
#include "backend/nft/plan_words.h"

namespace bulkhead::backend::nft::testing {
namespace {

constexpr net::Family kV4 = net::Family::kIpv4;

// Of the chains behind connection tracking a line each: "track/a: (limits of a rule) | accept".
std::string walk_of(const classify::Plan& plan) {
  auto program = lower(plan);
  if (!program) return "refused: " + program.error().message;
  std::string out;
  for (const Chain& chain : program->chains) {
    if (!chain.name.starts_with("track/") && !chain.name.starts_with("hook/track/")) continue;
    out += chain.name;
    for (const Rule& rule : chain.rules) {
      EXPECT_EQ(rule.id, ir::kNoId) << "would count";
      out += " |";
      for (const Expr& expression : rule.expressions) {
        const std::string text = dump(expression);
        out += text.starts_with("[ meta") || text.starts_with("[ ct load") ||
                       text.starts_with("[ bitwise")
                   ? ""
                   : text.substr(1, text.size() - 2);
      }
    }
    out += "\n";
  }
  return out;
}
std::string walk_of(std::vector<classify::Step> steps, std::vector<classify::Chain> users = {}) {
  return walk_of(raw_plan(kV4, std::move(steps), std::move(users)));
}

classify::Step ftp(ir::RuleId id) { return step(id, {protocol(6)}, helper("ftp")); }
const std::string kHook =
    "hook/track/PREROUTING | cmp eq reg 1 0x00000000  jump track/PREROUTING \n";
const std::string kFtp = " | cmp eq reg 1 0x06  goto give/tcp/ftp ";

TEST(ConnectionTemplate, NothingIsAddedWithoutOne) {
  EXPECT_EQ(walk_of({step(1, {}, ir::Zone{.number = 7}), step(2, {}, ir::Untrack{})}), "");
}

TEST(ConnectionTemplate, GivesItsHelperToNewConnections) {
  const auto program = lower(raw_plan(kV4, {ftp(1), ftp(2)}));
  ASSERT_TRUE(program);
  ASSERT_EQ(program->helpers.size(), 1u);
  EXPECT_EQ(program->helpers[0],
            (Helper{.name = "helper/tcp/ftp", .helper = "ftp", .protocol = 6}));
  EXPECT_EQ(program->helpers[0].wanted_by, 1u);
  const std::string text = dump(*program);
  EXPECT_NE(text.find("chain hook/track/PREROUTING type filter hook 0 priority -199"), text.npos)
      << text;
  const std::string giving =
      "chain give/tcp/ftp\n  rule\n    [ ct load state => reg 1 ]\n"
      "    [ bitwise reg 1 & 0x08000000 ^ 0x00000000 ]\n    [ cmp neq reg 1 0x00000000 ]\n"
      "    [ give helper helper/tcp/ftp ]\n  rule\n    [ accept ]\n";
  EXPECT_NE(text.find(giving), text.npos) << text;
  EXPECT_EQ(text.find(giving, text.find(giving) + 1), text.npos) << "once";
}

TEST(ConnectionTemplate, OnlyWhatSteersIsCopied) {
  const ir::Limit limit{.rate = 1, .seconds = 1, .burst = 5};
  EXPECT_EQ(walk_of({step(1, {limit}, ir::Log{}), step(2, {limit}, ir::Drop{}),
                     step(3, {limit}, ir::Continue{}), ftp(4), step(5, {limit}, ir::Accept{}),
                     step(6, {state({ir::CtState::kNew})}, ir::Return{})}),
            "track/PREROUTING" + kFtp + "\n" + kHook);
  EXPECT_EQ(walk_of({step(1, {protocol(1)}, ir::Accept{}), step(2, {protocol(2)}, ir::Return{}),
                     step(3, {limit}, ir::Untrack{}), step(4, {protocol(4)}, ir::Zone{}), ftp(5)}),
            "track/PREROUTING | cmp eq reg 1 0x01  accept  | cmp eq reg 1 0x02  return  | cmp eq "
            "reg 1 0x04  accept " +
                kFtp + "\n" + kHook);
}

TEST(ConnectionTemplate, AChainWithoutConsequencesIsLeftOut) {
  const ir::Limit limit{.rate = 1, .seconds = 1, .burst = 5};
  const auto users = [&] {
    return std::vector{user_chain("a", {step(3, {limit}, ir::Drop{}),
                                        step(4, {limit}, ir::Return{}), step(5, {}, ir::Log{})})};
  };
  EXPECT_EQ(walk_of({step(1, {limit}, ir::Jump{.chain = "a"}), ftp(2)}, users()),
            "track/PREROUTING" + kFtp + "\n" + kHook);
  EXPECT_EQ(
      walk_of({step(1, {protocol(9)}, ir::Jump{.chain = "a", .is_goto = true}), ftp(2)}, users()),
      "track/PREROUTING | cmp eq reg 1 0x09  return " + kFtp + "\n" + kHook);
}

TEST(ConnectionTemplate, AChainIsWholeWhereTheWalkGoesOnBehindIt) {
  const auto users = [] {
    return std::vector{user_chain(
        "a", {step(3, {protocol(9)}, helper("sip", 9)), step(4, {protocol(8)}, ir::Accept{}),
              step(5, {protocol(7)}, ir::Return{})})};
  };
  EXPECT_EQ(
      walk_of({step(1, {}, ir::Jump{.chain = "a"})}, users()),
      "track/a | cmp eq reg 1 0x09  goto give/9/sip \ntrack/PREROUTING | jump track/a \n" + kHook);
  EXPECT_EQ(walk_of({step(1, {}, ir::Jump{.chain = "a"}), ftp(2)}, users()),
            "track/a | cmp eq reg 1 0x09  goto give/9/sip  | cmp eq reg 1 0x08  accept "
            "\ntrack/PREROUTING | jump track/a " +
                kFtp + "\n" + kHook);
}

TEST(ConnectionTemplate, AHelperThatNoPacketGetsHasToBeThereAllTheSame) {
  const auto program =
      lower(raw_plan(kV4, {step(1, {}, ir::Accept{})}, {user_chain("a", {ftp(2)})}));
  ASSERT_TRUE(program);
  EXPECT_EQ(program->helpers.size(), 1u);
  EXPECT_EQ(dump(*program).find("track/"), std::string::npos);
}

TEST(ConnectionTemplate, EventsAreSetBeforeTheHelper) {
  EXPECT_EQ(walk_of({step(1, {}, ir::ConnectionTemplate{.helper = {}, .events = 5})}),
            "track/PREROUTING | immediate 0x05000000 => reg 1  ct set event with reg 1  accept \n" +
                kHook);
}

struct Refusal {
  std::vector<classify::Step> steps;
  std::string because;
  ir::RuleId rule;
};

TEST(ConnectionTemplate, IsRefusedWhereTheWayToItCannotBeAskedAgain) {
  const ir::Limit limit{.rate = 1, .seconds = 1, .burst = 5};
  const ir::Constraint marked = is(ir::kPacketMark, ir::ValueSet::of(1));
  const ir::Opaque match{.name = "statistic", .bytes = {}, .stateful = true};
  const ir::Opaque connection{.name = "connbytes", .bytes = {}, .stateful = false};
  const ir::ConnectionMark restore{.mode = ir::ConnectionMark::Mode::kRestore};
  const ir::OpaqueTarget queue{.name = "NFQUEUE", .bytes = {}, .decides = true};
  const std::vector<Refusal> refusals = {
      {{step(1, {limit}, ir::Accept{}), ftp(2)},
       "rule 1 of chain PREROUTING can't be asked again: it has a limit",
       2},
      {{step(7, {limit}, ir::Accept{}), ftp(2)}, "it has a limit", 7},
      {{step(1, {}, ir::Log{}), step(2, {protocol(6), limit}, helper("ftp"))}, "rule 2 of", 2},
      {{step(1, {match}, ir::Zone{}), ftp(2)}, "it has a match \"statistic\"", 2},
      {{step(1, {connection}, ir::Return{}), ftp(2)}, "it has a match \"connbytes\"", 2},
      {{step(1, {state({ir::CtState::kNew})}, ir::Return{}), ftp(2)},
       "it asks for the connection state",
       2},
      {{step(1, {}, ir::Assign{&ir::kPacketMark, 0, 1}), step(2, {marked}, helper("ftp"))},
       "it asks for the mark, which a rule of table raw changes",
       2},
      {{step(1, {marked}, helper("ftp")), step(2, {}, restore)}, "it asks for the mark", 1},
      {{step(1, {protocol(9)}, queue), ftp(2)},
       "it asks for what a rule of table raw may change",
       2},
  };
  for (const Refusal& each : refusals) {
    const auto program = lower(raw_plan(kV4, each.steps));
    ASSERT_FALSE(program) << each.because;
    EXPECT_NE(program.error().message.find(each.because), std::string::npos)
        << program.error().message;
    EXPECT_EQ(program.error().rule, each.rule) << each.because;
  }
  EXPECT_EQ(walk_of({step(1, {marked}, helper("ftp"))}).find("refused"), std::string::npos);
  EXPECT_EQ(walk_of({step(1, {}, ir::Assign{&ir::kPacketMark, 0, 1}), ftp(2)}).find("refused"),
            std::string::npos);
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
