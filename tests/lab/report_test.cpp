// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Matrix two_by_two() {
  Matrix matrix;
  matrix.title = "Who reaches what";
  matrix.columns = {"ssh", "web"};
  matrix.details = {"port 22", "port 80"};
  matrix.rows = {"hypervisor", "attacker"};
  matrix.cells = {{Cell{Reach::kReached, {Reach::kReached, "SSH-2.0"}}, std::nullopt},
                  {Cell{Reach::kSilent, {Reach::kSilent, ""}},
                   Cell{Reach::kRefused, {Reach::kRefused, "reset"}}}};
  return matrix;
}

TEST(Matrix, IsDrawnInColumnsWithAMarkForEachAnswer) {
  EXPECT_EQ(draw(two_by_two(), Look{}),
            "   Who reaches what\n"
            "\n"
            "   from \\ to   ssh        web\n"
            "               port 22    port 80\n"
            "   --------------------------------\n"
            "   hypervisor  @ reached\n"
            "   attacker    . silent   x refused\n");
}

TEST(Matrix, SignsOfSeveralBytesDoNotMoveTheColumns) {
  EXPECT_EQ(draw(two_by_two(), Look{.utf8 = true}),
            "   Who reaches what\n"
            "\n"
            "   from \\ to   ssh        web\n"
            "               port 22    port 80\n"
            "   ────────────────────────────────\n"
            "   hypervisor  ● reached\n"
            "   attacker    · silent   ○ refused\n");
}

TEST(Matrix, WithColoursHasTheSameTextBetweenThem) {
  std::string drawn = draw(two_by_two(), Look{.colour = true});
  for (std::size_t at; (at = drawn.find('\033')) != std::string::npos;)
    drawn.erase(at, drawn.find('m', at) - at + 1);
  EXPECT_EQ(drawn, draw(two_by_two(), Look{}));
}

TEST(Matrix, SaysWhereItDiffers) {
  Matrix matrix = two_by_two();
  EXPECT_THAT(matrix.differences(), IsEmpty());
  matrix.cells[1][0]->seen.reach = Reach::kReached;
  EXPECT_THAT(matrix.differences(), ElementsAre("attacker to ssh: expected silent, seen reached"));
  EXPECT_THAT(draw(matrix, Look{}), HasSubstr("@ reached (!)"));
  EXPECT_EQ(matrix.tried(), 3U);
}

TEST(Matrix, ManyDifferencesAreCountedNotListed) {
  Matrix matrix = two_by_two();
  EXPECT_EQ(matrix.differences_in_short(), "");
  matrix.columns = {"a", "b", "c", "d", "e"};
  matrix.rows = {"x"};
  matrix.cells = {std::vector<std::optional<Cell>>(5, Cell{Reach::kSilent, {Reach::kRefused, ""}})};
  EXPECT_THAT(matrix.differences_in_short(),
              ::testing::EndsWith("x to c: expected silent, seen refused; and 2 more"));
}

TEST(Report, AMatrixThatDiffersIsAStepThatDiffers) {
  Report report(Look{.silent = true});
  report.matrix(two_by_two());
  EXPECT_EQ(report.record().differing(), 0U);
  Matrix wrong = two_by_two();
  wrong.cells[0][0]->seen.reach = Reach::kSilent;
  report.matrix(wrong);
  EXPECT_EQ(report.record().differing(), 1U);
}

TEST(Step, LeftOutIsNotAsExpectedButNoDifference) {
  const Step skipped{.host = "nslWebServer", .action = "bulkhead save", .detail = "there is none"};
  EXPECT_TRUE(skipped.skipped());
  EXPECT_TRUE(skipped.as_expected());
  const Step differs{.host = "attacker", .action = "ssh", .expected = "silent", .seen = "reached"};
  EXPECT_FALSE(differs.as_expected());
}

TEST(Json, HasTheStepsTheConnectionsAndTheVerdict) {
  Report report(Look{.silent = true});
  report.chapter("Before", "");
  report.step({.host = "attacker",
               .action = "curl",
               .expected = "the page",
               .seen = "exit 28",
               .output = "\xff"});
  report.matrix(two_by_two());
  const std::string json = to_json(report.record());
  EXPECT_THAT(json, HasSubstr("\"ok\": false"));
  EXPECT_THAT(json, HasSubstr("\"chapter\": \"Before\""));
  EXPECT_THAT(json, HasSubstr("\"result\": \"differs\""));
  EXPECT_THAT(json, HasSubstr("\"from\": \"attacker\""));
  EXPECT_THAT(
      json,
      HasSubstr("\"output\": \"\xef\xbf\xbd\""));  // bytes that aren't UTF-8 don't end the program
}

}  // namespace
}  // namespace bulkhead::lab
