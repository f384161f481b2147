// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Which commands go together, and which options with them (xshared.c of iptables 1.8.9).

#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace bulkhead::lang {

// Commands as a set of bits, in iptables' own order: where several are given, its messages name the
// last bit.
enum CommandBit : uint32_t {
  kInsertBit = 1 << 0,
  kDeleteBit = 1 << 1,
  kDeleteNumberBit = 1 << 2,
  kReplaceBit = 1 << 3,
  kAppendBit = 1 << 4,
  kListBit = 1 << 5,
  kFlushBit = 1 << 6,
  kZeroBit = 1 << 7,
  kNewChainBit = 1 << 8,
  kDeleteChainBit = 1 << 9,
  kSetPolicyBit = 1 << 10,
  kRenameChainBit = 1 << 11,
  kListRulesBit = 1 << 12,
  kZeroNumberBit = 1 << 13,
  kCheckBit = 1 << 14,
};

// The commands that take a rule.
inline constexpr uint32_t kRuleCommands =
    kInsertBit | kDeleteBit | kReplaceBit | kAppendBit | kCheckBit;

// Adds a command to those that were given; `beside` are those that it may stand with.
Result<void> add_command(uint32_t& commands, CommandBit added, uint32_t beside, Span span);

// The options that are counted and may be refused, by their letters; which of them comes first in
// this string decides which one an error names.
inline constexpr std::string_view kCountedOptions = "nsdpjvxio0cf";

// `letters`: those of kCountedOptions that were given. An option is legal if any of the commands
// takes it.
Result<void> check_options(uint32_t commands, std::string_view letters);

}  // namespace bulkhead::lang
