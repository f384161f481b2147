// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ir/ruleset.h"

namespace bulkhead::backend::nft {

// User data is what the kernel keeps for programs with a rule or an element: a byte of type, a byte
// of length, the value, and so on. nft(8) uses the types from 0 up and skips others. 255 bytes and
// more are refused or, worse, stored empty (linux/netfilter/nf_tables.h: NFT_USERDATA_MAXLEN is
// kept in a byte).
inline constexpr size_t kMaxUserData = 254;
inline constexpr size_t kMaxUserValue = kMaxUserData - 2;

// The value, at most kMaxUserValue bytes, under our type.
std::string wrap_user_data(std::string_view value);
// The value of our type, wherever it stands. Nothing if it isn't there or the data is malformed.
std::optional<std::string_view> unwrap_user_data(std::string_view data);

std::string user_data_of(ir::RuleId id);            // empty for kNoId
ir::RuleId rule_id_of(std::string_view user_data);  // kNoId if there is none

}  // namespace bulkhead::backend::nft
