// SPDX-License-Identifier: GPL-2.0-or-later
// What another program does to our table is seen and said; what it does elsewhere is none of our
// business.
#include <functional>

#include <gtest/gtest.h>

#include "backend/nft/chain_name.h"
#include "kernel/nft_fixture.h"

namespace bulkhead::backend::nft::testing {
namespace {

class NftTamperTest : public NftTest {
 protected:
  void SetUp() override {
    NftTest::SetUp();
    if (IsSkipped()) return;
    must_commit(rules());
  }

  static classify::Plan rules() {
    const ir::ValueSet ports{{22, 22}, {80, 80}, {8000, 8100}};
    return plan4(
        {step(1, udp_to(7), ir::Drop{}),
         step(2, {protocol(6), tcp(), is(ir::kDestinationPort, ports)}, ir::Jump{.chain = "web"}),
         step(3, {ir::Limit{.rate = 3, .seconds = 60, .burst = 5}}, ir::Log{.prefix = "x "})},
        {user_chain("web", {step(4, {}, ir::Accept{})})});
  }

  std::string handle_of(const std::string& chain, const std::string& words) {
    const std::string listing = nft({"-a", "list", "chain", "ip", "bulkhead", chain});
    const size_t at = listing.find("# handle ", listing.find(words)) + 9;
    return listing.substr(at, listing.find('\n', at) - at);
  }

  std::string damage() { return read().v4.damage; }
};

TEST_F(NftTamperTest, ADeletedRule) {
  nft({"delete", "rule", "ip", "bulkhead", "filter/INPUT", "handle",
       handle_of("filter/INPUT", "udp dport 7")});
  EXPECT_EQ(damage(), "a rule of chain INPUT is missing: something else deleted it");
  EXPECT_EQ(read().v4.source, "");
}

TEST_F(NftTamperTest, AnAddedRule) {
  nft({"insert", "rule", "ip", "bulkhead", "filter/web", "drop"});
  EXPECT_EQ(damage(), "something else added a rule to chain web");
}

TEST_F(NftTamperTest, AChangedRule) {
  nft({"replace", "rule", "ip", "bulkhead", "filter/web", "handle",
       handle_of("filter/web", "accept"), "drop"});
  EXPECT_EQ(damage(), "something else changed chain web");
}

TEST_F(NftTamperTest, RulesInAnotherOrder) {
  const std::string handle = handle_of("hook/filter/INPUT", "jump");
  nft({"delete", "rule", "ip", "bulkhead", "hook/filter/INPUT", "handle", handle});
  nft({"add", "rule", "ip", "bulkhead", "hook/filter/INPUT", "jump", "filter/INPUT"});
  EXPECT_EQ(damage(), "something else changed chain INPUT");
}

TEST_F(NftTamperTest, APolicyThatDrops) {
  nft({"-f", "-"},
      "add chain ip bulkhead hook/filter/INPUT { type filter hook input priority filter; policy "
      "drop; }\n");
  EXPECT_EQ(damage(), "something else changed chain INPUT");
}

TEST_F(NftTamperTest, AnAddedChain) {
  nft({"add", "chain", "ip", "bulkhead", "mine"});
  EXPECT_EQ(damage(), "something else added chain mine");
}

TEST_F(NftTamperTest, AnAddedHelper) {
  nft({"-f", "-"}, "table ip bulkhead {\nct helper mine { type \"ftp\" protocol tcp\n}\n}\n");
  EXPECT_EQ(damage(), "something else added the helper mine");
}

TEST_F(NftTamperTest, ADeletedHelper) {
  must_commit(raw_plan(net::Family::kIpv4, {}, {user_chain("a", {step(9, {}, helper("ftp"))})}));
  EXPECT_EQ(damage(), "");
  nft({"flush", "chain", "ip", "bulkhead", "e1/give/tcp/ftp"});
  nft({"delete", "ct", "helper", "ip", "bulkhead", "helper/tcp/ftp"});
  EXPECT_EQ(damage(), "the helper ftp is missing: something else deleted it");
}

TEST_F(NftTamperTest, AFlushedTable) {
  nft({"flush", "table", "ip", "bulkhead"});
  EXPECT_EQ(damage(), "a rule of chain check/tcp is missing: something else deleted it");
}

TEST_F(NftTamperTest, ADormantTable) {
  nft({"-f", "-"}, "add table ip bulkhead { flags dormant; }\n");
  EXPECT_EQ(damage(), "something else made the table dormant or took it over");
}

TEST_F(NftTamperTest, AMissingPieceOfTheSource) {
  nft({"delete", "element", "ip", "bulkhead", "source", "{ 0 }"});
  EXPECT_EQ(damage(), "piece 1 of its source is missing");
}

TEST_F(NftTamperTest, AForeignElementInTheSource) {
  nft({"add", "element", "ip", "bulkhead", "source", "{ 77 }"});
  EXPECT_EQ(damage(), "piece 3 of its source is missing");
}

TEST_F(NftTamperTest, AFlushedRulesetIsNoTable) {
  nft({"flush", "ruleset"});
  EXPECT_FALSE(read().v4.present);
  EXPECT_EQ(damage(), "");
}

TEST_F(NftTamperTest, AReloadedListingHasNoSource) {
  const std::string listing = nft({"list", "ruleset"});
  nft({"-f", "-"}, "flush ruleset\n" + listing);
  EXPECT_EQ(nft({"list", "ruleset"}), listing);
  EXPECT_TRUE(read().v4.present);
  EXPECT_NE(damage(), "");
}

TEST_F(NftTamperTest, ATableOfThatNameThatIsNotOurs) {
  nft({"add", "table", "ip6", "bulkhead"});
  EXPECT_EQ(read().v6.damage, "the table has no source: it was not made by us, or was flushed");
  EXPECT_EQ(damage(), "");
}

TEST_F(NftTamperTest, ExpressionsThatWeDoNotKnow) {
  nft({"-f", "-"},
      "add rule ip bulkhead filter/web socket transparent 1 counter\n"
      "add rule ip bulkhead filter/web numgen random mod 2 vmap { 0 : accept, 1 : drop }\n"
      "add rule ip bulkhead filter/web ip saddr & 255.0.255.0 == 10.0.3.0 quota 3 mbytes meta mark "
      "set 3\n"
      "add rule ip bulkhead filter/web tcp option maxseg size 1-100 limit rate over 3/second\n");
  EXPECT_EQ(damage(), "something else added a rule to chain web");
}

TEST_F(NftTamperTest, AFullLoadReplacesWhatIsDamaged) {
  nft({"add", "rule", "ip", "bulkhead", "filter/web", "drop"});
  nft({"add", "chain", "ip", "bulkhead", "mine"});
  must_commit(rules(), "again");
  EXPECT_EQ(damage(), "");
  EXPECT_EQ(read().v4.source, "again");
  EXPECT_EQ(nft({"list", "ruleset"}).find("mine"), std::string::npos);
}

TEST_F(NftTamperTest, AnOldLookIsRefused) {
  const Snapshot old = read();
  auto other = open_backend();
  auto base = other->read(true);
  ASSERT_TRUE(base.ok());
  const std::vector<Desired> theirs{{net::Family::kIpv4, rules(), "theirs"}};
  ASSERT_TRUE(other->commit(*base, theirs).ok());
  const std::string before = nft({"-a", "list", "ruleset"});
  const std::vector<Desired> ours{{net::Family::kIpv4, plan4({}), "ours"}};
  const auto late = backend_->commit(old, ours);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::kStale);
  EXPECT_EQ(nft({"-a", "list", "ruleset"}), before);
}

TEST_F(NftTamperTest, AnOldLookAtADamagedTableIsRefused) {
  nft({"add", "rule", "ip", "bulkhead", "filter/web", "drop"});
  const Snapshot old = read();
  nft({"add", "rule", "ip", "bulkhead", "filter/web", "accept"});
  const std::vector<Desired> ours{{net::Family::kIpv4, rules(), "ours"}};
  const auto late = backend_->commit(old, ours);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::kStale);
}

TEST_F(NftTamperTest, OthersMayChangeTheirsMeanwhile) {
  const Snapshot old = read();
  nft({"add", "table", "inet", "theirs"});
  const std::vector<Desired> ours{{net::Family::kIpv4, rules(), "ours"}};
  const auto done = backend_->commit(old, ours);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(read().v4.source, "ours");
  EXPECT_NE(nft({"list", "tables"}).find("theirs"), std::string::npos);
}

TEST_F(NftTamperTest, OtherProgramsChainsAreListed) {
  nft({"-f", "-"},
      "table inet guard { chain in { type filter hook input priority 10; policy drop; }; }\n"
      "table ip watch { chain pre { type filter hook prerouting priority -300; tcp dport 22 "
      "counter; counter; }\n"
      " chain unhooked { drop; }; }\n"
      "table ip6 quiet { chain out { type filter hook output priority 0; ip6 nexthdr 58 accept; }; "
      "}\n");
  auto foreign = backend_->foreign();
  ASSERT_TRUE(foreign.ok());
  ASSERT_EQ(foreign->size(), 3u);
  auto find = [&](std::string_view table) {
    for (const ForeignChain& chain : *foreign) {
      if (chain.table == table) return chain;
    }
    return ForeignChain{};
  };
  EXPECT_EQ(find("guard").family, "inet");
  EXPECT_EQ(find("guard").hook, "input");
  EXPECT_EQ(find("guard").priority, 10);
  EXPECT_TRUE(find("guard").drops);
  EXPECT_EQ(find("watch").rules, 3u);
  EXPECT_EQ(find("watch").priority, -300);
  EXPECT_TRUE(find("watch").drops) << "a rule of its table does";
  EXPECT_EQ(find("quiet").chain, "out");
  EXPECT_FALSE(find("quiet").drops);
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
