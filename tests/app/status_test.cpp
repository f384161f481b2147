// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/json.h"

namespace bulkhead::app {
namespace {

using host::Saved;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Loaded loaded(net::Family family) {
  Loaded one{.present = true,
             .damage = {},
             .transaction = "t1",
             .rules = {.family = family, .tables = {}}};
  one.rules.table("filter").find("INPUT")->policy = ir::Policy::kDrop;
  return one;
}

// A host on which all is well.
Status well() {
  Status status{
      .loaded = {.v4 = loaded(net::Family::kIpv4), .v6 = loaded(net::Family::kIpv6)},
      .saved = {.state = Saved::State::kReadable, .rules = {"a", "b"}, .marked = true, .why = {}},
      .saved_file = "/s/saved.rules",
      .saved_is_loaded = true,
      .foreign = {},
      .others = {}};
  return status;
}

TEST(Judge, AllIsWell) {
  const Judgement judgement = judge(well());
  EXPECT_THAT(judgement.faults, IsEmpty());
  EXPECT_THAT(judgement.notes, IsEmpty());
}

TEST(Judge, SavedRulesThatAreNotLoadedAreWrong) {
  Status status = well();
  status.loaded.v4 = {.rules = {.family = net::Family::kIpv4}};
  EXPECT_THAT(judge(status).faults,
              ElementsAre(HasSubstr("IPv4: rules are saved, but none are loaded")));
}

TEST(Judge, AFamilyThatWasSavedEmptyIsNotMissed) {
  Status status = well();
  status.loaded.v6 = {.rules = {.family = net::Family::kIpv6}};
  status.saved.rules.v6.clear();
  EXPECT_THAT(judge(status).faults, IsEmpty());
  EXPECT_THAT(judge(status).notes, ElementsAre(HasSubstr("nothing is enforced for IPv6")));
}

TEST(Judge, DamageIsWrong) {
  Status status = well();
  status.loaded.v6.damage = "a rule is missing";
  EXPECT_THAT(judge(status).faults,
              ElementsAre(HasSubstr("IPv6: the table in the kernel is damaged: a rule is")));
}

TEST(Judge, ABootIsAdvisedOnlyWhereItHelps) {
  Status status = well();
  status.loaded.v4.damage = "a rule is missing";
  EXPECT_THAT(judge(status).faults, ElementsAre(HasSubstr("bulkhead boot, or bulkhead apply")));
  status.saved = {};
  EXPECT_THAT(judge(status).faults, ElementsAre(Not(HasSubstr("bulkhead boot"))));
}

TEST(StatusText, ADamagedTableIsNotComparedWithWhatIsSaved) {
  Status status = well();
  status.saved_is_loaded = false;
  EXPECT_THAT(status_text(status, judge(status), Paint()),
              HasSubstr("differs from what is loaded"));
  status.loaded.v4.damage = "a rule is missing";
  EXPECT_THAT(status_text(status, judge(status), Paint()), Not(HasSubstr("differs")));
}

TEST(Judge, NobodyIsToldToSaveWhatIsNotThere) {
  Status status = well();
  status.saved = {.state = Saved::State::kLost, .rules = {}, .marked = true, .why = "x is missing"};
  EXPECT_THAT(judge(status).faults, ElementsAre(HasSubstr("To save what is loaded")));
  status.loaded = {.v4 = {.rules = {.family = net::Family::kIpv4}},
                   .v6 = {.rules = {.family = net::Family::kIpv6}}};
  EXPECT_THAT(judge(status).faults, ElementsAre(Not(HasSubstr("To save what is loaded"))));
}

TEST(Judge, NobodyIsToldToSaveTheClosedRules) {
  Status status = well();
  status.saved = {.state = Saved::State::kLost, .rules = {}, .marked = true, .why = "x is missing"};
  status.closed = true;
  EXPECT_THAT(judge(status).faults,
              ElementsAre(HasSubstr("Load your rules (bulkhead apply FILE), then: bulkhead save")));
}

TEST(Judge, LostRulesAreWrongAlsoWhileTheOldOnesStillRun) {
  Status status = well();
  status.saved = {.state = Saved::State::kLost, .rules = {}, .marked = true, .why = "x is missing"};
  EXPECT_THAT(judge(status).faults, ElementsAre(HasSubstr("A boot would close the host")));
}

TEST(Judge, WhatIsNotSavedIsNoted) {
  Status status = well();
  status.saved_is_loaded = false;
  EXPECT_THAT(judge(status).faults, IsEmpty());
  EXPECT_THAT(judge(status).notes, ElementsAre(HasSubstr("not the loaded ones")));
  status.saved = {};
  EXPECT_THAT(judge(status).notes, ElementsAre(HasSubstr("never saved")));
}

TEST(Judge, OnlyThoseWhoMayDropAreWorthANote) {
  Status status = well();
  status.foreign.push_back(
      {.family = "inet", .table = "fw", .chain = "in", .hook = "input", .drops = false});
  EXPECT_THAT(judge(status).notes, IsEmpty());
  status.foreign.push_back(
      {.family = "ip", .table = "fw2", .chain = "in", .hook = "input", .drops = true});
  EXPECT_THAT(judge(status).notes, ElementsAre(HasSubstr("may still drop")));
}

TEST(StatusText, NamesOthersAndWhatIsWrong) {
  Status status = well();
  status.loaded.v4.damage = "x";
  status.foreign.push_back({.family = "inet",
                            .table = "f\x1b[31mw",
                            .chain = "in",
                            .hook = "input",
                            .priority = 5,
                            .drops = true,
                            .rules = 3});
  status.others.push_back(
      {.owner = "iptables-legacy", .family = net::Family::kIpv4, .tables = {"filter"}, .rules = 1});
  const std::string text = status_text(status, judge(status), Paint());
  EXPECT_THAT(text, HasSubstr("inet f?[31mw, chain in at input, priority 5: 3 rules, may drop"));
  EXPECT_THAT(text, HasSubstr("iptables-legacy, IPv4, tables filter: 1 rule, may drop"));
  EXPECT_THAT(text, HasSubstr("wrong: IPv4:"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(status_text(well(), judge(well()), Paint()), HasSubstr("nothing is wrong\n"));
}

TEST(StatusJson, IsJsonWhateverBytesTheNamesHave) {
  Status status = well();
  status.loaded.v4.damage = "\xff\xfe";
  status.foreign.push_back({.family = "inet", .table = "\x80", .chain = "in", .hook = "input"});
  const auto json = Json::parse(status_json(status, judge(status)));
  EXPECT_EQ(json["ip"]["loaded"], true);
  EXPECT_EQ(json["saved"]["state"], "readable");
  EXPECT_EQ(json["foreign_chains"].size(), 1U);
  EXPECT_EQ(json["faults"].size(), 1U);
}

}  // namespace
}  // namespace bulkhead::app
