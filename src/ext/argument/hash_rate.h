// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// Rates and bursts as xt_hashlimit has them: "5/min" packets or "512kb/s" bytes.
//
// The kernel keeps no rate but a cost. Of packets it is the time between two in microseconds. Of
// bytes it is what 16 of them cost where 2^32 - 1 are a second's; so bytes are counted in steps of
// 16, and a burst in seconds' worths of them, rounded up.
struct HashRate {
  uint64_t count = 0;    // of packets or bytes
  uint32_t seconds = 1;  // in so many
  bool bytes = false;
};
// Nothing where the text is no rate. Refuses what libxt_hashlimit takes for another rate: "4Kb/s"
// for 4 bytes, "4kb/min" for 4 packets.
std::optional<HashRate> read_hash_rate(std::string_view text);
// A number, perhaps of k or m, and perhaps with a b behind it.
std::optional<uint64_t> read_hash_burst(std::string_view text);

uint64_t cost_of_packets(const HashRate& rate);
uint64_t cost_of_bytes(uint64_t bytes);
uint64_t bytes_of_cost(uint64_t cost);

// As -S prints it; it is read as the same cost.
std::string byte_rate_text(uint64_t cost);
// Of so many times bytes_of_cost(). In whole k or m, which may say less than it is.
std::string byte_burst_text(uint64_t cost, uint64_t times);

Result<std::string> parse_hash_rate(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_hash_burst(std::span<const std::string_view> words, const Context&);
// In seconds. As a whole decimal number; libxt_hashlimit takes "3x" for 3.
Result<std::string> parse_hash_interval(std::span<const std::string_view> words, const Context&);

// Their texts are canonical only together with the row's other arguments: see Match::settle.
inline constexpr ArgumentType kHashRate{
    .words = "rate[/second|/minute|/hour|/day]",
    .parse = parse_hash_rate,
};
inline constexpr ArgumentType kHashBurst{.words = "number", .parse = parse_hash_burst};
inline constexpr ArgumentType kHashInterval{.words = "seconds", .parse = parse_hash_interval};

}  // namespace bulkhead::ext
