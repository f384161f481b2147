// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/u128.h"
#include "net/family.h"

namespace bulkhead::net {

// An address as a number: the most significant byte of the wire form is the most significant byte
// of the address_bits(family) that are used.
struct Address {
  Family family = Family::kIpv4;
  U128 value = 0;

  friend bool operator==(const Address&, const Address&) = default;
};

// An address and the bits of it that count. Not always a prefix: iptables takes any mask.
struct Network {
  Address address;  // bits outside the mask are zero
  U128 mask = 0;

  // The prefix length, if the mask is one.
  std::optional<unsigned> prefix_length() const;
  bool contains(const Address& other) const;

  friend bool operator==(const Network&, const Network&) = default;
};

// inet_pton(3)'s forms. Where `shortened` is set, IPv4 is read as iptables reads it: missing bytes
// are zero ("10" is 10.0.0.0, "10.1" is 10.1.0.0), and each byte may be written as in C ("0x0a",
// "012").
std::optional<Address> parse_address(Family family, std::string_view text, bool shortened = false);
std::string to_string(const Address& address);

// "24", "255.255.255.0" or "ffff::". Nothing if it is neither.
std::optional<U128> parse_mask(Family family, std::string_view text);
constexpr U128 prefix_mask(Family family, unsigned length) {
  return length == 0 ? 0
                     : low_bits(address_bits(family)) & ~low_bits(address_bits(family) - length);
}

// As iptables -S prints it: always with "/length", or "/mask" where the mask is no prefix.
std::string to_string(const Network& network);

}  // namespace bulkhead::net
