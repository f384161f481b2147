// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ext/row.h"

namespace bulkhead::ext {

struct SctpChunks {
  enum class Which : uint8_t { kAny, kAll, kOnly };
  // Flags of a chunk type that must be set or clear.
  struct Flags {
    uint8_t type = 0;
    uint8_t set = 0;
    uint8_t mask = 0;
  };
  Which which = Which::kAny;
  std::bitset<256> types;
  std::vector<Flags> flags;
};

// Two words: any, all or only; and "DATA:Be,INIT", ALL or NONE. Of a chunk, a letter is a flag that
// must be set, in lower case one that must be clear.
Result<std::string> parse_sctp_chunks(std::span<const std::string_view> words, const Context&);
SctpChunks read_sctp_chunks(std::string_view canonical);
std::string list_sctp_chunks(std::string_view canonical, bool numeric, const Context&);
std::string say_sctp_chunks(std::string_view canonical, const Context&);
std::string sctp_chunk_choices();

inline constexpr ArgumentType kSctpChunks{
    .words = "any|all|only chunk[:flags][,...]",
    .count = 2,
    .parse = parse_sctp_chunks,
    .list = list_sctp_chunks,
    .say = say_sctp_chunks,
    .choices = sctp_chunk_choices,
};

}  // namespace bulkhead::ext
