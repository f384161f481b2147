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
  // The number that the kernel has given to an ipset, whose addresses must be of that family or of
  // none. It stays the set's as long as a rule asks for it. The error is iptables-legacy's.
  virtual Result<uint16_t> ip_set(Family family, std::string_view name) const = 0;
  // A bit of a connection's labels, by /etc/xtables/connlabel.conf.
  virtual std::optional<uint16_t> connection_label(std::string_view name) const = 0;
  virtual std::optional<std::string> connection_label_name(uint16_t bit) const = 0;
  // iproute2's names for the realms of routes and the groups of interfaces.
  enum class Iproute : uint8_t { kRealm, kInterfaceGroup };
  virtual std::optional<uint32_t> iproute_number(Iproute kind, std::string_view name) const = 0;
  virtual std::optional<std::string> iproute_name(Iproute kind, uint32_t number) const = 0;
};

// getprotobyname(3), getservbyname(3), getaddrinfo(3), getnetbyname(3), getpwnam(3), getgrnam(3);
// net/ip_set.h, net/connection_labels.h; /etc/iproute2.
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
  Result<uint16_t> ip_set(Family family, std::string_view name) const override;
  std::optional<uint16_t> connection_label(std::string_view name) const override;
  std::optional<std::string> connection_label_name(uint16_t bit) const override;
  std::optional<uint32_t> iproute_number(Iproute kind, std::string_view name) const override;
  std::optional<std::string> iproute_name(Iproute kind, uint32_t number) const override;

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
