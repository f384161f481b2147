// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/argument/host_mask.h"
#include "ext/row.h"

namespace bulkhead::ext {

// The words of the policy match.
Result<std::string> parse_ipsec_direction(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_ipsec_policy(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_ipsec_mode(std::span<const std::string_view> words, const Context&);

inline constexpr ArgumentType kIpsecDirection{.words = "in|out", .parse = parse_ipsec_direction};
inline constexpr ArgumentType kIpsecPolicy{.words = "none|ipsec", .parse = parse_ipsec_policy};
inline constexpr ArgumentType kIpsecMode{.words = "tunnel|transport", .parse = parse_ipsec_mode};

// A number, canonical with 0x.
Result<std::string> parse_spi(std::span<const std::string_view> words, const Context&);
uint32_t spi_of(std::string_view canonical);
inline constexpr ArgumentType kSpi{.words = "number", .parse = parse_spi};

// Canonical is the name of /etc/protocols; -L shows the number with -n.
Result<std::string> parse_ipsec_protocol(std::span<const std::string_view> words, const Context&);
uint8_t ipsec_protocol_of(std::string_view canonical, const Context&);
std::string list_ipsec_protocol(std::string_view canonical, bool numeric, const Context&);
inline constexpr ArgumentType kIpsecProtocol{
    .words = "ah|esp|ipcomp",
    .parse = parse_ipsec_protocol,
    .list = list_ipsec_protocol,
};

// Shown as -S prints it, never by name.
inline constexpr ArgumentType kTunnelEnd{.words = "address[/mask]", .parse = parse_host_mask};

}  // namespace bulkhead::ext
