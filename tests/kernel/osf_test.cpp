// SPDX-License-Identifier: GPL-2.0-or-later
// The osf match against a fingerprint of our own. The kernel has one list of them for all its
// namespaces, so the system's name is one that nobody else has.
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_osf.h>

#include <algorithm>
#include <cstring>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/netfilter_socket.h"
#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr char kSystem[] = "BulkheadTest";
constexpr uint8_t kTtl = 64;
constexpr uint16_t kWindow = 4321;

// As pf.os writes it, "4321:64:0:40:.:BulkheadTest:": window, time to live, no DF, length, no
// options.
void tell_kernel(uint16_t message, uint16_t flags) {
  nf_osf_user_finger finger{};
  finger.wss = {.wc = OSF_WSS_PLAIN, .val = kWindow};
  finger.ttl = kTtl;
  finger.ss = 40;
  std::copy(std::begin(kSystem), std::end(kSystem), finger.genre);
  const UniqueFd socket = open_netfilter_socket();
  netfilter_request(
      socket.get(), static_cast<uint16_t>(NFNL_SUBSYS_OSF << 8 | message), 0,
      [&](nlmsghdr* header) { mnl_attr_put(header, OSF_ATTR_FINGER, sizeof finger, &finger); },
      flags);
}

class Osf : public TwoFirewalls {
 protected:
  void SetUp() override {
    TwoFirewalls::SetUp();
    if (IsSkipped()) return;
    // The first rule loads the kernel's module, without which it takes no fingerprint.
    legacy().ip4.must_restore(filter("-A INPUT -p tcp -m osf --genre x\n"));
    legacy().net.run([] { tell_kernel(OSF_MSG_ADD, NLM_F_CREATE); });
    loaded_ = true;
  }
  void TearDown() override {
    if (loaded_) legacy().net.run([] { tell_kernel(OSF_MSG_REMOVE, 0); });
  }

  static Bytes syn(uint8_t ttl, uint16_t window, const std::string& flags = "S") {
    return build(Packet{Ip4{.saddr = kPeer, .daddr = kHost, .ttl = ttl}} /
                 Tcp{.flags = flags, .window = window});
  }

  bool loaded_ = false;
};

TEST_F(Osf, KnowsASystemByItsSyn) {
  struct Asked {
    std::string match;
    uint8_t ttl;
    uint16_t window;
    std::string flags;
    uint64_t packets;
  };
  const std::string known = fmt::format("--genre {}", kSystem);
  const Asked asked[] = {
      {known, kTtl, kWindow, "S", 1},
      {known, kTtl, kWindow, "A", 0},
      {known, kTtl, kWindow + 1, "S", 0},
      {"--genre AnotherTest", kTtl, kWindow, "S", 0},
      // At a distance: 0 wants the very time to live, 1 takes less, 2 takes any.
      {known + " --ttl 0", kTtl - 1, kWindow, "S", 0},
      {known + " --ttl 1", kTtl - 1, kWindow, "S", 1},
      {known + " --ttl 1", kTtl + 1, kWindow, "S", 0},
      {known + " --ttl 2", kTtl + 1, kWindow, "S", 1},
      {known + " --ttl 2 --log 1", kTtl, kWindow, "S", 1},
      // Whatever is behind the '!', the kernel doesn't look at it.
      {"! " + known, kTtl, kWindow, "S", 1},
      {"! " + known, kTtl, kWindow + 1, "S", 0},
      {"! --genre AnotherTest", kTtl, kWindow, "S", 0},
  };
  for (const Asked& each : asked) {
    for (const auto& firewall : both_) {
      firewall->ip4.must_restore(
          filter(fmt::format("-A INPUT -p tcp -m osf {} -m comment --comment here\n", each.match)));
      firewall->rig.inject("eth0", syn(each.ttl, each.window, each.flags));
      EXPECT_EQ(firewall->packets("here"), each.packets)
          << firewall->name << ' ' << each.match << ", time to live " << int{each.ttl}
          << ", window " << each.window << ", flags " << each.flags;
    }
  }
}

}  // namespace
}  // namespace bulkhead::testing
