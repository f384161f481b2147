// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {

// A rule that only counts, and what it must have counted in the end.
struct Asked {
  std::string match;
  uint64_t packets;
};

// The same rules on both firewalls, both of which must count what the test says.
class AskedMatches : public TwoFirewalls {
 protected:
  // Where the rules stand.
  struct Place {
    std::string table = "filter";
    std::string chain = "INPUT";
    bool v6 = false;
  };

  // Each rule has its number as a comment.
  void load(const Place& place, std::span<const Asked> asked) {
    std::string text = fmt::format("*{}\n", place.table);
    for (size_t i = 0; i < asked.size(); ++i)
      text += fmt::format("-A {} {} -m comment --comment {}\n", place.chain, asked[i].match, i);
    for (const auto& firewall : both_) firewall->tables(place.v6).must_restore(text + "COMMIT\n");
  }

  void expect(const Place& place, std::span<const Asked> asked) {
    for (const auto& firewall : both_) {
      for (size_t i = 0; i < asked.size(); ++i) {
        EXPECT_EQ(firewall->packets(std::to_string(i), place.v6), asked[i].packets)
            << firewall->name << (place.v6 ? " IPv6 " : " ") << asked[i].match;
      }
    }
  }

  void run_on_both(const std::vector<std::string>& command, const std::string& input = {}) {
    for (const auto& firewall : both_) firewall->net.must_exec(command, {.input = input});
  }
  void inject_on_both(const Bytes& packet, const std::string& interface = "eth0") {
    for (const auto& firewall : both_)
      EXPECT_TRUE(firewall->rig.inject(interface, packet).arrived) << firewall->name;
  }
};

}  // namespace bulkhead::testing
