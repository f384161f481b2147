// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {

inline std::string hex(const Bytes& bytes) { return fmt::format("{:02x}", fmt::join(bytes, "")); }

// What a packet is when it leaves: byte for byte the same from our rules as from iptables-legacy's.
class ChangingTest : public TwoFirewalls {
 protected:
  // Of one table, the others as they are.
  void load(std::string_view table, const std::vector<std::string>& rules, bool v6 = false) {
    std::string text = fmt::format("*{}\n", table);
    for (const std::string& rule : rules) text += rule + "\n";
    for (const auto& firewall : both_) firewall->tables(v6).must_restore(text + "COMMIT\n");
  }

  // What left of it; nothing if it was dropped.
  static Bytes left(const Outcome& outcome, std::string_view interface) {
    for (const Emitted& emitted : outcome.emitted) {
      if (emitted.interface == interface) return emitted.packet;
    }
    return {};
  }
  // It comes in by eth0 and goes on by eth1.
  Bytes passed(const Bytes& packet) { return passed(Step{.interface = "eth0", .packet = packet}); }
  Bytes passed(const Step& step) {
    Bytes by[2];
    for (size_t i = 0; i < 2; ++i) by[i] = left(both_[i]->rig.run({&step, 1})[0], "eth1");
    EXPECT_EQ(hex(by[0]), hex(by[1])) << "ours, and iptables-legacy's";
    return by[0];
  }

  // Of the rules with that comment, the same from both.
  uint64_t counted(std::string_view comment, bool v6 = false) {
    const uint64_t count = ours().packets(comment, v6);
    EXPECT_EQ(count, legacy().packets(comment, v6)) << comment;
    return count;
  }

  void configure(const std::string& lines, bool v6 = false) {
    for (const auto& firewall : both_) {
      firewall->net.must_exec({"ip", v6 ? "-6" : "-4", "-batch", "-"}, {.input = lines});
    }
  }
};

}  // namespace bulkhead::testing
