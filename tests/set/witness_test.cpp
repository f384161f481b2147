// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/witness.h"

#include <gtest/gtest.h>

#include "set/model_of_text.h"

namespace bulkhead::set {
namespace {

using testing::ModelOfText;

TEST(Witness, IsWhatAPersonWouldThinkOf) {
  ModelOfText it("-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -i eth+ -j DROP");
  const auto point = witness(it.model, it.model.at_hook(ir::Hook::kInput));
  ASSERT_TRUE(point);
  const Space& space = it.model.space();
  EXPECT_EQ(value_of(space, *point, ir::kProtocol), 6u);
  EXPECT_EQ(value_of(space, *point, ir::kSourcePort), 40000u);
  EXPECT_EQ(value_of(space, *point, ir::kCtState), 8u);
  EXPECT_EQ(interface_name(value_of(space, *point, ir::kInInterface)), "eth0");
  EXPECT_EQ(interface_name(value_of(space, *point, ir::kOutInterface)), "");
  EXPECT_EQ(shape_of(space, *point), Shape::kWhole);
}

TEST(Witness, LiesInItsSet) {
  ModelOfText it(R"(
-A INPUT -s 127.0.0.0/8 -p udp --sport 0:9 -m state --state INVALID
-A INPUT -p icmp --icmp-type 3/4 -i lo
-A INPUT -p tcp --tcp-flags ALL NONE ! --dport 1:65534
-A INPUT -f -s 10.1.2.0/255.255.255.1
)");
  for (size_t i = 0; i < 4; ++i) {
    const Node set = it.holds("INPUT", i);
    const auto point = witness(it.model, set);
    ASSERT_TRUE(point) << i;
    EXPECT_EQ(at(it.model, set, *point), kEverything) << i;
  }
  EXPECT_FALSE(witness(it.model, kNothing));
}

}  // namespace
}  // namespace bulkhead::set
