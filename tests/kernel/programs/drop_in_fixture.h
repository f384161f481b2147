// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "support/drop_in_host.h"
#include "support/long_run.h"

namespace bulkhead::testing {

// A real program with our iptables under it. With BULKHEAD_LONG the same is done over
// iptables-legacy, so that what a test expects is what the program's users get there.
class DropIn : public ::testing::TestWithParam<Provider> {
 protected:
  void SetUp() override {
    if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
    if (GetParam() == Provider::kLegacy && !long_run()) GTEST_SKIP() << "only with --long";
    if (!has_program(program())) GTEST_SKIP() << program() << " is not installed";
    host_ = std::make_unique<DropInHost>(GetParam());
  }
  virtual std::string program() const = 0;

  bool reaches(uint16_t port) { return connects(host_->client(), DropInHost::kServer, port); }
  bool reaches6(uint16_t port) { return connects(host_->client(), DropInHost::kServer6, port); }
  bool blocked(uint16_t port) { return is_blocked(host_->client(), DropInHost::kServer, port); }
  bool blocked6(uint16_t port) { return is_blocked(host_->client(), DropInHost::kServer6, port); }

  std::unique_ptr<DropInHost> host_;
};

inline void PrintTo(Provider provider, std::ostream* stream) {
  *stream << (provider == Provider::kBulkhead ? "Bulkhead" : "Legacy");
}
inline std::string provider_name(const ::testing::TestParamInfo<Provider>& info) {
  return ::testing::PrintToString(info.param);
}

// One test for each firewall.
#define BULKHEAD_OVER_BOTH(fixture) \
  INSTANTIATE_TEST_SUITE_P(         \
      Over, fixture, ::testing::Values(Provider::kBulkhead, Provider::kLegacy), provider_name)

}  // namespace bulkhead::testing
