// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/service_matrix.h"

#include <gtest/gtest.h>

#include "lang/language.h"
#include "pass/analysis.h"
#include "pass/spoofing.h"
#include "pass/unknown_conditions.h"
#include "set/cube.h"

namespace bulkhead::pass {
namespace {

constexpr Service kSsh{.protocol = 6, .port = 22, .source_port = 10000};

ir::ValueSet prefix(net::Family family, std::string_view address, unsigned length) {
  const U128 first = net::parse_address(family, address)->value;
  return ir::ValueSet::range(first, first | low_bits(net::address_bits(family) - length));
}
ir::ValueSet v4(std::string_view address, unsigned length) {
  return prefix(net::Family::kIpv4, address, length);
}

struct Asked {
  std::string rules;  // of the filter table
  Interfaces interfaces{};
  Service service = kSsh;
  UnknownConditions unknown{};
  net::Family family = net::Family::kIpv4;
  std::string chain = "FORWARD";
};

ir::Ruleset ruleset_of(const Asked& asked) {
  ir::Ruleset rules{.family = asked.family, .tables = {}};
  EXPECT_EQ(lang::load(rules, "*filter\n" + asked.rules + "COMMIT\n"), "");
  take_as_unknown(asked.unknown, rules);
  return rules;
}

// What `work` gives under every order of the fields, which must not matter.
template <class Work>
std::string under_every_order(const ir::Ruleset& rules, const std::vector<ir::Constraint>& more,
                              const std::string& chain, const Work& work) {
  std::optional<std::string> all;
  for (const set::Order order : set::kOrders) {
    set::Model model(rules.family, {&rules}, more, {.order = order, .budget = {}});
    ChainFunctions functions(model, *rules.find("filter"));
    const std::string text = work(model, functions, *rules.find("filter")->find(chain));
    EXPECT_FALSE(model.exhausted());
    if (all) {
      EXPECT_EQ(*all, text);
    }
    all = text;
  }
  return *all;
}

// "10.0.0.0/8 | any except 10.0.0.0/8: 0>1 1>1"
std::string matrix_of(const Asked& asked) {
  const ir::Ruleset rules = ruleset_of(asked);
  const ir::Table& table = *rules.find("filter");
  const ir::Ruleset known =
      abstracted(table, *table.find(asked.chain), asked.interfaces, asked.family);
  return under_every_order(
      known, asked_of(asked.service), asked.chain,
      [&](set::Model& model, ChainFunctions& functions, const ir::Chain& chain) {
        const auto matrix = service_matrix(model, functions, chain, asked.service);
        if (!matrix) return matrix.error().message;
        std::string text;
        for (const ir::ValueSet& addresses : matrix->classes)
          text += (text.empty() ? "" : " | ") + set::address_words(asked.family, addresses);
        text += ":";
        for (const auto& [from, to] : matrix->pairs) text += fmt::format(" {}>{}", from, to);
        return text;
      });
}

// By interface.
std::string spoofing_of(const Asked& asked) {
  return under_every_order(
      ruleset_of(asked), asked_of(asked.interfaces, asked.family), asked.chain,
      [&](set::Model& model, ChainFunctions& functions, const ir::Chain& chain) {
        std::string text;
        for (const bool out : spoofing_protection(model, functions, chain, asked.interfaces))
          text += out ? "y" : "n";
        return text;
      });
}

TEST(ServiceMatrix, OneClassWhereNothingIsToldApart) {
  EXPECT_EQ(matrix_of({.rules = ""}), "any: 0>0");
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n"}), "any:");
}

TEST(ServiceMatrix, AnyProtocolIsWhicheverGetsThrough) {
  const Service any{.protocol = {}, .port = {}, .source_port = {}};
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n-A FORWARD -p udp -s 10.0.0.0/8 -j ACCEPT\n",
                       .service = any}),
            "any except 10.0.0.0/8 | 10.0.0.0/8: 1>0 1>1");
}

TEST(ServiceMatrix, SourcesAndDestinationsMakeClasses) {
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n"
                                "-A FORWARD -s 10.0.0.0/8 -d 192.0.2.0/24 -j ACCEPT\n"}),
            "any except 10.0.0.0/8, 192.0.2.0/24 | 10.0.0.0/8 | 192.0.2.0/24: 1>2");
}

TEST(ServiceMatrix, AddressesThatBehaveAlikeAreOneClass) {
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n"
                                "-A FORWARD -s 10.0.0.0/8 -j ACCEPT\n"
                                "-A FORWARD -s 172.16.0.0/12 -j ACCEPT\n"}),
            "any except 10.0.0.0/8, 172.16.0.0/12 | 10.0.0.0/8, 172.16.0.0/12: 1>0 1>1");
}

TEST(ServiceMatrix, OnlyTheServiceCounts) {
  const std::string rules =
      ":FORWARD DROP\n"
      "-A FORWARD -p tcp -s 10.0.0.0/8 --dport 23 -j ACCEPT\n"
      "-A FORWARD -p udp -s 10.0.0.0/8 --dport 22 -j ACCEPT\n"
      "-A FORWARD -p tcp -s 10.0.0.0/8 --sport 22 -j ACCEPT\n"
      "-A FORWARD -m state --state ESTABLISHED -j ACCEPT\n"
      "-A FORWARD -p icmp -d 10.0.0.0/8 -j ACCEPT\n";
  EXPECT_EQ(matrix_of({.rules = rules}), "any:");
  EXPECT_EQ(matrix_of({.rules = rules, .service = {.protocol = 1, .port = {}, .source_port = {}}}),
            "any except 10.0.0.0/8 | 10.0.0.0/8: 0>1 1>1");
  EXPECT_EQ(
      matrix_of({.rules = rules, .service = {.protocol = 17, .port = 22, .source_port = 10000}}),
      "any except 10.0.0.0/8 | 10.0.0.0/8: 1>0 1>1");
}

TEST(ServiceMatrix, WhatIsNotKnownMayLetThrough) {
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n-A FORWARD -o eth1 -m limit --limit 1/s -m mac "
                                "--mac-source 02:00:00:00:00:01 -j ACCEPT\n"}),
            "any: 0>0");
  EXPECT_EQ(matrix_of({.rules = "-A FORWARD -m limit --limit 1/s -j DROP\n"}), "any: 0>0");
  EXPECT_EQ(matrix_of({.rules = "-A FORWARD -j DROP\n"}), "any:");
}

TEST(ServiceMatrix, TheSameUnknownIsAskedAnewEachTime) {
  // No packet is there that both rules are right about; what is unknown has no memory, as in the
  // analyser whose answers these are.
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n-A FORWARD -o eth1 -j DROP\n"
                                "-A FORWARD -s 10.0.0.0/8 -o eth1 -j ACCEPT\n"}),
            "any except 10.0.0.0/8 | 10.0.0.0/8: 1>0 1>1");
}

TEST(ServiceMatrix, ChainsAndReturnsAreFollowed) {
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n:inside - [0:0]\n"
                                "-A FORWARD -s 10.0.0.0/8 -j inside\n"
                                "-A inside -d 10.0.0.0/8 -j RETURN\n"
                                "-A inside -j ACCEPT\n"}),
            "any except 10.0.0.0/8 | 10.0.0.0/8: 1>0");
}

TEST(ServiceMatrix, AnInterfaceIsTheAddressesBehindIt) {
  const std::string rules = ":FORWARD DROP\n-A FORWARD -i eth0 -j ACCEPT\n";
  EXPECT_EQ(matrix_of({.rules = rules}), "any: 0>0");
  EXPECT_EQ(matrix_of({.rules = rules, .interfaces = {{"eth0", v4("10.0.0.0", 8)}}}),
            "any except 10.0.0.0/8 | 10.0.0.0/8: 1>0 1>1");
}

TEST(ServiceMatrix, WhatLivesBehindOneInterfaceOnlyDoesntComeInByAnother) {
  const Interfaces both{{"eth0", v4("10.0.0.0", 8)}, {"eth1", v4("10.0.0.0", 8).complement(32)}};
  EXPECT_EQ(matrix_of({.rules = "-A FORWARD -i eth0 -j DROP\n", .interfaces = both}),
            "any except 10.0.0.0/8 | 10.0.0.0/8: 0>0 0>1");
  EXPECT_EQ(matrix_of({.rules = "-A FORWARD ! -i eth0 -j DROP\n", .interfaces = both}),
            "any except 10.0.0.0/8 | 10.0.0.0/8: 1>0 1>1");
}

TEST(ServiceMatrix, WhatComesInByAnInterfaceThatIsntListedMayBeFromAnywhere) {
  const Interfaces one{{"eth0", v4("10.0.0.0", 8)}};
  EXPECT_EQ(
      matrix_of({.rules = ":FORWARD DROP\n-A FORWARD -i eth1 -j ACCEPT\n", .interfaces = one}),
      "any: 0>0");
  EXPECT_EQ(
      matrix_of({.rules = ":FORWARD DROP\n-A FORWARD -i tun+ -j ACCEPT\n", .interfaces = one}),
      "any: 0>0");
  // But none that nobody speaks of, where what lives behind eth0 would have no reason to come from.
  EXPECT_EQ(matrix_of({.rules = "-A FORWARD -i eth0 -j DROP\n", .interfaces = one}),
            "any except 10.0.0.0/8 | 10.0.0.0/8: 0>0 0>1");
}

TEST(ServiceMatrix, UnlistedInterfacesAreThoseThatTheRulesName) {
  const ir::Ruleset rules =
      ruleset_of({.rules = "-A FORWARD -i eth+ -j DROP\n-A FORWARD ! -i eth1 -j DROP\n"
                           "-A FORWARD -i tun0 -j DROP\n"});
  const ir::Table& filter = *rules.find("filter");
  const ir::Chain& forward = *filter.find("FORWARD");
  EXPECT_EQ(unlisted(filter, forward, {{"eth0", {}}}).intervals().size(), 2U) << "eth1 and tun0";
  EXPECT_EQ(unlisted(filter, forward, {}).intervals().size(), 2U) << "eth+ and tun0";
  EXPECT_TRUE(unlisted(filter, *filter.find("INPUT"), {}).empty());
}

TEST(ServiceMatrix, AProtocolOrAMatchMayBeTakenAsUnknown) {
  const std::string rules = ":FORWARD DROP\n-A FORWARD -p sctp -m sctp --dport 5 -j ACCEPT\n";
  EXPECT_EQ(matrix_of({.rules = rules}), "any:");
  EXPECT_EQ(matrix_of({.rules = rules, .unknown = {{132}, {}}}), "any:") << "not to port 5";
  EXPECT_EQ(matrix_of({.rules = rules, .unknown = {{132}, {"sctp"}}}), "any: 0>0");
  EXPECT_EQ(matrix_of({.rules = "-A FORWARD ! -p udp -j DROP\n", .unknown = {{17}, {}}}),
            "any: 0>0");
}

TEST(ServiceMatrix, OddMasksAreFollowedBitByBitOrRefused) {
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n"
                                "-A FORWARD -s 128.0.0.0/160.0.0.0 -j ACCEPT\n"}),
            "any except 128.0.0.0/3, 192.0.0.0/3 | 128.0.0.0/3, 192.0.0.0/3: 1>0 1>1");
  EXPECT_EQ(matrix_of({.rules = "-A FORWARD -s 0.0.0.1/0.0.0.255 -j DROP\n"}),
            "the rules' addresses fall into too many ranges for a matrix");
}

TEST(ServiceMatrix, IPv6WorksAsIPv4) {
  const net::Family v6 = net::Family::kIpv6;
  EXPECT_EQ(matrix_of({.rules = ":FORWARD DROP\n"
                                "-A FORWARD -s 2001:db8::/32 -d ::1 -j ACCEPT\n"
                                "-A FORWARD -d ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -j ACCEPT\n",
                       .family = v6}),
            "any except ::1, 2001:db8::/32, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff | ::1 | "
            "2001:db8::/32 | ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff: 0>3 1>3 2>1 2>3 3>3");
}

TEST(ServiceMatrix, TheInputChainHasNoWayOut) {
  EXPECT_EQ(
      matrix_of({.rules = ":INPUT DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n", .chain = "INPUT"}),
      "any except 10.0.0.0/8 | 10.0.0.0/8: 1>0 1>1");
}

TEST(Spoofing, IsKeptOutWhereOnlySourcesBehindTheInterfacePass) {
  const Interfaces interfaces{{"eth0", v4("10.0.0.0", 8)},
                              {"eth1", v4("10.0.0.0", 8).complement(32)},
                              {"eth2", {}},
                              {"eth3", {}}};
  EXPECT_EQ(spoofing_of({.rules = "-A FORWARD -i eth0 ! -s 10.0.0.0/8 -j DROP\n"
                                  "-A FORWARD -i eth1 -s 10.0.0.0/9 -j DROP\n"
                                  "-A FORWARD -i eth2 -j DROP\n",
                         .interfaces = interfaces}),
            "ynyn");
}

TEST(Spoofing, OnlyWhatIsSureCounts) {
  const Interfaces one{{"eth0", v4("10.0.0.0", 8)}};
  EXPECT_EQ(
      spoofing_of({.rules = "-A FORWARD -i eth0 ! -s 10.0.0.0/8 -m limit --limit 1/s -j DROP\n",
                   .interfaces = one}),
      "n");
  EXPECT_EQ(spoofing_of({.rules = "-A FORWARD -i eth0 ! -s 10.0.0.0/8 -p tcp -j DROP\n",
                         .interfaces = one}),
            "n");
  // Connections that are there already are no question.
  EXPECT_EQ(spoofing_of({.rules = "-A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT\n"
                                  "-A FORWARD -i eth0 ! -s 10.0.0.0/8 -j DROP\n",
                         .interfaces = one}),
            "y");
}

}  // namespace
}  // namespace bulkhead::pass
