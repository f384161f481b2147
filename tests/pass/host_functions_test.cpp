// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/host_functions.h"

#include <gtest/gtest.h>

#include "set/model_of_text.h"

namespace bulkhead::pass {
namespace {

using testing::ModelOfText;

std::string passing(const std::string& text, net::Direction direction, ir::Hook hook) {
  ModelOfText it(text);
  HostFunctions host(it.model, it.rules);
  const set::Node care =
      it.model.arena().intersect(it.model.at_hook(hook), it.model.of_shapes({set::Shape::kWhole}));
  const set::Node fresh = it.model.of(
      {&ir::kCtState, UINT32_MAX, ir::ValueSet::of(static_cast<U128>(ir::CtState::kNew))});
  return it.words(it.passing(host.on_the_way(direction)), it.model.arena().intersect(care, fresh));
}

TEST(HostFunctions, EveryTableOnTheWayMustLetThePacketPass) {
  EXPECT_EQ(passing(R"(*filter
:INPUT DROP [0:0]
-A INPUT -p tcp -j ACCEPT
COMMIT
*mangle
-A PREROUTING -s 10.0.0.0/8 -j DROP
COMMIT
*raw
-A PREROUTING -p tcp --dport 23 -j DROP
COMMIT
)",
                    net::Direction::kInput, ir::Hook::kInput),
            "tcp to port not 23 from any except 10.0.0.0/8\n");
}

TEST(HostFunctions, TheFilterSeesTheTranslatedPacket) {
  EXPECT_EQ(passing(R"(*nat
-A PREROUTING -p tcp -d 192.0.2.1 --dport 8080 -j DNAT --to-destination 10.0.0.2:80
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -p tcp -d 10.0.0.2 --dport 80 -j ACCEPT
COMMIT
)",
                    net::Direction::kForward, ir::Hook::kForward),
            "tcp to 10.0.0.2 port 80\ntcp to 192.0.2.1 port 8080\n");
}

TEST(HostFunctions, AMarkOfMangleDecidesInFilter) {
  EXPECT_EQ(passing(R"(*mangle
-A PREROUTING -j MARK --set-mark 0
-A PREROUTING -s 10.0.0.0/8 -j MARK --set-mark 1
COMMIT
*filter
:INPUT DROP [0:0]
-A INPUT -m mark --mark 1 -j ACCEPT
COMMIT
)",
                    net::Direction::kInput, ir::Hook::kInput),
            "from 10.0.0.0/8\n");
}

TEST(HostFunctions, AnUntrackedPacketIsNotEstablished) {
  EXPECT_EQ(passing(R"(*raw
-A PREROUTING -s 10.0.0.0/8 -j NOTRACK
COMMIT
*filter
:INPUT DROP [0:0]
-A INPUT -m state --state NEW -j ACCEPT
COMMIT
)",
                    net::Direction::kInput, ir::Hook::kInput),
            "from any except 10.0.0.0/8\n");
}

}  // namespace
}  // namespace bulkhead::pass
