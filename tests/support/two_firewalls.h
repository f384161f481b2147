// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "support/oracle.h"
#include "support/rig.h"

namespace bulkhead::testing {

// Ours and iptables-legacy, each alone in a namespace with a rig: for tests that do the same to
// both.
class TwoFirewalls : public ::testing::Test {
 protected:
  struct Firewall {
    Firewall(std::string given_name, const RigOptions& options, const XtablesPrograms& v4,
             const XtablesPrograms& v6)
        : name(std::move(given_name)), rig(net, options), ip4(net, v4), ip6(net, v6) {}

    const Xtables& tables(bool v6) const { return v6 ? ip6 : ip4; }
    // What the rules with "--comment WORD" have counted.
    uint64_t packets(std::string_view comment, bool v6 = false) const {
      uint64_t sum = 0;
      for (const RuleCounter& counter : tables(v6).counters()) {
        if (counter.rule.ends_with(" --comment " + std::string(comment))) sum += counter.packets;
      }
      return sum;
    }

    std::string name;
    NetNamespace net;
    PacketRig rig;
    Xtables ip4;
    Xtables ip6;
  };

  void SetUp() override {
    if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
    const RigOptions options = network();
    both_[0] =
        std::make_unique<Firewall>("bulkhead", options, XtablesPrograms::in(BULKHEAD_BIN_DIR),
                                   XtablesPrograms::in(BULKHEAD_BIN_DIR, true));
    both_[1] = std::make_unique<Firewall>("iptables-legacy", options, XtablesPrograms::legacy(),
                                          XtablesPrograms::legacy(true));
  }
  // What both rigs are made of.
  virtual RigOptions network() const { return {}; }
  Firewall& ours() { return *both_[0]; }
  Firewall& legacy() { return *both_[1]; }

  std::array<std::unique_ptr<Firewall>, 2> both_;
};

}  // namespace bulkhead::testing
