// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::ext {

// "5mbit", "1.5KiBps", or a number of bits a second: the rate in bytes a second. Nothing if it is
// no rate or doesn't fit.
std::optional<uint32_t> bit_rate(std::string_view text);
// "5000Kbit"; as bits where iptables would round.
std::string bit_rate_text(uint32_t bytes_a_second);

}  // namespace bulkhead::ext
