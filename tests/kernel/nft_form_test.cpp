// SPDX-License-Identifier: GPL-2.0-or-later
// Every kind of condition and action comes back from the kernel as it was sent, and nft(8) can read
// its own listing of it.
#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ir/dump.h"
#include "kernel/nft_fixture.h"

namespace bulkhead::backend::nft::testing {
namespace {

inline constexpr ir::Field kMark{"mark", "mark", ir::Kind::kNumber, ir::at(ir::Meta::kMark, 32),
                                 ir::at(ir::Meta::kMark, 32)};
inline constexpr ir::Field kDscp{"dscp", "DSCP", ir::Kind::kNumber,
                                 ir::at(ir::Base::kNetwork, 8, 6),
                                 ir::at(ir::Base::kNetwork, 4, 6)};
inline constexpr ir::Field kLength{"length", "length", ir::Kind::kNumber,
                                   ir::at(ir::Meta::kLength, 16), ir::at(ir::Meta::kLength, 16)};
inline constexpr ir::Field kPacketType{"pkttype", "packet type", ir::Kind::kNumber,
                                       ir::at(ir::Meta::kPacketType, 8),
                                       ir::at(ir::Meta::kPacketType, 8)};
inline constexpr ir::Field kDirection{"ct direction", "direction", ir::Kind::kNumber,
                                      ir::at(ir::Conntrack::kDirection, 8),
                                      ir::at(ir::Conntrack::kDirection, 8)};
inline constexpr ir::Field kCtMark{"ct mark", "connection mark", ir::Kind::kNumber,
                                   ir::at(ir::Conntrack::kMark, 32),
                                   ir::at(ir::Conntrack::kMark, 32)};
constexpr ir::Field numbered(std::string_view name, ir::Kind kind, ir::Location where) {
  return {name, name, kind, where, where};
}
constexpr ir::Field of_connection(std::string_view name, ir::Kind kind, ir::Conntrack key,
                                  uint16_t width) {
  const bool address = kind == ir::Kind::kAddress;
  return {name, name, kind, ir::at(key, width), ir::at(key, address ? 128 : width)};
}
// nft 1.0.6 dies of a set with intervals of `ct status`, and rounds times to seconds in ranges and
// sets: only those shapes that a match asks for and that it can say.
inline constexpr ir::Field kStatus =
    of_connection("status", ir::Kind::kNumber, ir::Conntrack::kStatus, 32);
inline constexpr ir::Field kExpiration =
    of_connection("expiration", ir::Kind::kNumber, ir::Conntrack::kExpiration, 32);
inline constexpr ir::Field kConnection[] = {
    of_connection("protocol", ir::Kind::kProtocol, ir::Conntrack::kProtocol, 8),
    of_connection("original saddr", ir::Kind::kAddress, ir::Conntrack::kOriginalSource, 32),
    of_connection("original daddr", ir::Kind::kAddress, ir::Conntrack::kOriginalDestination, 32),
    of_connection("reply saddr", ir::Kind::kAddress, ir::Conntrack::kReplySource, 32),
    of_connection("reply daddr", ir::Kind::kAddress, ir::Conntrack::kReplyDestination, 32),
    of_connection("original sport", ir::Kind::kPort, ir::Conntrack::kOriginalSourcePort, 16),
    of_connection("original dport", ir::Kind::kPort, ir::Conntrack::kOriginalDestinationPort, 16),
    of_connection("reply sport", ir::Kind::kPort, ir::Conntrack::kReplySourcePort, 16),
    of_connection("reply dport", ir::Kind::kPort, ir::Conntrack::kReplyDestinationPort, 16),
};
inline constexpr ir::Field kRoutes[] = {
    numbered("saddr type", ir::Kind::kNumber, ir::at(ir::Route::kSource)),
    numbered("daddr type", ir::Kind::kNumber, ir::at(ir::Route::kDestination)),
};
inline constexpr ir::Field kEthernet =
    numbered("iiftype", ir::Kind::kNumber, ir::at(ir::Meta::kInDeviceType, 16));
inline constexpr ir::Field kSourceMac =
    numbered("ether saddr", ir::Kind::kNumber, ir::at(ir::Base::kLink, 48, 48));
inline constexpr ir::Field kTcpFlags{"flags", "TCP flags", ir::Kind::kFlags,
                                     ir::at(ir::Base::kTransport, 104, 8),
                                     ir::at(ir::Base::kTransport, 104, 8)};
inline constexpr ir::Field kIcmpType{"type", "ICMP type", ir::Kind::kIcmpType,
                                     ir::at(ir::Base::kTransport, 0, 16),
                                     ir::at(ir::Base::kTransport, 0, 16)};

// All fields, with values of every shape: one, a prefix, a range, a few, and what is left of them.
std::vector<ir::Condition> shapes_of(const ir::Field& field, unsigned width) {
  const U128 high = low_bits(width);
  const std::vector<ir::ValueSet> sets = {
      ir::ValueSet::of(1),
      ir::ValueSet::range(high / 4 + 1, high / 2),
      ir::ValueSet::range(0, high / 3),
      ir::ValueSet::range(3, high),
      ir::ValueSet::range(2, high - 2),
      {{1, 1}, {3, 3}},
      {{1, 1}, {3, high - 3}},
      {{0, 2}, {5, 9}, {high - 1, high}},
  };
  std::vector<ir::Condition> out;
  for (const ir::ValueSet& set : sets) {
    out.push_back(is(field, set));
    out.push_back(is(field, set.complement(width)));
  }
  out.push_back(is(field, ir::ValueSet::of(1), 3));
  out.push_back(is(field, ir::ValueSet::of(1).complement(width), 3));
  return out;
}

std::vector<classify::Step> all_conditions(net::Family family) {
  const ir::Header ports{.form = ir::Header::Form::kPorts};
  std::vector<std::vector<ir::Condition>> predicates;
  struct Wide {
    const ir::Field* field;
    unsigned width;
  };
  const unsigned address = net::address_bits(family);
  for (const auto& [field, width] :
       {Wide{&ir::kSource, address}, Wide{&ir::kDestination, address}, Wide{&ir::kProtocol, 8},
        Wide{&kMark, 32}, Wide{&kLength, 16}, Wide{&kPacketType, 8}, Wide{&kDirection, 8},
        Wide{&kCtMark, 32}}) {
    for (ir::Condition& one : shapes_of(*field, width)) predicates.push_back({std::move(one)});
  }
  for (const ir::Field& field : kConnection) {
    // Without a protocol nft 1.0.6 has no words for ports, and never in a set: it dies of them.
    const unsigned width = field.location(family).width;
    for (ir::Condition& one : shapes_of(field, width)) {
      const ir::ValueSet& values = std::get<ir::Constraint>(one).values;
      const bool is_set =
          values.intervals().size() > 1 && values.complement(width).intervals().size() > 1;
      if (field.kind == ir::Kind::kPort && is_set) continue;
      predicates.push_back({protocol(6), std::move(one)});
    }
  }
  const auto any_of = ir::ValueSet::range(1, low_bits(32));
  predicates.push_back({is(kStatus, any_of, 6)});
  predicates.push_back({is(kStatus, any_of.complement(32), 6)});
  predicates.push_back({is(kExpiration, ir::ValueSet::range(0, 6999))});
  predicates.push_back({is(kExpiration, ir::ValueSet::range(7000, low_bits(32)))});
  for (const ir::Field& field : kRoutes) {
    predicates.push_back({is(field, ir::ValueSet::of(2))});
    predicates.push_back({is_not(field, ir::ValueSet::of(3), 32)});
    predicates.push_back({is(field, {{2, 2}, {5, 5}})});
  }
  predicates.push_back(
      {is(kEthernet, ir::ValueSet::of(1)), is(kSourceMac, ir::ValueSet::of(0x0200))});
  predicates.push_back(
      {is(kEthernet, ir::ValueSet::of(1)), is_not(kSourceMac, ir::ValueSet::of(0x0200), 48)});
  for (const ir::Header::Form form : {ir::Header::Form::kSctp, ir::Header::Form::kDccp}) {
    const uint8_t number = form == ir::Header::Form::kSctp ? 132 : 33;
    predicates.push_back({protocol(number), ir::Header{.form = form}, dport(5)});
  }
  for (const ir::Field* field : {&ir::kSourcePort, &ir::kDestinationPort}) {
    for (ir::Condition& one : shapes_of(*field, 16))
      predicates.push_back({protocol(6), tcp(), std::move(one)});
  }
  predicates.push_back({protocol(6), tcp(), is(kTcpFlags, ir::ValueSet::of(0x02), 0x17)});
  predicates.push_back(
      {protocol(6), tcp(), is(kTcpFlags, ir::ValueSet::of(0x02).complement(8), 0x17)});
  predicates.push_back({is(kDscp, ir::ValueSet::of(46))});
  predicates.push_back({is(kDscp, ir::ValueSet::of(46).complement(6))});
  predicates.push_back({is(ir::kInInterface, interfaces("eth0"))});
  predicates.push_back({is(ir::kInInterface, interfaces("eth+"))});
  predicates.push_back({is_not(ir::kInInterface, interfaces("eth+"), 128)});
  predicates.push_back({state({ir::CtState::kNew, ir::CtState::kUntracked})});
  predicates.push_back({source(0), is(ir::kSource, {})});
  predicates.push_back({protocol(6), tcp()});
  predicates.push_back({protocol(6), tcp(), dport(5), protocol(99)});
  predicates.push_back({protocol(17), udp(), ir::Limit{.rate = 7, .seconds = 3600, .burst = 9}});
  predicates.push_back({protocol(132), ports,
                        ir::AnyOf{{is(ir::kSourcePort, {{22, 22}, {80, 90}}),
                                   is(ir::kDestinationPort, {{22, 22}, {80, 90}})}}});
  const bool v4 = family == net::Family::kIpv4;
  const ir::Header icmp{.form = v4 ? ir::Header::Form::kIcmp : ir::Header::Form::kIcmp6};
  const uint8_t icmp_number = v4 ? 1 : 58;
  predicates.push_back(
      {protocol(icmp_number), icmp, is(kIcmpType, ir::ValueSet::range(0x0800, 0x08ff))});
  predicates.push_back({protocol(icmp_number), icmp, is(kIcmpType, ir::ValueSet::of(0x0301))});
  predicates.push_back(
      {protocol(icmp_number), icmp, is(kIcmpType, ir::ValueSet::of(0x0301).complement(16))});
  if (v4) predicates.push_back({is_not(ir::kFragmentOffset, ir::ValueSet::of(0), 13)});
  std::vector<classify::Step> steps;
  for (auto& predicate : predicates)
    steps.push_back(step(steps.size() + 1, std::move(predicate), ir::Continue{}));
  return steps;
}

// What nft(8) can't write down or, in sets, writes otherwise than it reads it: names that no
// interface has, fields that are part of a byte, flags.
std::vector<classify::Step> odd_conditions() {
  std::vector<classify::Step> steps;
  for (ir::Condition& one : shapes_of(ir::kInInterface, 128)) {
    steps.push_back(step(steps.size() + 1, {std::move(one)}, ir::Continue{}));
  }
  for (ir::Condition& one : shapes_of(kDscp, 6)) {
    steps.push_back(step(steps.size() + 1, {std::move(one)}, ir::Continue{}));
  }
  for (ir::Condition& one : shapes_of(kTcpFlags, 8)) {
    steps.push_back(step(steps.size() + 1, {protocol(6), tcp(), std::move(one)}, ir::Continue{}));
  }
  return steps;
}

std::vector<classify::Step> all_actions(net::Family family, std::vector<classify::Step> steps) {
  const auto add = [&](ir::Action action, std::vector<ir::Condition> conditions = {source(1)}) {
    steps.push_back(step(steps.size() + 1, std::move(conditions), std::move(action)));
  };
  add(ir::Accept{});
  add(ir::Drop{});
  add(ir::Return{});
  add(ir::Jump{.chain = "odd.name"});
  add(ir::Jump{.chain = "odd.name", .is_goto = true});
  add(ir::Log{});
  add(ir::Log{.level = 7, .flags = 0x2f, .prefix = "some words: "});
  add(ir::NetlinkLog{});
  add(ir::NetlinkLog{.group = 7, .threshold = 3, .size = 0, .prefix = "some words: "});
  add(ir::NetlinkLog{.group = 65535, .threshold = 1, .size = 40, .prefix = "x"});
  for (uint8_t code = 0; code <= (family == net::Family::kIpv4 ? 13 : 6); ++code) {
    if (family == net::Family::kIpv6 && code == 2) continue;
    if (family == net::Family::kIpv4 && ((code >= 4 && code <= 8) || code == 11 || code == 12))
      continue;
    add(ir::Reject{.icmp_code = code});
  }
  add(ir::Reject{.tcp_reset = true}, {protocol(6)});
  return steps;
}

constexpr ir::Field kHops{"ttl", "time to live", ir::Kind::kNumber,
                          ir::at(ir::Base::kNetwork, 64, 8), ir::at(ir::Base::kNetwork, 56, 8)};
constexpr ir::Field kEcn{"ecn", "ECN", ir::Kind::kFlags, ir::at(ir::Base::kTransport, 104, 2),
                         ir::at(ir::Base::kTransport, 104, 2)};

// A plan with one rule in one built-in chain of a table.
classify::Plan plan_in(net::Family family, std::string_view table, std::string_view chain,
                       const ir::Action& action, std::vector<ir::Condition> conditions) {
  classify::Plan made = plan(family, {step(1, std::move(conditions), action)});
  const auto& chains = ir::builtin_table(table)->chains;
  const auto builtin = std::ranges::find(chains, chain, &ir::BuiltinChain::name);
  classify::Entry& entry = made.entries[0];
  entry.table = made.chains[0].table = table;
  entry.chain = made.chains[0].name = chain;
  entry.hook = builtin->hook;
  entry.priority = builtin->priority;
  return made;
}

std::vector<ir::Action> translations(net::Family family, bool source) {
  using Nat = ir::Nat;
  const Nat::Addresses one{{family, 0xc0000205}, {family, 0xc0000205}};
  const Nat::Addresses some{{family, 0xc0000200}, {family, 0xc00002ff}};
  const Nat::Kind kind = source ? Nat::Kind::kSnat : Nat::Kind::kDnat;
  std::vector<ir::Action> actions;
  for (const auto& addresses :
       {std::optional(one), std::optional(some), std::optional<Nat::Addresses>()}) {
    for (const auto& ports : {std::optional<Nat::Ports>(), std::optional(Nat::Ports{80, 80, {}}),
                              std::optional(Nat::Ports{80, 90, {}})}) {
      if (!addresses && !ports) continue;
      actions.emplace_back(Nat{.kind = kind, .addresses = addresses, .ports = ports});
      actions.emplace_back(Nat{.kind = kind,
                               .addresses = addresses,
                               .ports = ports,
                               .random = true,
                               .fully_random = true,
                               .persistent = true});
    }
  }
  actions.emplace_back(Nat{.kind = Nat::Kind::kNetmap, .addresses = some, .ports = {}});
  for (const auto& ports : {std::optional<Nat::Ports>(), std::optional(Nat::Ports{80, 90, {}})}) {
    const Nat::Kind own = source ? Nat::Kind::kMasquerade : Nat::Kind::kRedirect;
    actions.emplace_back(Nat{.kind = own, .addresses = {}, .ports = ports});
    actions.emplace_back(Nat{.kind = own, .addresses = {}, .ports = ports, .random = true});
  }
  if (!source) {
    actions.emplace_back(
        Nat{.kind = kind, .addresses = one, .ports = Nat::Ports{1000, 2000, 3000}});
  }
  return actions;
}

std::vector<ir::Action> writes() {
  using Mark = ir::ConnectionMark;
  return {ir::Assign{&ir::kPacketMark, 0, 7},
          ir::Assign{&ir::kPacketMark, 0xffffff00, 7},
          ir::Assign{&ir::kPriority, 0, 0x10001},
          ir::Assign{&ir::kTypeOfService, 0xf0, 0x08},
          ir::Assign{&ir::kTypeOfService, 0, 0x08},
          ir::Assign{&ir::kDscp, 0, 46},
          ir::Assign{&kHops, 0, 3},
          ir::Adjust{&kHops, -3},
          ir::Adjust{&kHops, 200},
          Mark{.mode = Mark::Mode::kSet, .value = 3},
          Mark{.mode = Mark::Mode::kSet, .value = 3, .connection_mask = 0xff},
          Mark{.mode = Mark::Mode::kSet, .value = 3, .shift = -4},
          Mark{.mode = Mark::Mode::kSave},
          Mark{.mode = Mark::Mode::kSave, .connection_mask = 0xff},
          Mark{.mode = Mark::Mode::kRestore},
          Mark{.mode = Mark::Mode::kRestore, .packet_mask = 0xff, .shift = 8},
          ir::ConnectionSecurityMark{.restore = true},
          ir::ConnectionSecurityMark{.restore = false},
          ir::Trace{}};
}

class NftFormTest : public NftTest {
 protected:
  void commit_and_inspect(const classify::Plan& rules) {
    must_commit(rules);
    const Snapshot snapshot = read();
    EXPECT_EQ(snapshot.of(rules.family).damage, "");
    EXPECT_EQ(snapshot.of(rules.family).source, "a source");
  }
};

TEST_F(NftFormTest, ComesBackFromTheKernelAsItWasSent) {
  for (net::Family family : net::kFamilies) {
    commit_and_inspect(plan(family, all_actions(family, all_conditions(family)),
                            {user_chain("odd.name", {step(9999, {}, ir::Return{})})}));
  }
}

TEST_F(NftFormTest, SoDoWritesAndTranslations) {
  for (net::Family family : net::kFamilies) {
    const auto each = [&](std::string_view table, std::string_view chain,
                          const std::vector<ir::Action>& actions) {
      for (const ir::Action& action : actions) {
        SCOPED_TRACE(fmt::format("{} {}: {}", table, chain, ir::dump(action)));
        commit_and_inspect(plan_in(family, table, chain, action, {protocol(6), tcp()}));
      }
    };
    for (const std::string_view chain : {"PREROUTING", "OUTPUT", "POSTROUTING"})
      each("mangle", chain, writes());
    each("mangle", "FORWARD",
         {ir::Assign{&kEcn, 0, 0}, ir::StripTcpOptions{{3, 5}},
          ir::OpaqueTarget{.name = "CLASSIFY", .bytes = std::vector<uint8_t>(8)}});
    each("mangle", "PREROUTING",
         {ir::TransparentProxy{.address = {}, .port = 80},
          ir::TransparentProxy{
              .address = net::Address{family, 1}, .port = 0, .mark_keep = 0xff, .mark_flip = 1}});
    for (const std::string_view chain : {"PREROUTING", "OUTPUT"}) {
      each("raw", chain,
           {ir::Untrack{}, ir::Zone{.number = 7}, ir::Zone{.of_mark = true},
            ir::Zone{.direction = ir::Zone::Direction::kReply, .number = 65535}, ir::Trace{},
            helper("ftp"), ir::ConnectionTemplate{.helper = {}, .events = 0x105},
            ir::ConnectionTemplate{.helper = "sip", .protocol = 6, .events = 0}});
    }
    for (const std::string_view chain : {"PREROUTING", "OUTPUT", "POSTROUTING", "INPUT"}) {
      const bool source = chain == "POSTROUTING" || chain == "INPUT";
      auto actions = translations(family, source);
      // Only on its way out does a packet have an interface whose address it could take.
      if (chain == "INPUT") actions.resize(actions.size() - 4);
      each("nat", chain, actions);
    }
  }
}

TEST_F(NftFormTest, AndSoDoesWhatNftCannotWriteDown) {
  commit_and_inspect(plan4(odd_conditions()));
  commit_and_inspect(plan4({step(1, {}, ir::Log{.prefix = "a \"quoted\" word: "})}));
}

TEST_F(NftFormTest, EachConditionByItself) {
  for (net::Family family : net::kFamilies) {
    for (classify::Step& one : all_conditions(family)) {
      const ir::RuleId id = one.id;
      must_commit(plan(family, {std::move(one)}));
      ASSERT_EQ(read().of(family).damage, "") << "condition " << id;
    }
  }
}

TEST_F(NftFormTest, ItsListingCanBeLoaded) {
  for (net::Family family : net::kFamilies) {
    must_commit(plan(family, all_actions(family, all_conditions(family)),
                     {user_chain("odd.name", {step(9999, {}, ir::Return{})})}));
  }
  const std::string listing = nft({"-s", "list", "ruleset"});
  bulkhead::testing::NetNamespace other;
  other.must_exec({"nft", "-f", "-"}, {.input = listing});
  EXPECT_EQ(other.must_exec({"nft", "-s", "list", "ruleset"}), listing);
}

TEST_F(NftFormTest, AndSoCanThatOfHelpers) {
  for (net::Family family : net::kFamilies) {
    must_commit(raw_plan(
        family, {step(1, {protocol(6), tcp(), dport(21)}, helper("ftp")),
                 step(2, {protocol(6), tcp(), dport(1720)}, helper("Q.931")),
                 step(3, {protocol(17)}, helper("sip", 17)), step(4, {protocol(6)}, helper("sip")),
                 step(5, {}, ir::ConnectionTemplate{.helper = {}, .events = 0}),
                 step(6, {}, ir::ConnectionTemplate{.helper = {}, .events = 0x105})}));
  }
  const std::string listing = nft({"-s", "list", "ruleset"});
  bulkhead::testing::NetNamespace other;
  other.must_exec({"nft", "-f", "-"}, {.input = listing});
  EXPECT_EQ(other.must_exec({"nft", "-s", "list", "ruleset"}), listing);
}

TEST_F(NftFormTest, TheKernelsOwnMatchesComeBackToo) {
  ir::Header option = tcp();
  option.tcp_option = 2;
  const ir::Limit limit{.rate = 1, .seconds = 1, .burst = 5};
  const auto form = [](ir::Header::Form one) { return ir::Header{.form = one}; };
  commit_and_inspect(
      plan4({step(1, {protocol(6), option}, ir::Accept{}),
             step(2, {protocol(6), limit, tcp(), dport(22)}, ir::Accept{}),
             step(3, {protocol(17), limit, udp()}, ir::Accept{}),
             step(4, {protocol(1), limit, form(ir::Header::Form::kIcmp)}, ir::Accept{}),
             step(5, {protocol(6), limit, form(ir::Header::Form::kPorts)}, ir::Accept{}),
             step(6, {protocol(132), limit, form(ir::Header::Form::kSctp)}, ir::Accept{}),
             step(7, {protocol(33), limit, form(ir::Header::Form::kDccp)}, ir::Accept{}),
             step(8, {protocol(50), limit, form(ir::Header::Form::kEsp)}, ir::Accept{}),
             step(9, {protocol(51), limit, form(ir::Header::Form::kAh)}, ir::Accept{}),
             step(10, {protocol(108), limit, form(ir::Header::Form::kIpcomp)}, ir::Accept{})}));
  commit_and_inspect(
      plan(net::Family::kIpv6,
           {step(1, {protocol(58), limit, form(ir::Header::Form::kIcmp6)}, ir::Accept{}),
            step(2, {protocol(132), limit, form(ir::Header::Form::kPorts)}, ir::Accept{})}));
}

TEST_F(NftFormTest, AndTheyMatchAnyHeaderThatIsThere) {
  const ir::Limit wide{.rate = 1000, .seconds = 1, .burst = 1000};
  must_commit(plan4(
      {step(1, {protocol(17), wide, udp()}, ir::Continue{}),
       step(2, {protocol(17), wide, ir::Header{.form = ir::Header::Form::kPorts}}, ir::Continue{}),
       step(3, {protocol(1), wide, ir::Header{.form = ir::Header::Form::kIcmp}}, ir::Continue{})}));
  send(9, 3);
  Snapshot snapshot = read();
  EXPECT_EQ(snapshot.v4.counters[1].packets, 3u);
  EXPECT_EQ(snapshot.v4.counters[2].packets, 3u);
  EXPECT_EQ(snapshot.v4.counters[3].packets, 3u) << "the ICMP errors that answer";
  must_commit(plan(net::Family::kIpv6,
                   {step(1, {protocol(58), wide, ir::Header{.form = ir::Header::Form::kIcmp6}},
                         ir::Continue{})}));
  namespace_->exec({"ping", "-6", "-c", "1", "-W", "1", "::1"});
  if (auto tried = namespace_->exec({"ping", "-6", "-c", "1", "-W", "1", "::1"}); tried.ok()) {
    EXPECT_GE(read().v6.counters[1].packets, 2u);
  }
}

TEST_F(NftFormTest, EitherPortCountsOnce) {
  must_commit(plan4({step(1,
                          {protocol(17), ir::Header{.form = ir::Header::Form::kPorts},
                           ir::AnyOf{{is(ir::kSourcePort, ir::ValueSet::range(1, 65535)),
                                      is(ir::kDestinationPort, ir::ValueSet::of(7))}}},
                          ir::Drop{})}));
  send(7, 2);
  EXPECT_EQ(packets(1), 2u) << "both ports match, the rule is met once";
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
