// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/ruleset.h"
#include "support/random.h"
#include "support/rig.h"

namespace bulkhead::testing {

// Who sends to whom, drawn at random from the hosts around the differential tests' host.
class PathDrawer {
 protected:
  PathDrawer(Random& random, bool ip6) : random_(random), ip6_(ip6) {}

  // From here to there, and through which hooks.
  struct Path {
    std::string source, destination;
    std::string in, out;         // interfaces; empty: the host
    std::optional<Mac> to = {};  // on Ethernet; else the interface's own
    ir::Hook hook() const {
      return in.empty() ? ir::Hook::kOutput : out.empty() ? ir::Hook::kInput : ir::Hook::kForward;
    }
    Path back() const { return {destination, source, out, in}; }
    bool bridged() const { return in == "br0"; }
  };

  std::string host(bool second) {
    return ip6_ ? (second ? "2001:db8:1::1" : "2001:db8::1") : second ? "203.0.113.1" : "192.0.2.1";
  }
  std::string peer() {
    const std::vector<std::string> v4 = {"192.0.2.9", "192.0.2.10", "192.0.2.200"};
    const std::vector<std::string> v6 = {"2001:db8::9", "2001:db8::a", "2001:db8::1:8"};
    return random_.pick(ip6_ ? v6 : v4);
  }
  std::string behind() {
    const std::vector<std::string> v4 = {"203.0.113.9", "203.0.113.77"};
    const std::vector<std::string> v6 = {"2001:db8:1::9", "2001:db8:1::4d"};
    return random_.pick(ip6_ ? v6 : v4);
  }
  std::string lan_host() { return ip6_ ? "2001:db8:2::1" : "198.18.0.1"; }
  std::string neighbour() { return ip6_ ? "2001:db8:2::9" : "198.18.0.9"; }
  std::string untracked() { return ip6_ ? "2001:db8:ffff::7" : "198.51.100.7"; }

  Path path() {
    switch (random_.below(10)) {
      case 0: return {behind(), host(true), "eth1", ""};
      case 1:
      case 2: return {peer(), behind(), "eth0", "eth1"};
      case 3: return {behind(), peer(), "eth1", "eth0"};
      case 4:
      case 7: return {host(false), peer(), "", "eth0"};
      case 5: return {host(true), behind(), "", "eth1"};
      case 6: return {neighbour(), lan_host(), "lan0", ""};
      default: return {peer(), host(false), "eth0", ""};
    }
  }

  Random& random_;
  bool ip6_;
};

}  // namespace bulkhead::testing
