// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/stored.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "backend/nft/user_data.h"
#include "support/random.h"

namespace bulkhead::backend::nft {
namespace {

// Text that doesn't shrink much.
std::string noise(size_t size) {
  testing::Random random("stored", 1);
  std::string out;
  while (out.size() < size) out += std::to_string(random.bits());
  return out;
}

Stored example(size_t size = 5000) {
  return {.source = noise(size),
          .transaction = "0123456789abcdef",
          .digest = {1, 2},
          .epoch = 3,
          .marks = {{"filter/INPUT", 7, 0x1234}, {"hook/filter/INPUT", 2, 0x5678}}};
}

std::string error_of(const std::vector<Piece>& pieces) {
  auto stored = assemble(pieces);
  if (stored) return "sound";
  EXPECT_EQ(stored.error().kind, ErrorKind::kDamaged);
  return stored.error().message;
}

TEST(Stored, ComesBackFromItsPiecesInAnyOrder) {
  for (size_t size : {0u, 1u, 252u, 5000u, 300000u}) {
    const Stored stored = example(size);
    std::vector<Piece> pieces = split(stored);
    std::reverse(pieces.begin(), pieces.end());
    auto back = assemble(pieces);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->source, stored.source);
    EXPECT_EQ(back->transaction, stored.transaction);
    EXPECT_EQ(back->digest, stored.digest);
    EXPECT_EQ(back->epoch, stored.epoch);
    EXPECT_EQ(back->marks, stored.marks);
    for (const Piece& piece : pieces) EXPECT_LE(wrap_user_data(piece.value).size(), kMaxUserData);
  }
}

TEST(Stored, IsCompressed) {
  Stored stored = example();
  stored.source.assign(1'000'000, 'x');
  EXPECT_LT(split(stored).size(), 10u);
}

TEST(Stored, EveryMissingPieceIsSeen) {
  const std::vector<Piece> pieces = split(example());
  ASSERT_GT(pieces.size(), 5u);
  for (size_t i = 0; i + 1 < pieces.size(); ++i) {
    std::vector<Piece> fewer = pieces;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(error_of(fewer), "piece " + std::to_string(i + 1) + " of its source is missing");
  }
  std::vector<Piece> cut = pieces;
  cut.pop_back();
  EXPECT_EQ(error_of(cut), "the end of its source is missing or was changed");
  EXPECT_EQ(error_of({}), "its source is missing");
}

TEST(Stored, ADoubledPieceIsSeen) {
  std::vector<Piece> pieces = split(example());
  pieces.push_back(pieces[2]);
  EXPECT_EQ(error_of(pieces), "piece 3 of its source is there twice");
}

TEST(Stored, APieceBehindTheEndIsSeen) {
  std::vector<Piece> pieces = split(example());
  pieces.push_back({static_cast<uint32_t>(pieces.size()), "more"});
  EXPECT_EQ(error_of(pieces), "the end of its source is missing or was changed");
}

TEST(Stored, EveryChangedByteIsSeen) {
  const std::vector<Piece> pieces = split(example(600));
  for (size_t i = 0; i < pieces.size(); ++i) {
    for (size_t at = 0; at < pieces[i].value.size(); ++at) {
      std::vector<Piece> changed = pieces;
      changed[i].value[at] = static_cast<char>(changed[i].value[at] ^ 1);
      EXPECT_NE(error_of(changed), "sound") << i << " " << at;
    }
  }
}

TEST(Stored, AShortenedPieceIsSeen) {
  std::vector<Piece> pieces = split(example());
  pieces[1].value.pop_back();
  EXPECT_EQ(error_of(pieces), "its source has another length than was written");
  pieces = split(example());
  pieces.back().value.clear();
  EXPECT_EQ(error_of(pieces), "the end of its source is missing or was changed");
}

TEST(Stored, PiecesOfTwoSourcesDoNotMix) {
  Stored other = example();
  std::reverse(other.source.begin(), other.source.end());
  std::vector<Piece> pieces = split(example());
  pieces[0] = split(other)[0];
  EXPECT_EQ(error_of(pieces), "its source was changed");
}

TEST(UserData, IsFoundAmongOthers) {
  EXPECT_EQ(rule_id_of(user_data_of(0x1122334455667788)), 0x1122334455667788u);
  EXPECT_EQ(user_data_of(ir::kNoId), "");
  const std::string comment = std::string("\x00\x03hi", 4) + '\0';
  EXPECT_EQ(rule_id_of(comment + user_data_of(5)), 5u);
  EXPECT_EQ(rule_id_of(comment), ir::kNoId);
  EXPECT_EQ(rule_id_of(std::string("\x62\xff\x01", 3)), ir::kNoId) << "longer than it is";
  EXPECT_EQ(rule_id_of(wrap_user_data("short")), ir::kNoId);
}

}  // namespace
}  // namespace bulkhead::backend::nft
