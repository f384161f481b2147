// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/config.h"

#include <cerrno>
#include <optional>
#include <string>

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "host/files.h"

namespace bulkhead::app {

namespace {

class ConfigReader {
 public:
  explicit ConfigReader(std::string_view name) : name_(name) {}

  Error wrong(const toml::node& where, std::string_view what) const {
    return {.kind = ErrorKind::kUsage,
            .message = fmt::format("{}:{}: {}", name_, where.source().begin.line, what),
            .hint = "see bulkhead(8), CONFIGURATION"};
  }

  Result<void> management(const toml::node& node, Config& config) const {
    const toml::table* const table = node.as_table();
    if (table == nullptr) return wrong(node, "`management' is a table: [management]");
    for (const auto& [key, value] : *table) {
      Result<void> done;
      if (key == "addresses") {
        done =
            each(value, [&](const toml::node& item) { return address(item, config.management); });
      } else if (key == "ssh_ports") {
        config.ssh_ports.clear();
        done = each(value, [&](const toml::node& item) { return port(item, config.ssh_ports); });
      } else {
        done =
            wrong(value, fmt::format("`{}' is not known in [management]", std::string_view(key)));
      }
      if (!done) return done;
    }
    return {};
  }

  Result<void> audit(const toml::node& node, Config::Audit& audit) const {
    const toml::table* const table = node.as_table();
    if (table == nullptr) return wrong(node, "`audit' is a table: [audit]");
    for (const auto& [key, value] : *table) {
      Result<void> done;
      if (key == "forwarding") {
        const auto flag = value.value_exact<bool>();
        if (!flag) return wrong(value, "`forwarding' is true or false");
        audit.forwarding = *flag;
      } else if (key == "egress") {
        done = each(value, [&](const toml::node& item) { return port(item, audit.egress); });
      } else if (key == "subnets") {
        done = each(value, [&](const toml::node& item) { return address(item, audit.subnets); });
      } else {
        done = wrong(value, fmt::format("`{}' is not known in [audit]", std::string_view(key)));
      }
      if (!done) return done;
    }
    return {};
  }

 private:
  template <class Take> Result<void> each(const toml::node& node, const Take& take) const {
    const toml::array* const list = node.as_array();
    if (list == nullptr) return wrong(node, "a list is needed: [\"...\", \"...\"]");
    for (const toml::node& item : *list) {
      if (auto taken = take(item); !taken) return taken;
    }
    return {};
  }

  Result<void> address(const toml::node& node, std::vector<net::Network>& to) const {
    const auto text = node.value<std::string>();
    const auto network = text ? parse_network(*text) : std::nullopt;
    if (!network)
      return wrong(node, "an address or a network is needed: \"192.0.2.1\", \"2001:db8::/64\"");
    to.push_back(*network);
    return {};
  }

  Result<void> port(const toml::node& node, std::vector<uint16_t>& to) const {
    const auto number = node.value<int64_t>();
    if (!number || *number < 1 || *number > 65535)
      return wrong(node, "a port is a number from 1 to 65535");
    to.push_back(static_cast<uint16_t>(*number));
    return {};
  }

  std::string_view name_;
};

}  // namespace

std::optional<net::Network> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  for (const net::Family family : net::kFamilies) {
    const auto address = net::parse_address(family, text.substr(0, slash));
    if (!address) continue;
    const auto mask = slash == text.npos ? net::prefix_mask(family, net::address_bits(family))
                                         : net::parse_mask(family, text.substr(slash + 1));
    if (!mask) return {};
    return net::Network{{family, address->value & *mask}, *mask};
  }
  return {};
}

Result<Config> parse_config(std::string_view text, std::string_view name) {
  const toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{}:{}: {}", name, parsed.error().source().begin.line,
                                        parsed.error().description())};
  }
  Config config;
  const ConfigReader reader(name);
  for (const auto& [key, value] : parsed.table()) {
    Result<void> read;
    if (key == "management") {
      read = reader.management(value, config);
    } else if (key == "audit") {
      read = reader.audit(value, config.audit);
    } else {
      read = reader.wrong(value, fmt::format("`{}' is not known", std::string_view(key)));
    }
    if (!read) return read.error();
  }
  return config;
}

Result<Config> load_config(const std::filesystem::path& file) {
  const auto text = host::read_file(file);
  if (text) return parse_config(*text, file.string());
  if (text.error().errno_value == ENOENT) return Config{};
  return text.error();
}

}  // namespace bulkhead::app
