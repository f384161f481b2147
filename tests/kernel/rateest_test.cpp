// SPDX-License-Identifier: GPL-2.0-or-later
// The rateest match with estimators that iptables-legacy's RATEEST feeds: one that every packet
// comes by, and one that none does.
#include <chrono>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

struct Asked {
  std::string rateest;  // behind -m rateest
  bool idle;            // whether it holds while no rate is but 0
};

const Asked kAsked[] = {
    {"--rateest busy --rateest-lt --rateest-pps 1", true},
    {"--rateest busy ! --rateest-lt --rateest-pps 1", false},
    {"--rateest busy --rateest-gt --rateest-pps 0", false},
    {"--rateest busy ! --rateest-gt --rateest-pps 0", true},
    {"--rateest busy --rateest-eq --rateest-bps 0bit", true},
    {"--rateest busy ! --rateest-eq --rateest-bps 0bit", false},
    {"--rateest-delta --rateest busy --rateest-pps1 5 --rateest-eq --rateest-pps2 5", true},
    {"--rateest-delta --rateest busy --rateest-bps1 1mbit --rateest-lt --rateest-bps2 1mbit",
     false},
    {"--rateest-delta --rateest busy --rateest-bps1 1mbit --rateest-gt --rateest-bps2 1kbit", true},
    {"--rateest1 busy --rateest-eq --rateest-pps --rateest2 quiet", true},
    {"--rateest1 busy --rateest-gt --rateest-pps --rateest2 quiet", false},
    {"--rateest-delta --rateest1 busy --rateest-pps1 7 --rateest-gt --rateest-pps2 8 --rateest2 "
     "quiet",
     false},
    {"--rateest busy --rateest-lt --rateest-bps 8bit --rateest-pps 1", true},
    {"--rateest busy --rateest-gt --rateest-bps 0bit --rateest-pps 0", false},
};

class Rateest : public TwoFirewalls {
 protected:
  static void make_estimators(const Firewall& firewall) {
    const Xtables legacy(firewall.net, XtablesPrograms::legacy());
    std::string rules;
    for (const char* estimator : {"busy", "quiet"}) {
      rules += fmt::format(
          "-A PREROUTING -i {} -j RATEEST --rateest-name {} --rateest-interval 250ms "
          "--rateest-ewmalog 500ms\n",
          estimator == std::string("busy") ? "eth0" : "eth1", estimator);
    }
    legacy.must_restore("*raw\n" + rules + "COMMIT\n");
  }
};

TEST_F(Rateest, ComparesRatesWithNumbersAndEachOther) {
  std::string rules;
  for (size_t i = 0; i < std::size(kAsked); ++i) {
    rules += fmt::format("-A INPUT -m rateest {} -m comment --comment {}\n", kAsked[i].rateest, i);
  }
  for (const auto& firewall : both_) {
    make_estimators(*firewall);
    firewall->ip4.must_restore(filter(rules));
    firewall->rig.inject("eth0", to_host({Udp{}}));
    for (size_t i = 0; i < std::size(kAsked); ++i) {
      EXPECT_EQ(firewall->packets(std::to_string(i)), kAsked[i].idle ? 1u : 0u)
          << firewall->name << ' ' << kAsked[i].rateest;
    }
  }
}

// The kernel's timer reckons the rate four times a second, so it has grown when this holds.
TEST_F(Rateest, HoldsOnceTheRateHasGrown) {
  for (const auto& firewall : both_) {
    make_estimators(*firewall);
    firewall->ip4.must_restore(
        filter("-A INPUT -m rateest --rateest busy --rateest-gt --rateest-pps 1 -m comment "
               "--comment grown\n"));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (firewall->packets("grown") == 0 && std::chrono::steady_clock::now() < deadline)
      for (int i = 0; i < 50; ++i) firewall->rig.inject("eth0", to_host({Udp{}}));
    EXPECT_GT(firewall->packets("grown"), 0u) << firewall->name;
  }
}

}  // namespace
}  // namespace bulkhead::testing
