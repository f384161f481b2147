// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "unicast", "broadcast", "multicast" or "otherhost".
Result<std::string> parse_packet_type(std::span<const std::string_view> words, const Context&);
Values packet_type_values(std::string_view canonical, const Context&);
std::string packet_type_choices();

inline constexpr ArgumentType kPacketType{
    .words = "type",
    .parse = parse_packet_type,
    .values = packet_type_values,
    .choices = packet_type_choices,
};

}  // namespace bulkhead::ext
