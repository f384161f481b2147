// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What `bulkhead audit` wants to know of the host beside its rules: gathered here, at the edge, so
// that the checks themselves are pure.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/store.h"
#include "backend/backend.h"
#include "host/persist.h"
#include "net/address.h"

namespace bulkhead::app {

struct Interface {
  struct Own {
    net::Address address;
    net::Network subnet;
  };
  std::string name;
  std::vector<Own> addresses;
};

// A socket that takes what comes: TCP that listens, UDP that isn't connected.
struct Listener {
  uint8_t protocol = 0;  // net::kTcp or net::kUdp
  uint16_t port = 0;
  std::optional<net::Address> address;      // none: all of the host's, of both families
  net::Family family = net::Family::kIpv4;  // of the socket
};

// Somebody else who may drop, or load rules at boot, and what takes them out of the way.
struct OtherFirewall {
  std::string words;
  std::string remedy;  // a command; empty: it is a person's to choose
};

struct BootState {
  enum class When : uint8_t { kBeforeNetwork, kLater, kNever, kUnknown };
  When when = When::kUnknown;
  std::string words;      // of all but kBeforeNetwork: by what, or why not
  bool disabled = false;  // the unit is there, and isn't enabled
};

struct SavedState {
  bool same = false;  // as what is in force
  std::string why;    // where it isn't
};

struct HostFacts {
  std::vector<Interface> interfaces;  // that are up; lo too
  bool ip6_on = true;
  std::map<std::string, std::string> sysctls;  // "net.ipv4.conf.eth0.rp_filter"; all that were read
  std::optional<std::vector<Listener>> listeners;  // none: they couldn't be read
  SavedState saved;
  BootState boot;
  std::vector<OtherFirewall> others;

  std::optional<int> sysctl(const std::string& name) const;
};

// Where to look; a test has folders of its own.
struct FactPlaces {
  std::filesystem::path state_folder{host::kStateFolder};
  std::filesystem::path root{"/"};  // of etc, usr, lib and run
  std::filesystem::path proc{"/proc"};
};

// Never fails: what can't be read isn't known. `loaded` and `foreign`: as the back end has them.
HostFacts gather_facts(const FactPlaces& places, const View& loaded,
                       const std::vector<backend::ForeignChain>& foreign);

// The parts that read text and files: lines of /proc/net/tcp, udp, tcp6 or udp6; folders.
std::vector<Listener> parse_listeners(std::string_view text, uint8_t protocol, net::Family family);
BootState boot_state(const std::filesystem::path& root);
// Other programs that load rules at boot.
std::vector<OtherFirewall> firewalls_at_boot(const std::filesystem::path& root);
// Whether some interface but lo, or one to come, has IPv6; what can't be read has it.
bool ip6_is_on(const std::filesystem::path& proc);

}  // namespace bulkhead::app
