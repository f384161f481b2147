// SPDX-License-Identifier: GPL-2.0-or-later
// The ipvs match where the kernel has IPVS, and where it hasn't.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/asked_matches.h"

namespace bulkhead::testing {
namespace {

using ::testing::HasSubstr;

class IpvsMatch : public AskedMatches {
 protected:
  bool has_ipvs() {
    return legacy().ip4.command({"-A", "INPUT", "-m", "ipvs", "--ipvs"}).exit_code == 0;
  }
};

// No packet here belongs to a connection of IPVS.
TEST_F(IpvsMatch, HoldsForNoOtherConnection) {
  if (!has_ipvs()) GTEST_SKIP() << "this kernel has no IPVS";
  const Asked asked[] = {
      {"-m ipvs --ipvs", 0},
      {"-m ipvs ! --ipvs", 1},
      {"-m ipvs --vproto 17", 0},
      {"-m ipvs ! --vaddr 192.0.2.9 ! --vport 81 ! --vmethod MASQ", 0},
  };
  load({}, asked);
  inject_on_both(to_host({Udp{}}));
  expect({}, asked);
}

TEST_F(IpvsMatch, IsNamedWhereTheKernelHasNone) {
  if (has_ipvs()) GTEST_SKIP() << "this kernel has IPVS";
  const ExecResult refused = ours().ip4.command({"-A", "INPUT", "-m", "ipvs", "--ipvs"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("Extension ipvs revision 0 not supported"));
  EXPECT_THAT(refused.err, HasSubstr("match ipvs, which this kernel doesn't have"));
}

}  // namespace
}  // namespace bulkhead::testing
