// SPDX-License-Identifier: GPL-2.0-or-later
// Actions that take more than one rule of nf_tables have a chain of their own.
#include <gtest/gtest.h>

#include "backend/nft/dump.h"
#include "backend/nft/lower.h"
#include "backend/nft/plan_words.h"

namespace bulkhead::backend::nft::testing {
namespace {

constexpr ir::Field kTcpEcn{
    "ecn", "ECN bits", ir::Kind::kFlags, ir::at(ir::Base::kTransport, 104, 2), {}};

std::string chain_of(const ir::Action& action, std::string_view name,
                     net::Family family = net::Family::kIpv4) {
  const auto program = lower(plan(family, {step(7, {}, action)}));
  if (!program) return "refused: " + program.error().message;
  std::string out;
  for (const Chain& chain : program->chains) {
    if (chain.name != name) continue;
    for (const Rule& rule : chain.rules) {
      for (size_t i = 0; i < rule.expressions.size(); ++i)
        out += (i == 0 ? "" : " ") + dump(rule.expressions[i]);
      out += '\n';
    }
  }
  return out;
}

constexpr std::string_view kOtherwise =
    "[ payload load 2b @ network + 6 => reg 1 ] [ bitwise reg 1 & 0x1fff ^ 0x0000 ] "
    "[ cmp neq reg 1 0x0000 ] [ return ]\n"
    "[ drop ]\n";

TEST(Changing, TheTcpHeaderIsWrittenWhereItIsAllThere) {
  const ir::Action remove = ir::Assign{.field = &kTcpEcn, .keep = 0, .flip = 0};
  EXPECT_EQ(chain_of(remove, "filter/INPUT"), "[ counter ] [ jump do/filter/7 ]\n");
  EXPECT_EQ(chain_of(remove, "do/filter/7"),
            "[ payload load 3b @ transport + 17 => reg 1 ] [ cmp gte reg 1 0x000000 ] "
            "[ payload load 2b @ transport + 12 => reg 1 ] [ bitwise reg 1 & 0xff3f ^ 0x0000 ] "
            "[ payload write reg 1 => 2b @ transport + 12 checksum @ 16 ] [ return ]\n" +
                std::string(kOtherwise));
}

TEST(Changing, OptionsAreStrippedSoManyInARule) {
  EXPECT_EQ(chain_of(ir::StripTcpOptions{.kinds = {2, 8}}, "do/filter/7"),
            "[ strip tcp option 2 ] [ strip tcp option 8 ] [ return ]\n" + std::string(kOtherwise));
  EXPECT_EQ(chain_of(ir::StripTcpOptions{}, "do/filter/7"),
            "[ strip tcp option 1 ] [ return ]\n" + std::string(kOtherwise));
  ir::StripTcpOptions all;
  for (unsigned kind = 2; kind < 256; ++kind) all.kinds.push_back(static_cast<uint8_t>(kind));
  const auto program = lower(plan4({step(7, {}, all)}));
  ASSERT_TRUE(program);
  for (const Chain& chain : program->chains) {
    for (const Rule& rule : chain.rules) EXPECT_LE(rule.expressions.size(), 128u);
  }
}

TEST(Changing, AProxyDropsWhatNoSocketTakes) {
  const ir::Action proxy =
      ir::TransparentProxy{.address = net::Address{net::Family::kIpv4, 0x0a000001},
                           .port = 80,
                           .mark_keep = 0xffffff00,
                           .mark_flip = 0x23};
  EXPECT_EQ(chain_of(proxy, "filter/INPUT"), "[ counter ] [ goto do/filter/7 ]\n");
  const std::string chain = chain_of(proxy, "do/filter/7");
  EXPECT_TRUE(chain.starts_with("[ immediate 0x0a000001 => reg 1 ] [ immediate 0x0050 => reg 2 ]"))
      << chain;
  EXPECT_TRUE(
      chain.ends_with("[ meta load mark => reg 1 ] "
                      "[ bitwise reg 1 & 0x00ffffff ^ 0x23000000 ] "
                      "[ meta set mark with reg 1 ] [ accept ]\n[ drop ]\n"))
      << chain;
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
