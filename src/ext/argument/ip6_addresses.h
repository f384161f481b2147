// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ext/row.h"
#include "net/address.h"

namespace bulkhead::ext {

// "2001:db8::1,2001:db8::2": up to 16 addresses, no names.
Result<std::string> parse_ip6_addresses(std::span<const std::string_view> words, const Context&);
std::vector<net::Address> read_ip6_addresses(std::string_view canonical);

inline constexpr ArgumentType kIp6Addresses{
    .words = "address[,address...]",
    .parse = parse_ip6_addresses,
};

}  // namespace bulkhead::ext
