// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/oracle.h"
#include "support/rig.h"

namespace bulkhead::testing {

inline constexpr char kHost[] = "192.0.2.1", kPeer[] = "192.0.2.9", kBehind[] = "203.0.113.9";
inline constexpr char kHost6[] = "2001:db8::1", kPeer6[] = "2001:db8::9",
                      kBehind6[] = "2001:db8:1::9";
inline constexpr char kUntracked[] = "198.51.100.7", kUntracked6[] = "2001:db8:ffff::7";

// In the rig's own network: peer to host, peer to what lies behind the host, host to peer.
inline Bytes to_host(const Packet& rest) {
  return build(Packet{Ip4{.saddr = kPeer, .daddr = kHost}} / rest);
}
inline Bytes to_host6(const Packet& rest) {
  return build(Packet{Ip6{.saddr = kPeer6, .daddr = kHost6}} / rest);
}
inline Bytes through(const Packet& rest) {
  return build(Packet{Ip4{.saddr = kPeer, .daddr = kBehind}} / rest);
}
inline Bytes through6(const Packet& rest) {
  return build(Packet{Ip6{.saddr = kPeer6, .daddr = kBehind6}} / rest);
}
inline Bytes from_host(const Packet& rest) {
  return build(Packet{Ip4{.saddr = kHost, .daddr = kPeer}} / rest);
}
inline Bytes from_host6(const Packet& rest) {
  return build(Packet{Ip6{.saddr = kHost6, .daddr = kPeer6}} / rest);
}

// A restore file of the filter table: policies ACCEPT, and these rules.
inline std::string filter(const std::string& rules) {
  return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + rules +
         "COMMIT\n";
}

// A namespace with a rig in it; skips where the kernel can't be had, fails if a packet came from
// nowhere.
class RigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
    start({});
  }
  void TearDown() override {
    if (rig_) {
      EXPECT_EQ(rig_->strays(), 0u) << "packets that nobody sent";
    }
  }

  // Anew, in a new namespace.
  void start(RigOptions options) {
    rig_.reset();
    net_ = std::make_unique<NetNamespace>();
    rig_ = std::make_unique<PacketRig>(*net_, std::move(options));
  }

  std::string in(const Bytes& packet) { return text(rig_->inject("eth0", packet)); }
  std::string out(const Bytes& packet) { return text(rig_->send(packet)); }

  std::unique_ptr<NetNamespace> net_;
  std::unique_ptr<PacketRig> rig_;
};

}  // namespace bulkhead::testing
