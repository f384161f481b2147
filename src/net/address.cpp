// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/address.h"

#include <arpa/inet.h>

#include <array>
#include <bit>
#include <charconv>

#include "core/byte_order.h"

namespace bulkhead::net {

namespace {

// As strtoul(3) with base 0 takes it, without sign or spaces: 10, 0x0a, 012.
std::optional<unsigned> parse_c_number(std::string_view text, unsigned max) {
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

// Dotted bytes as iptables reads them; missing ones are zero unless all four are wanted.
std::optional<U128> parse_dotted(std::string_view text, bool all_four) {
  U128 value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const size_t dot = text.find('.');
    const bool last = dot == std::string_view::npos;
    // A fourth dot is refused together with what follows it: "1.2.3.4.5" has no number "4.5".
    const auto byte = parse_c_number(i == 3 ? text : text.substr(0, dot), 255);
    if (!byte) return std::nullopt;
    value |= U128{*byte} << (24 - 8 * i);
    if (last) return i == 3 || !all_four ? std::optional(value) : std::nullopt;
    if (i < 3) text.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

std::optional<U128> parse_presentation(Family family, std::string_view text) {
  std::array<uint8_t, 16> bytes{};
  if (inet_pton(static_cast<int>(family), std::string(text).c_str(), bytes.data()) != 1)
    return std::nullopt;
  return load_be(std::span(bytes).first(address_bits(family) / 8));
}

std::string presentation(Family family, U128 value) {
  std::array<uint8_t, 16> bytes{};
  store_be(value, std::span(bytes).first(address_bits(family) / 8));
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(static_cast<int>(family), bytes.data(), text.data(), text.size());
}

}  // namespace

std::optional<unsigned> Network::prefix_length() const {
  const unsigned bits = address_bits(address.family);
  const auto high = static_cast<uint64_t>(mask >> 64);
  const auto low = static_cast<uint64_t>(mask);
  const auto length = static_cast<unsigned>(std::popcount(high) + std::popcount(low));
  if (mask != prefix_mask(address.family, length) || length > bits) return std::nullopt;
  return length;
}

bool Network::contains(const Address& other) const {
  return other.family == address.family && (other.value & mask) == address.value;
}

std::optional<Address> parse_address(Family family, std::string_view text, bool shortened) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const auto value = shortened && family == Family::kIpv4 ? parse_dotted(text, false)
                                                          : parse_presentation(family, text);
  if (!value) return std::nullopt;
  return Address{family, *value};
}

std::string to_string(const Address& address) {
  return presentation(address.family, address.value);
}

std::optional<U128> parse_mask(Family family, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const auto mask =
      family == Family::kIpv4 ? parse_dotted(text, true) : parse_presentation(family, text);
  if (mask) return mask;
  const auto length = parse_c_number(text, address_bits(family));
  if (!length) return std::nullopt;
  return prefix_mask(family, *length);
}

std::string to_string(const Network& network) {
  const auto length = network.prefix_length();
  return to_string(network.address) + "/" +
         (length ? std::to_string(*length) : presentation(network.address.family, network.mask));
}

}  // namespace bulkhead::net
