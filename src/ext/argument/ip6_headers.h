// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "hop-by-hop,ipv6-route,protocol": headers of an IPv6 packet by their names, short names ("hop",
// "route", "prot") or numbers. `protocol` is any transport protocol.
Result<std::string> parse_ip6_headers(std::span<const std::string_view> words, const Context&);
std::string list_ip6_headers(std::string_view canonical, bool numeric, const Context&);
std::string ip6_header_choices();

// MASK_* of linux/netfilter_ipv6/ip6t_ipv6header.h.
uint8_t ip6_header_bits(std::string_view canonical);

inline constexpr ArgumentType kIp6Headers{
    .words = "header[,header...]",
    .parse = parse_ip6_headers,
    .list = list_ip6_headers,
    .choices = ip6_header_choices,
};

}  // namespace bulkhead::ext
