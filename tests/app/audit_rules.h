// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Rules, and a host to go with them, of which tests of the audit are made.

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/audit/audit.h"
#include "app/command/audit.h"
#include "app/rules_text.h"

namespace bulkhead::app::audit {

inline const std::string kLo = "-A INPUT -i lo -j ACCEPT\n";
inline const std::string kAnswers =
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
inline const std::string kInvalid = "-A INPUT -m conntrack --ctstate INVALID -j DROP\n";
inline const std::string kSpoofed = "-A INPUT ! -i lo -s 127.0.0.0/8 -j DROP\n";
inline const std::string kSsh = "-A INPUT -s 192.0.2.9 -p tcp --dport 22 -j ACCEPT\n";
inline const std::string kWeb = "-A INPUT -p tcp --dport 80 -j ACCEPT\n";

inline ir::Ruleset parsed(const std::string& text, net::Family family = net::Family::kIpv4) {
  auto rules = parse_rules(Source("test", text), family, Counts::kLeftOut);
  EXPECT_TRUE(rules.ok()) << text << (rules.ok() ? "" : rules.error().message);
  return rules.ok() ? *std::move(rules) : ir::Ruleset{};
}

// The filter table with these policies of INPUT, FORWARD and OUTPUT ("DDA"), the chains that the
// rules begin with (":CHAIN -" lines), and the rules.
inline std::string filter(const std::string& policies, const std::string& rules) {
  const auto word = [&](size_t i) { return policies[i] == 'D' ? "DROP" : "ACCEPT"; };
  return fmt::format("*filter\n:INPUT {}\n:FORWARD {}\n:OUTPUT {}\n{}COMMIT\n", word(0), word(1),
                     word(2), rules);
}

inline net::Network network(const std::string& words) { return *parse_network(words); }

// Its management, 192.0.2.9 and 2001:db8::9, and its subnets.
inline Declared declared() {
  return {.management = {network("192.0.2.9"), network("2001:db8::9")},
          .subnets = {network("192.0.2.0/24"), network("2001:db8::/64")}};
}

// lo, and eth0 in these subnets.
inline std::vector<Interface> interfaces() {
  const auto own = [](const std::string& address, const std::string& subnet) {
    return Interface::Own{network(address).address, network(subnet)};
  };
  return {{"lo", {own("127.0.0.1", "127.0.0.0/8"), own("::1", "::1/128")}},
          {"eth0", {own("192.0.2.1", "192.0.2.0/24"), own("2001:db8::1", "2001:db8::/64")}}};
}

// Of one check, asked alone: no other's commands stand before its own.
inline Answer answer_of(std::string_view id, const std::vector<ir::Ruleset>& rulesets,
                        const HostFacts* host, const Declared& what = declared()) {
  Input input{.rulesets = rulesets, .host = host, .declared = what, .skipped = {}, .limits = {}};
  for (const Check& check : checks())
    if (check.id != id) input.skipped.emplace(check.id);
  for (const CheckResult& result : audit(input))
    if (result.check->id == id) return result.answer;
  ADD_FAILURE() << "no answer of " << id;
  return {};
}

}  // namespace bulkhead::app::audit
