// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/oracle.h"
#include "support/rig.h"

// The same rules and packets in two kernels: one with what our iptables-restore makes of the rules,
// one with iptables-legacy's.
namespace bulkhead::testing {

// What one firewall did: a line for each packet, then one for each rule and policy.
struct Deeds {
  std::string error;  // it refuses the rules
  std::vector<std::string> fates;
  std::vector<RuleCounter> counters;  // by table, then in the order of -S
};

// Loads the rules, sends the packets, reads the counters; in a namespace with the network of the
// differential tests.
class KernelFirewall {
 public:
  explicit KernelFirewall(bool ours);

  // Sends all packets and gives their fates.
  using Send = std::function<std::vector<std::string>(PacketRig&)>;
  Deeds run(bool ip6, const std::string& rules, const Send& send);

  NetNamespace& net() { return net_; }
  size_t strays() const { return rig_.strays(); }

 private:
  bool ours_;
  NetNamespace net_;
  PacketRig rig_;
};

// The first difference, in words; the packets' descriptions are those of the fates.
std::optional<std::string> compare_kernels(std::span<const std::string> packets, const Deeds& ours,
                                           const Deeds& legacy);

// A failure isn't lost with the terminal. Gives the file.
std::string keep_report(std::string_view test, const std::string& report, bool ip6, uint64_t seed);

class TwoKernels : public ::testing::Test {
 protected:
  void SetUp() override;

  std::unique_ptr<KernelFirewall> ours_;
  std::unique_ptr<KernelFirewall> legacy_;
};

}  // namespace bulkhead::testing
