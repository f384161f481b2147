// SPDX-License-Identifier: GPL-2.0-or-later
// Packets whose headers are cut off, fragments, and extension headers: the same verdict and the
// same count from iptables-legacy and from what we make of the same rule.
#include <gtest/gtest.h>

#include "backend/nft/open.h"
#include "backend/nft/plan_words.h"
#include "support/rig_fixture.h"

namespace bulkhead::backend::nft::testing {
namespace {

namespace support = bulkhead::testing;
using support::Bytes;

inline constexpr ir::Field kEchoType{"type", "ICMP type", ir::Kind::kIcmpType,
                                     ir::at(ir::Base::kTransport, 0, 16),
                                     ir::at(ir::Base::kTransport, 0, 16)};

// A rule as iptables-legacy reads it, and what it means.
struct Case {
  std::string rule;
  std::vector<ir::Condition> conditions;
};

constexpr ir::Limit kPlenty{.rate = 1000, .seconds = 1, .burst = 1000};
constexpr ir::Header kPorts{.form = ir::Header::Form::kPorts};

std::vector<Case> cases(net::Family family) {
  const bool v4 = family == net::Family::kIpv4;
  const ir::Header icmp{.form = v4 ? ir::Header::Form::kIcmp : ir::Header::Form::kIcmp6};
  const uint8_t icmp_number = v4 ? 1 : 58;
  const std::string echo =
      v4 ? "-p icmp -m icmp --icmp-type 8" : "-p icmpv6 -m icmp6 --icmpv6-type 128";
  const uint32_t echo_type = v4 ? 0x0800 : 0x8000;
  const ir::Constraint is_echo = is(kEchoType, ir::ValueSet::range(echo_type, echo_type + 255));
  ir::Header option = tcp();
  option.tcp_option = 8;
  ir::Header no_option = option;
  no_option.tcp_option_negated = true;
  const ir::ValueSet either{{22, 22}, {53, 60}};
  const std::string limit = "-m limit --limit 1000/sec --limit-burst 1000 ";
  return {
      {"-p tcp", {protocol(6)}},
      {"! -p tcp", {is_not(ir::kProtocol, ir::ValueSet::of(6), 8)}},
      {"-p tcp -m tcp", {protocol(6), tcp()}},
      {"-p tcp -m tcp --dport 22", {protocol(6), tcp(), dport(22)}},
      {"-p tcp -m tcp ! --dport 22",
       {protocol(6), tcp(), is_not(ir::kDestinationPort, ir::ValueSet::of(22), 16)}},
      {"-p udp -m udp --dport 22", {protocol(17), udp(), dport(22)}},
      {"-p udp -m udp", {protocol(17), udp()}},
      {echo, {protocol(icmp_number), icmp, is_echo}},
      {"-p tcp -m multiport --dports 22,80",
       {protocol(6), kPorts, is(ir::kDestinationPort, {{22, 22}, {80, 80}})}},
      {"-p tcp -m multiport ! --dports 22,80",
       {protocol(6), kPorts, is_not(ir::kDestinationPort, {{22, 22}, {80, 80}}, 16)}},
      {"-p udp -m multiport --ports 22,53:60",
       {protocol(17), kPorts,
        ir::AnyOf{{is(ir::kSourcePort, either), is(ir::kDestinationPort, either)}}}},
      {"-p tcp -m tcp --tcp-option 8", {protocol(6), option}},
      {"-p tcp -m tcp ! --tcp-option 8", {protocol(6), no_option}},
      {"-p tcp " + limit + "-m tcp --dport 22", {protocol(6), kPlenty, tcp(), dport(22)}},
      {"-p udp " + limit + "-m udp", {protocol(17), kPlenty, udp()}},
      {"-p udp " + limit + "-m multiport --dports 22", {protocol(17), kPlenty, kPorts, dport(22)}},
      {"-p " + std::string(v4 ? "icmp " : "icmpv6 ") + limit + echo.substr(echo.find("-m")),
       {protocol(icmp_number), kPlenty, icmp, is_echo}},
  };
}

// Every shorter version of it, the fragments, and what else the stack lets through.
void add_variants(std::vector<Bytes>& out, const Bytes& packet, size_t header) {
  for (size_t size = header; size <= packet.size(); ++size)
    out.push_back(support::truncate(packet, size));
  for (size_t size : {8u, 16u, 24u}) {
    for (Bytes& fragment : support::fragment(packet, size)) out.push_back(std::move(fragment));
  }
}

std::vector<Bytes> packets4() {
  const support::Bytes timestamp = {8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
  std::vector<Bytes> out;
  const support::Payload payload{"0123456789"};
  add_variants(
      out,
      support::through(support::Packet{support::Tcp{.dport = 22, .options = timestamp}} / payload),
      20);
  add_variants(out, support::through(support::Packet{support::Tcp{.dport = 23}} / payload), 20);
  add_variants(
      out, support::through(support::Packet{support::Udp{.sport = 55, .dport = 22}} / payload), 20);
  add_variants(out, support::through(support::Packet{support::Icmp{}} / payload), 20);
  // An option list that runs past its header, and a header that says it is shorter than it can be.
  out.push_back(support::through(support::Packet{support::Tcp{.dport = 22, .options = {2, 40}}}));
  out.push_back(support::through(support::Packet{support::Tcp{.dport = 22, .header_words = 3}}));
  out.push_back(support::through(support::Packet{support::Sctp{.dport = 22}}));
  // A later fragment that would overwrite TCP's flags (RFC 1858), and others.
  for (uint16_t offset : {uint16_t{1}, uint16_t{2}, uint16_t{100}}) {
    for (uint8_t protocol : {uint8_t{6}, uint8_t{17}, uint8_t{1}}) {
      out.push_back(build(support::Ip4{.saddr = support::kPeer,
                                       .daddr = support::kBehind,
                                       .fragment_offset = offset,
                                       .protocol = protocol} /
                          support::Payload{std::string(40, '\x16')}));
    }
  }
  return out;
}

// Without an authentication header: ip6_tables looks behind it, nf_tables takes it for the protocol
// (nft_set_pktinfo_ipv6: IP6_FH_F_AUTH). That is a difference which no expression can make up for.
std::vector<Bytes> packets6() {
  std::vector<Bytes> out;
  const support::Payload payload{"0123456789"};
  add_variants(out, support::through6(support::Packet{support::Tcp{.dport = 22}} / payload), 40);
  add_variants(out,
               support::through6(support::Packet{support::Udp{.sport = 55, .dport = 22}} / payload),
               40);
  add_variants(out, support::through6(support::Packet{support::Icmp6{}} / payload), 40);
  const support::Packet behind = support::Packet{support::DestinationOptions{}} /
                                 support::Routing{} / support::Tcp{.dport = 22} / payload;
  add_variants(out, support::through6(behind), 40);
  // Extension headers in a first fragment and behind a later one; no next header at all.
  out.push_back(support::through6(support::Packet{support::Fragment6{.more = true}} /
                                  support::Tcp{.dport = 22}));
  out.push_back(support::through6(support::Packet{support::Fragment6{.offset = 1}} /
                                  support::Tcp{.dport = 22}));
  out.push_back(support::through6(support::Packet{support::Fragment6{.offset = 5}} /
                                  support::DestinationOptions{} / support::Tcp{.dport = 22}));
  out.push_back(
      build(support::Ip6{.saddr = support::kPeer6, .daddr = support::kBehind6, .next_header = 59} /
            support::Payload{"nothing"}));
  return out;
}

classify::Plan forward_plan(net::Family family, std::vector<classify::Step> steps) {
  classify::Plan out = plan(family, {});
  out.entries[0].chain = "FORWARD";
  out.entries[0].hook = ir::Hook::kForward;
  out.chains[0] = {"filter", "FORWARD", std::move(steps)};
  return out;
}

// Two hosts: one with iptables-legacy, one with our table.
class NftHeaderTest : public ::testing::TestWithParam<net::Family> {
 protected:
  struct Host {
    support::NetNamespace net;
    support::PacketRig rig{net, {.conntrack = false}};
  };

  void SetUp() override {
    if (auto obstacle = support::kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
    legacy_.emplace();
    ours_.emplace();
    ours_->net.run([this] {
      if (auto opened = open()) backend_ = std::move(*opened);
    });
    ASSERT_NE(backend_, nullptr);
  }

  void load(const std::vector<Case>& rules) {
    std::string text;
    std::vector<classify::Step> steps;
    first_id_ += 1000;  // as a restore does it: counts start anew
    for (const Case& rule : rules) {
      text += "-A FORWARD " + rule.rule + "\n";
      steps.push_back(step(first_id_ + steps.size(), rule.conditions, ir::Continue{}));
    }
    support::Xtables(legacy_->net,
                     support::XtablesPrograms::legacy(GetParam() == net::Family::kIpv6))
        .must_restore(support::filter(text));
    auto base = backend_->read(true);
    ASSERT_TRUE(base.ok()) << base.error().message;
    const std::vector<Desired> desired{
        {GetParam(), forward_plan(GetParam(), std::move(steps)), text}};
    auto done = backend_->commit(*base, desired);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }

  void compare(const std::vector<Case>& rules, const std::vector<Bytes>& packets) {
    load(rules);
    std::vector<support::Step> steps;
    for (const Bytes& packet : packets) steps.push_back({.interface = "eth0", .packet = packet});
    const auto theirs = legacy_->rig.run(steps);
    const auto mine = ours_->rig.run(steps);
    size_t dropped = 0;
    for (size_t i = 0; i < packets.size(); ++i) {
      ASSERT_EQ(text(mine[i]), text(theirs[i]))
          << rules[0].rule << ", packet " << i << ", " << packets[i].size() << " bytes";
      if (theirs[i].verdict == support::Verdict::kDropped && theirs[i].arrived) ++dropped;
    }
    dropped_ += dropped;
    auto now = backend_->read(true);
    ASSERT_TRUE(now.ok());
    EXPECT_EQ(now->of(GetParam()).damage, "");
    const auto counted =
        support::Xtables(legacy_->net,
                         support::XtablesPrograms::legacy(GetParam() == net::Family::kIpv6))
            .counters();
    ir::RuleId id = first_id_;
    for (const support::RuleCounter& counter : counted) {
      if (!counter.rule.starts_with("-A")) continue;
      EXPECT_EQ(now->of(GetParam()).counters.at(id).packets, counter.packets) << counter.rule;
      EXPECT_EQ(now->of(GetParam()).counters.at(id).bytes, counter.bytes) << counter.rule;
      ++id;
    }
    EXPECT_EQ(id, first_id_ + rules.size());
  }

  std::optional<Host> legacy_;
  std::optional<Host> ours_;
  std::unique_ptr<Backend> backend_;
  ir::RuleId first_id_ = 0;
  size_t dropped_ = 0;
};

TEST_P(NftHeaderTest, EachRuleByItself) {
  const std::vector<Bytes> packets = GetParam() == net::Family::kIpv4 ? packets4() : packets6();
  for (const Case& one : cases(GetParam())) compare({one}, packets);
  EXPECT_GT(dropped_, 100u) << "no packet was cut off?";
}

TEST_P(NftHeaderTest, AllRulesTogetherInBothOrders) {
  const std::vector<Bytes> packets = GetParam() == net::Family::kIpv4 ? packets4() : packets6();
  std::vector<Case> all = cases(GetParam());
  compare(all, packets);
  std::reverse(all.begin(), all.end());
  compare(all, packets);
}

INSTANTIATE_TEST_SUITE_P(Families, NftHeaderTest,
                         ::testing::Values(net::Family::kIpv4, net::Family::kIpv6),
                         [](const auto& one) { return std::string(net::family_word(one.param)); });

}  // namespace
}  // namespace bulkhead::backend::nft::testing
