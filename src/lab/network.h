// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <functional>
#include <string>

#include "lab/host.h"

namespace bulkhead::lab {

namespace address {
inline constexpr const char* kHypervisor = "192.168.56.1";
inline constexpr const char* kClient = "192.168.56.10";
inline constexpr const char* kWebServer = "192.168.56.20";
inline constexpr const char* kAttacker = "192.168.56.66";
inline constexpr const char* kOutside = "203.0.113.80";
inline constexpr const char* kBackOffice = "10.20.0.30";
inline constexpr const char* kLoopback = "127.0.0.1";
}  // namespace address

// The hosts of the story and the links between them.
//
//   outside 203.0.113.80
//      |
//   hypervisor 203.0.113.1, and .1 on its bridge: 192.168.56.0/24
//      +---------------+------------------+
//   nslClient .10   nslWebServer .20   attacker .66
//                      |  10.20.0.1
//                   backoffice 10.20.0.30
class Network {
 public:
  explicit Network(const World& world);

  // Every host on, every link up.
  Result<void> build();

  // The web server goes down and comes back as after a reboot. `before_links` runs when its
  // namespaces and its (down) links are there: the moment at which a firewall has to be loaded.
  Result<void> restart_web_server(const std::function<Result<void>()>& before_links);

  // The hosts stay when this object goes.
  void leave_up();

  Host hypervisor;
  Host client;
  Host web_server;
  Host attacker;
  Host outside;
  Host back_office;

  std::array<Host*, 6> hosts() {
    return {&hypervisor, &client, &web_server, &attacker, &outside, &back_office};
  }

 private:
  Result<void> plug_web_server();
  Result<void> raise_web_server();
};

// What the person at the terminal is shown.
std::string picture(bool utf8);

}  // namespace bulkhead::lab
