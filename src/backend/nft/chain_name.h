// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::backend::nft {

// "filter/NAME". Bytes that nft's own text couldn't read back are written ".xx" in hex.
std::string chain_name(std::string_view table, std::string_view chain);
// "do/mangle/17": what rule 17 does, where that is more than one rule of nf_tables.
std::string action_chain_name(std::string_view table, uint64_t rule);
// 17 for "do/mangle/17", 0 for any other chain.
uint64_t rule_of_action_chain(std::string_view name);
// Table raw's chains, as far as they are gone through again (connection_template.h): "track/NAME".
inline constexpr std::string_view kTrackingTable = "track";
inline constexpr std::string_view kTrackingPrefix = "track/";
inline constexpr std::string_view kGivingPrefix = "give/";
// "helper/tcp/ftp": a helper as an object of the table.
std::string helper_name(std::string_view helper, uint8_t protocol);
// "give/tcp/ftp": the chain that gives it to connections.
std::string giving_chain_name(std::string_view helper, uint8_t protocol);
// "hook/filter/INPUT": the base chain before it.
std::string base_chain_name(std::string_view table, std::string_view chain);

// Whole sets of chains stand beside each other while their counts are still needed: those of epoch
// 0 have no prefix, those of epoch N "eN/". Base chains have no epoch. The same chain's name in
// that epoch.
std::string in_epoch(unsigned epoch, std::string_view name);
// Of a chain that isn't a base chain. Nothing of ours looks like another epoch: table names have no
// digit.
unsigned epoch_of(std::string_view name);

// "the helper ftp" for "helper/tcp/ftp".
std::string describe_helper(std::string_view name);
// What a helper's mark begins with: no chain of ours has a space.
inline constexpr std::string_view kHelperMark = "ct helper ";

// "chain INPUT" for "filter/INPUT" or "hook/filter/INPUT", "chain check/tcp", and what a helper is
// for its mark.
std::string describe_chain(std::string_view name);

}  // namespace bulkhead::backend::nft
