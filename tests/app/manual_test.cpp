// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/manual.h"

#include <gtest/gtest.h>

#include "ext/row.h"

namespace bulkhead::app {
namespace {

TEST(Manual, HasASectionForEveryRow) {
  const std::string text = extensions_manual();
  const size_t targets = text.find(".SH TARGETS");
  ASSERT_NE(targets, std::string::npos);
  for (const ext::Match* match : ext::matches()) {
    EXPECT_LT(text.find(".SS " + std::string(match->name)), targets) << match->name;
  }
  for (const ext::Target* target : ext::targets()) {
    EXPECT_NE(text.find(".SS " + std::string(target->name), targets), std::string::npos)
        << target->name;
  }
}

TEST(Manual, NoLineOfTextIsTakenForARequest) {
  const std::string text = extensions_manual();
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    EXPECT_NE(text[at], '\'') << text.substr(at, 40);
    if (text.find('\n', at) == text.npos) break;
  }
}

}  // namespace
}  // namespace bulkhead::app
