// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Tables of rules with what iptables-legacy prints of them or says to them.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "ext/rule_text.h"

namespace bulkhead::ext {

inline constexpr net::Family k4 = net::Family::kIpv4;
inline constexpr net::Family k6 = net::Family::kIpv6;

struct Listed {
  net::Family family;
  std::string_view rule;
  std::string_view save;
  std::string_view numeric;  // -L -n
  std::string_view named;    // -L
};

inline void expect_listed(const Listed& listed) {
  const RuleText rule(listed.family, listed.rule);
  ASSERT_FALSE(rule.error()) << listed.rule << ": " << rule.message();
  EXPECT_EQ(rule.print(), listed.save) << listed.rule;
  EXPECT_EQ(rule.list(true), listed.numeric) << listed.rule;
  EXPECT_EQ(rule.list(false), listed.named) << listed.rule;
}

struct Wrong {
  net::Family family;
  std::string_view rule;
  std::string_view message;
};

inline void expect_wrong(const Wrong& wrong) {
  const RuleText rule(wrong.family, wrong.rule);
  ASSERT_TRUE(rule.error()) << wrong.rule;
  EXPECT_EQ(rule.message(), wrong.message) << wrong.rule;
  EXPECT_EQ(rule.error()->kind, ErrorKind::kUsage) << wrong.rule;
}

inline std::string say(net::Family family, std::string_view text) {
  const RuleText rule(family, text);
  EXPECT_FALSE(rule.error()) << text << ": " << rule.message();
  return rule.say();
}

}  // namespace bulkhead::ext
