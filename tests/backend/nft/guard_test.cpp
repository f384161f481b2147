// SPDX-License-Identifier: GPL-2.0-or-later
// Where packets with cut-off headers are dropped, and where that has been done already.
#include <gtest/gtest.h>

#include "backend/nft/chain_name.h"
#include "backend/nft/dump.h"
#include "backend/nft/lower.h"
#include "backend/nft/plan_words.h"

namespace bulkhead::backend::nft::testing {
namespace {

const std::string kTcp = "[ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x06 ] ";
const std::string kUdp = "[ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x11 ] ";
const std::string kPort22 = "[ payload load 2b @ transport + 2 => reg 1 ] [ cmp eq reg 1 0x0016 ] ";
const std::string kFrom =
    "[ payload load 4b @ network + 12 => reg 1 ] [ cmp eq reg 1 0x00000001 ] ";
const std::string kLimit = "[ limit 1 packets / 1 s burst 5 ] ";
const std::string kReadable =
    "[ payload load 3b @ transport + 17 => reg 1 ] [ cmp gte reg 1 0x000000 ] ";
const std::string kUdpReadable =
    "[ payload load 3b @ transport + 5 => reg 1 ] [ cmp gte reg 1 0x000000 ] ";
const std::string kPortsReadable =
    "[ payload load 3b @ transport + 1 => reg 1 ] [ cmp gte reg 1 0x000000 ] ";

constexpr ir::Limit kOneASecond{.rate = 1, .seconds = 1, .burst = 5};

std::string text_of(const Chain& chain) {
  std::string out;
  for (const Rule& rule : chain.rules) {
    for (const Expr& expression : rule.expressions) {
      if (!std::holds_alternative<Counter>(expression)) out += dump(expression) + " ";
    }
    out += "\n";
  }
  return out;
}

std::string chain_of(net::Family family, std::string_view name, std::vector<classify::Step> steps) {
  auto program = lower(plan(family, std::move(steps)));
  if (!program) return "refused: " + program.error().message;
  for (const Chain& chain : program->chains) {
    if (chain.name == name) return text_of(chain);
  }
  return "none";
}
std::string input_of(std::vector<classify::Step> steps) {
  return chain_of(net::Family::kIpv4, "filter/INPUT", std::move(steps));
}

TEST(Guard, StandsBeforeTheFirstRuleOfAProtocolOnly) {
  EXPECT_EQ(input_of({step(1, {protocol(6), tcp(), dport(22)}, ir::Accept{}),
                      step(2, {source(1), protocol(6), tcp(), dport(22)}, ir::Drop{}),
                      step(3, {protocol(17), udp(), dport(22)}, ir::Drop{})}),
            kTcp + "[ jump check/tcp ] \n" + kTcp + kPort22 + kReadable + "[ accept ] \n" + kFrom +
                kTcp + kPort22 + kReadable + "[ drop ] \n" + kUdp + "[ jump check/udp ] \n" + kUdp +
                kPort22 + kUdpReadable + "[ drop ] \n");
}

TEST(Guard, StandsAgainWhereTheEarlierOneAskedForMore) {
  EXPECT_EQ(input_of({step(1, {source(1), protocol(6), tcp(), dport(22)}, ir::Accept{}),
                      step(2, {protocol(6), tcp(), dport(22)}, ir::Drop{})}),
            kFrom + kTcp + "[ jump check/tcp ] \n" + kFrom + kTcp + kPort22 + kReadable +
                "[ accept ] \n" + kTcp + "[ jump check/tcp ] \n" + kTcp + kPort22 + kReadable +
                "[ drop ] \n");
}

TEST(Guard, OfAProtocolCoversThatOfItsPorts) {
  const ir::Header ports{.form = ir::Header::Form::kPorts};
  EXPECT_EQ(
      input_of({step(1, {protocol(6), tcp(), ports, dport(22)}, ir::Drop{})}),
      kTcp + "[ jump check/tcp ] \n" + kTcp + kPort22 + kReadable + kPortsReadable + "[ drop ] \n");
  EXPECT_EQ(input_of({step(1, {protocol(6), ports, dport(22)}, ir::Drop{}),
                      step(2, {protocol(6), tcp(), dport(22)}, ir::Drop{})}),
            kTcp + "[ jump check/ports ] \n" + kTcp + kPort22 + kPortsReadable + "[ drop ] \n" +
                kTcp + "[ jump check/tcp ] \n" + kTcp + kPort22 + kReadable + "[ drop ] \n")
      << "4 bytes are not 20";
}

TEST(Guard, IsEachChainsOwn) {
  auto program =
      lower(plan4({step(1, {protocol(6), tcp(), dport(22)}, ir::Jump{.chain = "a"})},
                  {user_chain("a", {step(2, {protocol(6), tcp(), dport(22)}, ir::Drop{})})}));
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(text_of(program->chains[2]),
            kTcp + "[ jump check/tcp ] \n" + kTcp + kPort22 + kReadable + "[ drop ] \n");
}

TEST(Guard, AHeaderIsAskedForLastButBeforeALimit) {
  EXPECT_EQ(input_of({step(1, {protocol(6), tcp()}, ir::Drop{})}),
            kTcp + "[ jump check/tcp ] \n" + kTcp + kReadable + "[ drop ] \n");
  EXPECT_EQ(input_of({step(1, {protocol(6), tcp(), kOneASecond, dport(22)}, ir::Drop{})}),
            kTcp + "[ jump check/tcp ] \n" + kTcp + kReadable + kLimit + kPort22 + "[ drop ] \n")
      << "a later fragment must not take the limit's token";
}

TEST(Guard, BehindALimitTheKernelsOwnMatchTakesItsPlace) {
  EXPECT_EQ(input_of({step(1, {protocol(6), kOneASecond, tcp(), dport(22)}, ir::Drop{})}),
            kTcp + kLimit + "[ match tcp rev 0 0x0000ffff0000ffff0000000000000000 ] " + kPort22 +
                "[ drop ] \n");
  EXPECT_EQ(input_of({step(1, {kOneASecond, tcp()}, ir::Drop{})}),
            "refused: chain INPUT: a match of a header needs its protocol (-p)");
}

TEST(Guard, ATcpOptionIsTheKernelsOwnMatch) {
  ir::Header header = tcp();
  header.tcp_option = 8;
  EXPECT_EQ(input_of({step(1, {protocol(6), header}, ir::Drop{})}),
            kTcp + "[ match tcp rev 0 0x0000ffff0000ffff0800000000000000 ] [ drop ] \n");
  header.tcp_option_negated = true;
  EXPECT_EQ(input_of({step(1, {protocol(6), header}, ir::Drop{})}),
            kTcp + "[ match tcp rev 0 0x0000ffff0000ffff0800000800000000 ] [ drop ] \n");
}

TEST(Guard, OfExtensionHeadersInIpv6Only) {
  const std::vector<classify::Step> steps = {step(1, {protocol(6), tcp(), dport(22)}, ir::Drop{}),
                                             step(2, {protocol(17)}, ir::Drop{})};
  EXPECT_EQ(chain_of(net::Family::kIpv6, "filter/INPUT", steps),
            "[ jump check/protocol ] \n" + kTcp + "[ jump check/tcp ] \n" + kTcp + kPort22 +
                kReadable + "[ drop ] \n" + kUdp + "[ drop ] \n");
}

TEST(Guard, ChainsReturnWhereTheHeaderIsThereOrNeverWas) {
  const std::vector<classify::Step> steps = {step(1, {protocol(6), tcp(), dport(22)}, ir::Drop{}),
                                             step(2, {protocol(17), udp(), dport(22)}, ir::Drop{})};
  EXPECT_EQ(chain_of(net::Family::kIpv4, "check/tcp", steps),
            kReadable +
                "[ return ] \n[ payload load 2b @ network + 6 => reg 1 ] [ bitwise reg 1 & 0x1fff "
                "^ 0x0000 ] " +
                "[ cmp gt reg 1 0x0001 ] [ return ] \n[ drop ] \n");
  EXPECT_EQ(chain_of(net::Family::kIpv4, "check/udp", steps),
            kUdpReadable +
                "[ return ] \n[ payload load 2b @ network + 6 => reg 1 ] [ bitwise reg 1 & 0x1fff "
                "^ 0x0000 ] "
                "[ cmp neq reg 1 0x0000 ] [ return ] \n[ drop ] \n");
  EXPECT_EQ(
      chain_of(net::Family::kIpv6, "check/tcp", steps),
      kReadable +
          "[ return ] \n[ exthdr load 2b @ 44 + 2 => reg 1 ] [ bitwise reg 1 & 0xfff8 ^ 0x0000 ] " +
          "[ cmp neq reg 1 0x0000 ] [ return ] \n[ drop ] \n");
  EXPECT_EQ(chain_of(net::Family::kIpv6, "check/protocol", steps),
            "[ meta load l4proto => reg 1 ] [ cmp gte reg 1 0x00 ] [ return ] \n[ drop ] \n");
  EXPECT_EQ(chain_of(net::Family::kIpv4, "check/icmp", steps), "none");
}

TEST(ChainName, EscapesWhatNftCannotRead) {
  EXPECT_EQ(chain_name("filter", "a b/c.d"), "filter/a.20b.2fc.2ed");
  EXPECT_EQ(describe_chain("e12/filter/a.20b"), "chain a b");
  EXPECT_EQ(describe_chain("check/tcp"), "chain check/tcp");
  EXPECT_EQ(in_epoch(2, "e1/filter/a"), "e2/filter/a");
  EXPECT_EQ(in_epoch(0, "e1/filter/a"), "filter/a");
  EXPECT_EQ(epoch_of("e7/filter/a"), 7u);
  EXPECT_EQ(epoch_of("e/filter/a"), 0u);
  EXPECT_EQ(epoch_of("filter/e1"), 0u);
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
