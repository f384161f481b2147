// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// Where a translation leads to: "192.0.2.1", "192.0.2.1-192.0.2.9:1024-65535", ":80"; in IPv6
// "2001:db8::1" and, with ports, "[2001:db8::1-2001:db8::9]:80". Ports need a -p that has them.
struct NatRange {
  std::optional<ir::Nat::Addresses> addresses;
  std::optional<ir::Nat::Ports> ports;
};

Result<std::string> parse_nat_range(std::span<const std::string_view> words, const Context&);
// The same, and behind a range of ports perhaps a base: ":5000-5999/2000" makes 2000 to 5000, 2001
// to 5001 and so on.
Result<std::string> parse_shifted_nat_range(std::span<const std::string_view> words,
                                            const Context&);
// "80", "1024-65535": the ports alone.
Result<std::string> parse_nat_ports(std::span<const std::string_view> words, const Context&);
// Of a canonical text of the first two.
NatRange read_nat_range(std::string_view canonical, net::Family family);
ir::Nat::Ports read_nat_ports(std::string_view canonical);

inline constexpr ArgumentType kNatRange{
    .words = "[address[-address]][:port[-port]]",
    .parse = parse_nat_range,
};
inline constexpr ArgumentType kShiftedNatRange{
    .words = "[address[-address]][:port[-port[/base]]]",
    .parse = parse_shifted_nat_range,
};
inline constexpr ArgumentType kNatPorts{
    .words = "port[-port]",
    .parse = parse_nat_ports,
};

}  // namespace bulkhead::ext
