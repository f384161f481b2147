// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/matrix.h"

#include <gtest/gtest.h>

namespace bulkhead::app {
namespace {

ir::ValueSet all_but(U128 first, U128 last) {
  return ir::ValueSet::range(first, last).complement(32);
}

MatrixReport small() {
  return {.question = "ssh",
          .family = net::Family::kIpv4,
          .matrix = {.classes = {all_but(0x0A000000, 0x0AFFFFFF),
                                 ir::ValueSet::range(0x0A000000, 0x0AFFFFFF)},
                     .pairs = {{1, 0}, {1, 1}}},
          .spoofing = {{"eth0", true}, {"eth1", false}}};
}

TEST(Matrix, NamesGoOnBehindZ) {
  EXPECT_EQ(class_name(0), "a");
  EXPECT_EQ(class_name(25), "z");
  EXPECT_EQ(class_name(26), "aa");
  EXPECT_EQ(class_name(27), "ab");
  EXPECT_EQ(class_name(26 + 26 * 26), "aaa");
}

TEST(Matrix, Text) {
  EXPECT_EQ(matrix_text(small(), Paint()),
            "ssh\n"
            "\n"
            "IPv4 in 2 classes of addresses, x where the first may reach the second:\n"
            "  a  any except 10.0.0.0/8\n"
            "  b  10.0.0.0/8\n"
            "\n"
            "from \\ to a b\n"
            "        a . .\n"
            "        b x x\n"
            "\n"
            "forged sources are kept out at\n"
            "  eth0\n"
            "forged sources may come in at\n"
            "  eth1\n");
}

TEST(Matrix, ManyClassesAreAListAndNoTable) {
  MatrixReport report{
      .question = "ssh", .family = net::Family::kIpv4, .matrix = {}, .spoofing = {}};
  for (U128 i = 0; i < 60; ++i) report.matrix.classes.push_back(ir::ValueSet::of(i));
  for (size_t i = 0; i < 60; ++i) report.matrix.pairs.emplace_back(2, i);
  report.matrix.pairs.emplace_back(3, 0);
  report.matrix.pairs.emplace_back(3, 27);
  const std::string text = matrix_text(report, Paint());
  EXPECT_NE(text.find("   b reaches none\n   c reaches all\n   d reaches a ab\n"),
            std::string::npos)
      << text;
}

TEST(Matrix, Json) {
  MatrixReport report = small();
  report.matrix.classes[1] = ir::ValueSet({{0x0A000000, 0x0A000002}, {0x0A000007, 0x0A000007}});
  const std::string text = matrix_json(report);
  std::string packed;
  for (const char c : text)
    if (c != ' ' && c != '\n') packed += c;
  EXPECT_EQ(packed.substr(packed.find("{\"name\":\"b\"")),
            "{\"name\":\"b\",\"addresses\":[\"10.0.0.0-10.0.0.2\",\"10.0.0.7/32\"]}],"
            "\"pairs\":[[\"b\",\"a\"],[\"b\",\"b\"]],"
            "\"spoofing\":{\"eth0\":true,\"eth1\":false}}");
}

}  // namespace
}  // namespace bulkhead::app
