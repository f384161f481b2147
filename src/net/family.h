// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace bulkhead::net {

// Values of NFPROTO_IPV4 and NFPROTO_IPV6 (linux/netfilter.h), which are AF_INET and AF_INET6 too.
enum class Family : uint8_t { kIpv4 = 2, kIpv6 = 10 };

inline constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};

constexpr unsigned address_bits(Family family) { return family == Family::kIpv4 ? 32 : 128; }
// nft(8)'s word: "ip" or "ip6".
constexpr std::string_view family_word(Family family) {
  return family == Family::kIpv4 ? "ip" : "ip6";
}

}  // namespace bulkhead::net
