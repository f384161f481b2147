// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/names.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "core/byte_order.h"
#include "net/connection_labels.h"
#include "net/ip_set.h"

namespace bulkhead::net {

namespace {

struct ProtocolName {
  std::string_view name;
  uint8_t number;
};

// Where two names have one number the first is the one that is printed.
constexpr ProtocolName kBuiltinProtocols[] = {
    {"tcp", IPPROTO_TCP},
    {"sctp", IPPROTO_SCTP},
    {"udp", IPPROTO_UDP},
    {"udplite", IPPROTO_UDPLITE},
    {"icmp", IPPROTO_ICMP},
    {"ipv6-icmp", IPPROTO_ICMPV6},
    {"icmpv6", IPPROTO_ICMPV6},
    {"esp", IPPROTO_ESP},
    {"ah", IPPROTO_AH},
    {"mobility-header", IPPROTO_MH},
    {"ipv6-mh", IPPROTO_MH},
    {"mh", IPPROTO_MH},
    {"all", 0},
};

const char* c_string_or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

// A socket address of either family, as getnameinfo(3) wants it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  explicit SocketAddress(const Address& address) {
    std::array<uint8_t, 16> bytes{};
    store_be(address.value, std::span(bytes).first(address_bits(address.family) / 8));
    if (address.family == Family::kIpv4) {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      std::memcpy(&in.sin_addr, bytes.data(), sizeof in.sin_addr);
      std::memcpy(&storage, &in, size = sizeof in);
    } else {
      sockaddr_in6 in6{};
      in6.sin6_family = AF_INET6;
      std::memcpy(&in6.sin6_addr, bytes.data(), sizeof in6.sin6_addr);
      std::memcpy(&storage, &in6, size = sizeof in6);
    }
  }
};

Address address_of(Family family, const sockaddr* from) {
  std::array<uint8_t, 16> bytes{};
  const size_t size = address_bits(family) / 8;
  const size_t offset =
      family == Family::kIpv4 ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr);
  std::memcpy(bytes.data(), reinterpret_cast<const char*>(from) + offset, size);
  return {family, load_be(std::span(bytes).first(size))};
}

}  // namespace

std::optional<uint8_t> builtin_protocol(std::string_view name) {
  const auto* found = std::ranges::find(kBuiltinProtocols, name, &ProtocolName::name);
  if (found == std::end(kBuiltinProtocols)) return std::nullopt;
  return found->number;
}

std::optional<std::string_view> builtin_protocol_name(uint8_t number) {
  const auto* found = std::ranges::find(kBuiltinProtocols, number, &ProtocolName::number);
  if (found == std::end(kBuiltinProtocols)) return std::nullopt;
  return found->name;
}

std::string protocol_text(uint8_t number, const Names& names) {
  if (const auto name = builtin_protocol_name(number)) return std::string(*name);
  if (auto name = names.protocol_name(number)) return *std::move(name);
  return std::to_string(number);
}

std::optional<uint8_t> SystemNames::protocol(std::string_view name) const {
  const protoent* entry = getprotobyname(std::string(name).c_str());
  if (!entry || entry->p_proto < 0 || entry->p_proto > UINT8_MAX) return std::nullopt;
  return static_cast<uint8_t>(entry->p_proto);
}

std::optional<std::string> SystemNames::protocol_name(uint8_t number) const {
  const protoent* entry = getprotobynumber(number);
  if (!entry) return std::nullopt;
  return entry->p_name;
}

std::optional<uint16_t> SystemNames::service(std::string_view name,
                                             std::string_view protocol) const {
  const std::string of(protocol);
  const servent* entry = getservbyname(std::string(name).c_str(), c_string_or_null(of));
  if (!entry) return std::nullopt;
  return ntohs(static_cast<uint16_t>(entry->s_port));
}

std::optional<std::string> SystemNames::service_name(uint16_t port,
                                                     std::string_view protocol) const {
  const std::string of(protocol);
  const servent* entry = getservbyport(htons(port), c_string_or_null(of));
  if (!entry) return std::nullopt;
  return entry->s_name;
}

Result<std::vector<Address>> SystemNames::host(Family family, std::string_view name) const {
  if (hosts_ == Hosts::kNotAsked) {
    return Error{.kind = ErrorKind::kUsage, .message = gai_strerror(EAI_NONAME)};
  }
  addrinfo hints{};
  hints.ai_family = static_cast<int>(family);
  hints.ai_socktype = SOCK_RAW;  // one answer an address, not one a socket type
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(std::string(name).c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  if (failure != 0) {
    return Error{.kind = ErrorKind::kUsage, .message = gai_strerror(failure)};
  }
  std::vector<Address> addresses;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    addresses.push_back(address_of(family, each->ai_addr));
  }
  return addresses;
}

std::optional<std::string> SystemNames::host_name(const Address& address) const {
  if (hosts_ == Hosts::kNotAsked) return std::nullopt;
  const SocketAddress socket(address);
  std::array<char, NI_MAXHOST> name{};
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&socket.storage), socket.size, name.data(),
                  name.size(), nullptr, 0, NI_NAMEREQD) != 0) {
    return std::nullopt;
  }
  return name.data();
}

std::optional<Address> SystemNames::network(std::string_view name) const {
  if (hosts_ == Hosts::kNotAsked) return std::nullopt;
  const netent* entry = getnetbyname(std::string(name).c_str());
  if (!entry || entry->n_addrtype != AF_INET) return std::nullopt;
  return Address{Family::kIpv4, entry->n_net};  // n_net is in host byte order
}

std::optional<uint32_t> SystemNames::user(std::string_view name) const {
  const passwd* entry = getpwnam(std::string(name).c_str());
  if (!entry) return std::nullopt;
  return entry->pw_uid;
}

std::optional<std::string> SystemNames::user_name(uint32_t number) const {
  const passwd* entry = getpwuid(number);
  if (!entry) return std::nullopt;
  return entry->pw_name;
}

std::optional<uint32_t> SystemNames::group(std::string_view name) const {
  const ::group* entry = getgrnam(std::string(name).c_str());
  if (!entry) return std::nullopt;
  return entry->gr_gid;
}

std::optional<std::string> SystemNames::group_name(uint32_t number) const {
  const ::group* entry = getgrgid(number);
  if (!entry) return std::nullopt;
  return entry->gr_name;
}

Result<uint16_t> SystemNames::ip_set(Family family, std::string_view name) const {
  return ip_set_number(family, name);
}

std::optional<uint16_t> SystemNames::connection_label(std::string_view name) const {
  for (const ConnectionLabel& label : system_connection_labels()) {
    if (label.name == name) return label.bit;
  }
  return std::nullopt;
}

std::optional<std::string> SystemNames::connection_label_name(uint16_t bit) const {
  for (const ConnectionLabel& label : system_connection_labels()) {
    if (label.bit == bit) return label.name;
  }
  return std::nullopt;
}

}  // namespace bulkhead::net
