// SPDX-License-Identifier: GPL-2.0-or-later
// What rules mean. The expected values are written out here, not computed by the rows' own means.

#include <linux/netfilter/xt_LOG.h>

#include <gtest/gtest.h>

#include "ext/rule_text.h"

namespace bulkhead::ext {
namespace {

using ir::AnyOf;
using ir::Constraint;
using ir::Header;
using ir::Limit;
using ir::Predicate;
using ir::ValueSet;

constexpr net::Family kIp4 = net::Family::kIpv4;
constexpr net::Family k6 = net::Family::kIpv6;

Predicate meaning(net::Family family, std::string_view text) {
  const RuleText rule(family, text);
  EXPECT_FALSE(rule.error()) << text << ": " << rule.message();
  const Result<Predicate> predicate = rule.predicate();
  EXPECT_TRUE(predicate) << text;
  return predicate ? *predicate : Predicate{};
}

ir::Action action(net::Family family, std::string_view text) {
  const RuleText rule(family, text);
  EXPECT_FALSE(rule.error()) << text << ": " << rule.message();
  return *action_of(*rule.target(), rule.target_arguments(), rule.context());
}

TEST(Lower, PutsTheHeaderFirst) {
  EXPECT_EQ(meaning(kIp4, "-p tcp -m tcp"), (Predicate{Header{.form = Header::Form::kTcp}}));
  EXPECT_EQ(meaning(kIp4, "-p udp --dport 53"),
            (Predicate{Header{.form = Header::Form::kUdp},
                       Constraint{&ir::kDestinationPort, 0xffff, ValueSet::of(53)}}));
}

TEST(Lower, TakesTheComplementWhereNegated) {
  EXPECT_EQ(meaning(k6, "-p tcp ! --sport 22:80"),
            (Predicate{Header{.form = Header::Form::kTcp},
                       Constraint{&ir::kSourcePort, 0xffff, ValueSet{{0, 21}, {81, 0xffff}}}}));
}

TEST(Lower, LeavesOutWhatRestrictsNothing) {
  EXPECT_EQ(meaning(kIp4, "-p tcp --dport 0:65535 --tcp-flags NONE NONE"),
            (Predicate{Header{.form = Header::Form::kTcp}}));
  EXPECT_EQ(meaning(kIp4, "-m comment --comment x"), Predicate{});
}

TEST(Lower, KeepsTheMaskOfFlags) {
  const Predicate syn = meaning(kIp4, "-p tcp --syn");
  ASSERT_EQ(syn.size(), 2u);
  const auto& flags = std::get<Constraint>(syn[1]);
  EXPECT_EQ(flags.field->v4.offset, 13 * 8);
  EXPECT_TRUE(flags.mask == 0x17);
  EXPECT_EQ(flags.values, ValueSet::of(0x02));

  const auto negated = std::get<Constraint>(meaning(kIp4, "-p tcp ! --syn")[1]);
  EXPECT_TRUE(negated.mask == 0x17);
  EXPECT_EQ(negated.values, (ValueSet{{0, 1}, {3, 0xff}}));
}

TEST(Lower, OfFlagsThatCannotBeSetMatchesNothing) {
  EXPECT_TRUE(
      std::get<Constraint>(meaning(kIp4, "-p tcp --tcp-flags SYN,ACK SYN,FIN")[1]).values.empty());
  EXPECT_EQ(std::get<Constraint>(meaning(kIp4, "-p tcp ! --tcp-flags SYN,ACK SYN,FIN")[1]).values,
            ValueSet::range(0, 0xff));
}

TEST(Lower, OfAnUpsideDownRangeMatchesNothing) {
  EXPECT_TRUE(std::get<Constraint>(meaning(kIp4, "-p udp --dport 68:67")[1]).values.empty());
  EXPECT_TRUE(std::get<Constraint>(meaning(kIp4, "-p icmp --icmp-type 3/4:1")[1]).values.empty());
}

TEST(Lower, AsksForATcpOptionWithTheHeader) {
  EXPECT_EQ(
      meaning(kIp4, "-p tcp ! --tcp-option 2"),
      (Predicate{Header{.form = Header::Form::kTcp, .tcp_option = 2, .tcp_option_negated = true}}));
}

TEST(Lower, OfIcmpTypes) {
  const auto values = [](net::Family family, std::string_view text) {
    return std::get<Constraint>(meaning(family, text)[1]).values;
  };
  EXPECT_EQ(values(kIp4, "-p icmp --icmp-type 8"), ValueSet::range(0x0800, 0x08ff));
  EXPECT_EQ(values(kIp4, "-p icmp --icmp-type 3/1"), ValueSet::of(0x0301));
  EXPECT_EQ(values(kIp4, "-p icmp --icmp-type 3/1:4"), ValueSet::range(0x0301, 0x0304));
  EXPECT_EQ(values(kIp4, "-p icmp --icmp-type any"), ValueSet::range(0, 0xffff));
  EXPECT_EQ(values(kIp4, "-p icmp --icmp-type 255/3"), ValueSet::range(0, 0xffff));
  EXPECT_TRUE(values(kIp4, "-p icmp ! --icmp-type any").empty());
  EXPECT_EQ(values(k6, "-p icmpv6 --icmpv6-type 255"), ValueSet::range(0xff00, 0xffff));
  EXPECT_EQ(values(k6, "-p icmpv6 ! --icmpv6-type 0"), ValueSet::range(0x0100, 0xffff));
}

TEST(Lower, OfStates) {
  const ValueSet both{{2, 2}, {4, 4}};
  EXPECT_EQ(meaning(kIp4, "-m state --state ESTABLISHED,RELATED"),
            (Predicate{Constraint{&ir::kCtState, 0xffffffff, both}}));
  EXPECT_EQ(meaning(k6, "-m conntrack ! --ctstate RELATED,ESTABLISHED"),
            (Predicate{Constraint{&ir::kCtState, 0xffffffff, both.complement(32)}}));
  EXPECT_EQ(meaning(kIp4, "-m state --state UNTRACKED"),
            (Predicate{Constraint{&ir::kCtState, 0xffffffff, ValueSet::of(64)}}));
}

TEST(Lower, OfMultiport) {
  const Header ports{.form = Header::Form::kPorts};
  const ValueSet listed{{22, 22}, {80, 90}};
  const Constraint source{&ir::kSourcePort, 0xffff, listed};
  const Constraint destination{&ir::kDestinationPort, 0xffff, listed};
  const Constraint not_source{&ir::kSourcePort, 0xffff, listed.complement(16)};
  const Constraint not_destination{&ir::kDestinationPort, 0xffff, listed.complement(16)};
  EXPECT_EQ(meaning(kIp4, "-p tcp -m multiport --dports 80:90,22,22"),
            (Predicate{ports, destination}));
  EXPECT_EQ(meaning(kIp4, "-p tcp -m multiport ! --sports 22,80:90"),
            (Predicate{ports, not_source}));
  EXPECT_EQ(meaning(k6, "-p udp -m multiport --ports 22,80:90"),
            (Predicate{ports, AnyOf{{source, destination}}}));
  EXPECT_EQ(meaning(k6, "-p udp -m multiport ! --ports 22,80:90"),
            (Predicate{ports, not_source, not_destination}));
}

TEST(Lower, OfLimits) {
  EXPECT_EQ(meaning(kIp4, "-m limit"), (Predicate{Limit{.rate = 3, .seconds = 3600, .burst = 5}}));
  EXPECT_EQ(meaning(kIp4, "-m limit --limit 7/min --limit-burst 9"),
            (Predicate{Limit{.rate = 7, .seconds = 60, .burst = 9}}));
  EXPECT_EQ(meaning(kIp4, "-m limit --limit 1/day --limit-burst 1"),
            (Predicate{Limit{.rate = 1, .seconds = 86400, .burst = 1}}));
}

TEST(Lower, OfTargets) {
  EXPECT_EQ(action(kIp4, "-j ACCEPT"), ir::Action{ir::Accept{}});
  EXPECT_EQ(action(kIp4, "-j DROP"), ir::Action{ir::Drop{}});
  EXPECT_EQ(action(kIp4, "-j RETURN"), ir::Action{ir::Return{}});
  EXPECT_EQ(action(kIp4, "-j LOG"), (ir::Action{ir::Log{.level = 4}}));
  EXPECT_EQ(
      action(k6, "-j LOG --log-level emerg --log-uid --log-tcp-options --log-prefix \"a b\""),
      (ir::Action{ir::Log{.level = 0, .flags = XT_LOG_UID | XT_LOG_TCPOPT, .prefix = "a b"}}));
}

TEST(Lower, OfReject) {
  const auto code = [](uint8_t value) { return ir::Action{ir::Reject{.icmp_code = value}}; };
  EXPECT_EQ(action(kIp4, "-j REJECT"), code(3));
  EXPECT_EQ(action(kIp4, "-j REJECT --reject-with net-unreach"), code(0));
  EXPECT_EQ(action(kIp4, "-j REJECT --reject-with host-unreach"), code(1));
  EXPECT_EQ(action(kIp4, "-j REJECT --reject-with proto-unreach"), code(2));
  EXPECT_EQ(action(kIp4, "-j REJECT --reject-with net-prohib"), code(9));
  EXPECT_EQ(action(kIp4, "-j REJECT --reject-with host-prohib"), code(10));
  EXPECT_EQ(action(kIp4, "-j REJECT --reject-with admin-prohib"), code(13));
  EXPECT_EQ(action(k6, "-j REJECT"), code(4));
  EXPECT_EQ(action(k6, "-j REJECT --reject-with no-route"), code(0));
  EXPECT_EQ(action(k6, "-j REJECT --reject-with adm-prohibited"), code(1));
  EXPECT_EQ(action(k6, "-j REJECT --reject-with addr-unreach"), code(3));
  EXPECT_EQ(action(k6, "-j REJECT --reject-with policy-fail"), code(5));
  EXPECT_EQ(action(k6, "-j REJECT --reject-with reject-route"), code(6));
  for (const net::Family family : net::kFamilies) {
    const ir::Action reset = action(family, "-p tcp -j REJECT --reject-with tcp-reset");
    EXPECT_TRUE(std::get<ir::Reject>(reset).tcp_reset);
  }
}

}  // namespace
}  // namespace bulkhead::ext
