// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/address.h"

namespace bulkhead::app {

inline constexpr std::string_view kConfigFile = "/etc/bulkhead/bulkhead.toml";

// Who may administer this host when its rules are lost, and what `bulkhead audit` is to find right.
struct Config {
  std::vector<net::Network> management;  // of either family; none: anybody
  std::vector<uint16_t> ssh_ports{22};
  struct Audit {
    bool forwarding = false;            // this host is a router
    std::vector<uint16_t> egress;       // administrative ports that it may connect to nearby
    std::vector<net::Network> subnets;  // those of its interfaces, where it can't be asked
  };
  Audit audit;
};

// "192.0.2.1", "192.0.2.0/24", "2001:db8::/64".
std::optional<net::Network> parse_network(std::string_view text);

// A file that isn't there gives the defaults. A key that isn't known, or a value of another kind,
// is an error with its line: a typing error here would shut out the administrator.
Result<Config> load_config(const std::filesystem::path& file);
Result<Config> parse_config(std::string_view text, std::string_view name);

}  // namespace bulkhead::app
