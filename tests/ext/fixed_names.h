// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/names.h"

namespace bulkhead::ext {

// A few names of /etc/protocols, /etc/services, /etc/passwd and /etc/group, the same on every
// machine.
class FixedNames final : public net::Names {
 public:
  std::optional<uint8_t> protocol(std::string_view name) const override {
    if (name == "dccp") return kDccp;
    if (name == "ipcomp") return kIpcomp;
    return net::builtin_protocol(name);
  }
  std::optional<std::string> protocol_name(uint8_t number) const override {
    if (number == kDccp) return "dccp";
    if (number == kIpcomp) return "ipcomp";
    const std::optional<std::string_view> name = net::builtin_protocol_name(number);
    return name ? std::optional<std::string>(*name) : std::nullopt;
  }
  std::optional<uint16_t> service(std::string_view name, std::string_view protocol) const override {
    for (const Service& service : kServices) {
      if (service.name == name && (protocol.empty() || service.protocol == protocol))
        return service.port;
    }
    return std::nullopt;
  }
  std::optional<std::string> service_name(uint16_t port, std::string_view protocol) const override {
    for (const Service& service : kServices) {
      if (service.port == port && service.protocol == protocol) return std::string(service.name);
    }
    return std::nullopt;
  }
  Result<std::vector<net::Address>> host(net::Family, std::string_view) const override {
    return std::vector<net::Address>{};
  }
  std::optional<std::string> host_name(const net::Address&) const override { return std::nullopt; }
  std::optional<net::Address> network(std::string_view) const override { return std::nullopt; }
  std::optional<uint32_t> user(std::string_view name) const override {
    return name == "root" ? std::optional<uint32_t>(0) : std::nullopt;
  }
  std::optional<std::string> user_name(uint32_t number) const override {
    return number == 0 ? std::optional<std::string>("root") : std::nullopt;
  }
  std::optional<uint32_t> group(std::string_view name) const override {
    return name == "adm" ? std::optional<uint32_t>(4) : std::nullopt;
  }
  std::optional<std::string> group_name(uint32_t number) const override {
    return number == 4 ? std::optional<std::string>("adm") : std::nullopt;
  }
  Result<uint16_t> ip_set(net::Family, std::string_view name) const override {
    if (name == "blocked") return uint16_t{5};
    return Error{.kind = ErrorKind::kUsage,
                 .message = "Set " + std::string(name) + " doesn't exist."};
  }
  std::optional<uint16_t> connection_label(std::string_view name) const override {
    return name == "bulk" ? std::optional<uint16_t>(40) : std::nullopt;
  }
  std::optional<std::string> connection_label_name(uint16_t bit) const override {
    return bit == 40 ? std::optional<std::string>("bulk") : std::nullopt;
  }
  std::optional<uint32_t> iproute_number(Iproute, std::string_view name) const override {
    return name == "default" ? std::optional<uint32_t>(0) : std::nullopt;
  }
  std::optional<std::string> iproute_name(Iproute, uint32_t number) const override {
    return number == 0 ? std::optional<std::string>("default") : std::nullopt;
  }

 private:
  struct Service {
    std::string_view name;
    uint16_t port;
    std::string_view protocol;
  };
  static constexpr uint8_t kDccp = 33;
  static constexpr uint8_t kIpcomp = 108;
  static constexpr Service kServices[] = {
      {"ssh", 22, "tcp"},    {"domain", 53, "tcp"}, {"domain", 53, "udp"}, {"bootps", 67, "udp"},
      {"bootpc", 68, "udp"}, {"http", 80, "tcp"},   {"ntp", 123, "udp"},   {"https", 443, "tcp"},
  };
};

}  // namespace bulkhead::ext
