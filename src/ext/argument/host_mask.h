// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"
#include "net/address.h"

namespace bulkhead::ext {

// One address, or a host's name that has only one. The error is getaddrinfo(3)'s.
Result<net::Address> parse_host(std::string_view word, const Context&);

// One address, or a host's name that has only one, and perhaps the prefix of it that counts:
// "192.0.2.1", "192.0.2.1/24", "2001:db8::1/ffff::". libxtables' XTTYPE_HOSTMASK, which isn't how
// -s is read: a short "10.1" is 10.0.0.1, and the bits that don't count are kept and printed.
Result<std::string> parse_host_mask(std::span<const std::string_view> words, const Context&);
struct HostMask {
  net::Address address;  // as written, with the bits that don't count
  U128 mask = 0;
};
HostMask read_host_mask(std::string_view canonical, net::Family family);
Values host_mask_values(std::string_view canonical, const Context&);
std::string list_host_mask(std::string_view canonical, bool numeric, const Context&);
std::string say_host_mask(std::string_view canonical, const Context&);

inline constexpr ArgumentType kHostMask{
    .words = "address[/mask]",
    .parse = parse_host_mask,
    .values = host_mask_values,
    .list = list_host_mask,
    .say = say_host_mask,
};

}  // namespace bulkhead::ext
