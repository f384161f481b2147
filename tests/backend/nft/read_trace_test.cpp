// SPDX-License-Identifier: GPL-2.0-or-later
// Trace messages as Linux 6.18 sent them, byte for byte.
#include "backend/nft/netlink/read_trace.h"

#include <linux/netlink.h>

#include <charconv>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace bulkhead::backend::nft::netlink {
namespace {

// A datagram from 127.0.0.1:40000 to 127.0.0.1:53 where it enters our INPUT, and matches its jump.
constexpr std::string_view kJump =
    "f0000000110a000000000000000000000200000008000f00000000020800040000000003080006001964"
    "31aa16000200686f6f6b2f66696c7465722f494e5055540000000d00010062756c6b6865616400000000"
    "0c00030000000000000000032000050008000100fffffffd1100020066696c7465722f494e5055540000"
    "000008000a000000000106000b00030400001800080045000021ff5d400040113d6c7f0000017f000001"
    "110009009c400035000dfe2068656c6c6f00000012000700000000000000000000000000080000000800"
    "1500000000080500130000000000080012008390a7190800140000000008";
// The same, dropped by the policy of a chain in table inet theirs.
constexpr std::string_view kPolicy =
    "50000000110a000000000000000000000100000008000f00000000020800040000000001080006001964"
    "31aa07000200696e00000b0001007468656972730000080010000000000008000e0000000005";

std::vector<uint8_t> bytes(std::string_view hex) {
  std::vector<uint8_t> out(hex.size() / 2);
  for (size_t i = 0; i < out.size(); ++i)
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, out[i], 16);
  return out;
}

std::optional<TraceMessage> read(const std::vector<uint8_t>& message) {
  return read_trace(reinterpret_cast<const nlmsghdr*>(message.data()));
}

TEST(ReadTrace, ARuleWhereThePacketEntersTheChain) {
  const auto message = read(bytes(kJump));
  ASSERT_TRUE(message);
  EXPECT_NE(message->packet, 0u);
  EXPECT_EQ(message->table_family, 2);
  EXPECT_EQ(message->packet_family, 2);
  EXPECT_EQ(message->table, "bulkhead");
  EXPECT_EQ(message->chain, "hook/filter/INPUT");
  EXPECT_EQ(message->handle, 3u);
  EXPECT_EQ(message->type, TraceMessage::Type::kRule);
  EXPECT_EQ(message->verdict, -3);  // NFT_JUMP
  EXPECT_EQ(message->in_index, 1u);
  EXPECT_EQ(message->out_index, 0u);
  EXPECT_EQ(message->connection_state, 8u);
  EXPECT_EQ(message->mark, 0u);
  ASSERT_EQ(message->network.size(), 20u);
  EXPECT_EQ(message->network[0], 0x45);
  ASSERT_EQ(message->transport.size(), 13u);
  EXPECT_EQ(message->transport[3], 53);
}

TEST(ReadTrace, APolicyThatDrops) {
  const auto message = read(bytes(kPolicy));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->table_family, 1);  // NFPROTO_INET
  EXPECT_EQ(message->packet_family, 2);
  EXPECT_EQ(message->table, "theirs");
  EXPECT_EQ(message->chain, "in");
  EXPECT_EQ(message->handle, 0u);
  EXPECT_EQ(message->type, TraceMessage::Type::kPolicy);
  EXPECT_EQ(message->verdict, 0);  // NF_DROP
  EXPECT_EQ(message->mark, 5u);
  EXPECT_TRUE(message->network.empty());
}

TEST(ReadTrace, WhatIsNoneOrIsCutOffIsNothing) {
  std::vector<uint8_t> other = bytes(kJump);
  other[4] = 0x0f;  // NFT_MSG_NEWGEN
  EXPECT_FALSE(read(other));
  std::vector<uint8_t> header = bytes(kJump);
  header[0] = sizeof(nlmsghdr) + 4;  // the message's length
  EXPECT_FALSE(read(header));
}

}  // namespace
}  // namespace bulkhead::backend::nft::netlink
