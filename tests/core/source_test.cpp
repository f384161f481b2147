// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/source.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Source, FindsLineAndColumn) {
  const Source source("rules.v4", "*filter\n-A INPUT\n\nCOMMIT");
  EXPECT_EQ(source.position(0).line, 1u);
  EXPECT_EQ(source.position(11).line, 2u);
  EXPECT_EQ(source.position(11).column, 4u);
  EXPECT_EQ(source.position(17).line, 3u);
  EXPECT_EQ(source.line(2), "-A INPUT");
  EXPECT_EQ(source.line(3), "");
  EXPECT_EQ(source.line(4), "COMMIT");
  EXPECT_EQ(source.line(5), "");
}

TEST(Source, RendersTheLineWithACaretUnderTheSpan) {
  const Source source("rules.v4", "*filter\n-A INPUT -p tpc\n");
  const Error error{.message = "unknown protocol", .hint = "did you mean tcp?", .span = {20, 23}};
  EXPECT_EQ(render(error, source),
            "rules.v4:2:13: unknown protocol\n"
            "  -A INPUT -p tpc\n"
            "              ^~~\n"
            "  hint: did you mean tcp?\n");
}

TEST(Source, WithoutASpanThereIsNoLine) {
  const Source source("-", "x");
  EXPECT_EQ(render(Error{.message = "no such chain"}, source), "no such chain\n");
}

TEST(Source, ControlBytesTakeOneColumnEach) {
  const Source source("-", std::string("a\t\x01"
                                       "b",
                                       4));
  EXPECT_EQ(render(Error{.message = "bad", .span = {3, 4}}, source),
            "-:1:4: bad\n  a ?b\n     ^\n");
}

}  // namespace
}  // namespace bulkhead
