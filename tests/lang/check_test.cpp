// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/check.h"

#include <gtest/gtest.h>

#include "lang/language.h"

namespace bulkhead::lang {
namespace {

// The word of the command that the error points at: an argument, or an option without one.
std::string blamed(std::string_view line) {
  ir::Ruleset rules;
  const Result<Command> command = parse(line);
  EXPECT_TRUE(command.ok()) << line;
  const Result<void> done = command ? apply(*command, rules) : command.error();
  if (done) return "nothing";
  const Span span = done.error().span;
  return std::string(line.substr(span.begin, span.end - span.begin));
}

TEST(Check, PointsAtWhatIsOutOfPlaceAndNotAtTheTarget) {
  EXPECT_EQ(blamed("-A OUTPUT -m mac --mac-source 2:0:0:0:0:1 -j DROP"), "2:0:0:0:0:1");
  EXPECT_EQ(blamed("-A INPUT -m owner --uid-owner 5 --gid-owner 6 -j DROP"), "5");
  EXPECT_EQ(blamed("-A OUTPUT -m physdev --physdev-in a --physdev-out b -j DROP"), "b");
  EXPECT_EQ(blamed("-A INPUT -m addrtype --src-type LOCAL --limit-iface-out -j DROP"),
            "--limit-iface-out");
  EXPECT_EQ(blamed("-t mangle -A PREROUTING -m length --length 5 -j REJECT"), "REJECT");
  EXPECT_EQ(blamed("-A FORWARD -m mac --mac-source 2:0:0:0:0:1 -j DROP"), "nothing");
}

}  // namespace
}  // namespace bulkhead::lang
