// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bulkhead::backend::nft {

// One NFT_MSG_TRACE, free of netlink.
struct TraceMessage {
  enum class Type : uint8_t { kOther = 0, kPolicy = 1, kReturn = 2, kRule = 3 };

  uint32_t packet = 0;
  uint8_t table_family = 0;   // NFPROTO_*: of the table
  uint8_t packet_family = 0;  // and of the packet
  std::string table;
  std::string chain;
  uint64_t handle = 0;  // of the rule; 0 where the chain came to its end
  Type type = Type::kOther;
  // NF_* or NFT_* of linux/netfilter/nf_tables.h: what the rule said, or the policy.
  int32_t verdict = 0;
  // Of a packet that has just entered a base chain; else empty and 0.
  std::vector<uint8_t> network;
  std::vector<uint8_t> transport;
  uint32_t in_index = 0;
  uint32_t out_index = 0;
  uint32_t connection_state = 0;  // a bit of ir::CtState; 0: it isn't told
  uint32_t mark = 0;
};

}  // namespace bulkhead::backend::nft
