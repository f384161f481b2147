// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/address.h"

namespace bulkhead::app {

inline constexpr std::string_view kConfigFile = "/etc/bulkhead/bulkhead.toml";

// Who may administer this host when its rules are lost.
struct Config {
  std::vector<net::Network> management;  // of either family; none: anybody
  std::vector<uint16_t> ssh_ports{22};
};

// A file that isn't there gives the defaults. A key that isn't known, or a value of another kind,
// is an error with its line: a typing error here would shut out the administrator.
Result<Config> load_config(const std::filesystem::path& file);
Result<Config> parse_config(std::string_view text, std::string_view name);

}  // namespace bulkhead::app
