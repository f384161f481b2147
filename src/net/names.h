// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/address.h"

namespace bulkhead::net {

// Looks names up, in both directions. Behind an interface because DNS is slow, may fail, and has no
// place in a test. A name that isn't known is nullopt or an empty vector; only a host look-up can
// fail.
class Names {
 public:
  virtual ~Names() = default;

  virtual std::optional<uint8_t> protocol(std::string_view name) const = 0;
  virtual std::optional<std::string> protocol_name(uint8_t number) const = 0;
  // protocol: "tcp", "udp", ...; empty: any protocol that has the service.
  virtual std::optional<uint16_t> service(std::string_view name,
                                          std::string_view protocol) const = 0;
  virtual std::optional<std::string> service_name(uint16_t port,
                                                  std::string_view protocol) const = 0;
  // Every address of a host; the error says in gai_strerror(3)'s words why there is none.
  virtual Result<std::vector<Address>> host(Family family, std::string_view name) const = 0;
  virtual std::optional<std::string> host_name(const Address& address) const = 0;
  // A name of /etc/networks (IPv4 only).
  virtual std::optional<Address> network(std::string_view name) const = 0;
  // The host's users and groups.
  virtual std::optional<uint32_t> user(std::string_view name) const = 0;
  virtual std::optional<std::string> user_name(uint32_t number) const = 0;
  virtual std::optional<uint32_t> group(std::string_view name) const = 0;
  virtual std::optional<std::string> group_name(uint32_t number) const = 0;
};

// getprotobyname(3), getservbyname(3), getaddrinfo(3), getnetbyname(3), getpwnam(3), getgrnam(3).
class SystemNames final : public Names {
 public:
  // kNotAsked: no host or network has a name, so nothing is sent to a name server.
  enum class Hosts : uint8_t { kAsked, kNotAsked };
  explicit SystemNames(Hosts hosts = Hosts::kAsked) : hosts_(hosts) {}

  std::optional<uint8_t> protocol(std::string_view name) const override;
  std::optional<std::string> protocol_name(uint8_t number) const override;
  std::optional<uint16_t> service(std::string_view name, std::string_view protocol) const override;
  std::optional<std::string> service_name(uint16_t port, std::string_view protocol) const override;
  Result<std::vector<Address>> host(Family family, std::string_view name) const override;
  std::optional<std::string> host_name(const Address& address) const override;
  std::optional<Address> network(std::string_view name) const override;
  std::optional<uint32_t> user(std::string_view name) const override;
  std::optional<std::string> user_name(uint32_t number) const override;
  std::optional<uint32_t> group(std::string_view name) const override;
  std::optional<std::string> group_name(uint32_t number) const override;

 private:
  Hosts hosts_;
};

// The protocol names that iptables itself knows before it asks /etc/protocols (xtables.c:
// xtables_chain_protos).
std::optional<uint8_t> builtin_protocol(std::string_view name);
std::optional<std::string_view> builtin_protocol_name(uint8_t number);
// As -S shows it: that name, else /etc/protocols', else the number.
std::string protocol_text(uint8_t number, const Names& names);

}  // namespace bulkhead::net
