// SPDX-License-Identifier: GPL-2.0-or-later
// Every example of every row, by the kernel's counters: its rule counts the packet that it should,
// and not the one that it shouldn't. In a namespace with our table, and in one with
// iptables-legacy: an example that is wrong about iptables fails there.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/byte_order.h"
#include "ext/argument/split.h"
#include "ext/row.h"
#include "net/packet_text.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

// The examples' addresses: x.2 is the host, x.1 somebody on eth0. eth2 and eth3 are a bridge's.
RigOptions host_of_the_examples() {
  return {.interfaces = {
              {.name = "eth0", .addresses = {"192.0.2.2/24", "2001:db8::2/64"}, .ethernet = true},
              {.name = "eth1", .addresses = {"203.0.113.2/24", "2001:db8:1::2/64"}},
              {.name = "eth2", .bridge = "br0"},
              {.name = "eth3", .bridge = "br0"}}};
}

bool is_port(std::string_view interface) { return interface == "eth2" || interface == "eth3"; }
// Neither the bridge's own nor one that it has seen, so it goes out of the other port.
constexpr Mac kBehindTheBridge = {2, 0, 0, 0, 0, 7};

// Where a link takes it for what the words call it.
Mac group_address(net::LinkCast cast) {
  if (cast == net::LinkCast::kBroadcast) return {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  return {0x01, 0x00, 0x5e, 0x00, 0x00, 0x01};
}

class RowExamples : public TwoFirewalls {
 protected:
  RigOptions network() const override { return host_of_the_examples(); }

  void check(std::string_view row, ext::Families families, const ext::Example& example) {
    SCOPED_TRACE(fmt::format("row {}: {}", row, example.rule));
    if (!example.shown_by.empty()) {
      const std::string file =
          fmt::format("{}/tests/kernel/{}", BULKHEAD_SOURCE_DIR, example.shown_by);
      EXPECT_TRUE(std::filesystem::exists(file)) << file;
      return;
    }
    if (example.refused) {
      check_refusal(families, example);
      return;
    }
    const auto hit = net::parse_packet(example.hit);
    ASSERT_TRUE(hit) << example.hit << ": " << hit.error().message;
    for (const auto& firewall : both_) {
      EXPECT_EQ(count(*firewall, hit->family(), example, example.hit), 1u)
          << firewall->name << " should count " << example.hit;
      EXPECT_EQ(count(*firewall, hit->family(), example, example.miss), 0u)
          << firewall->name << " should not count " << example.miss;
    }
    ++checked_;
  }

  size_t checked_ = 0;

 private:
  void check_refusal(ext::Families families, const ext::Example& example) {
    const std::string rules = text_of(example, std::string(example.chain));
    const bool ip6 = families == ext::Families::kIpv6;
    for (const auto& firewall : both_) {
      const Xtables& xtables = firewall->tables(ip6);
      EXPECT_EQ(xtables.restore(rules).exit_code, &*firewall == &ours() ? 1 : 0) << firewall->name;
      xtables.clear({std::string(example.table)});
    }
  }

  static std::string text_of(const ext::Example& example, const std::string& chain) {
    return fmt::format("*{}\n:user - [0:0]\n-A {} {}\nCOMMIT\n", example.table, chain,
                       example.rule);
  }

  // What the example's rule counts of `packet`, after the packets of `before`.
  static uint64_t count(Firewall& firewall, net::Family family, const ext::Example& example,
                        std::string_view packet) {
    const auto text = net::parse_packet(packet);
    if (!text) throw SupportError(fmt::format("{}: {}", packet, text.error().message));
    const std::string chain = !example.chain.empty() ? std::string(example.chain)
                              : text->direction() == net::Direction::kInput   ? "INPUT"
                              : text->direction() == net::Direction::kForward ? "FORWARD"
                                                                              : "OUTPUT";
    const Xtables& xtables = firewall.tables(family == net::Family::kIpv6);
    const std::string table(example.table);
    xtables.must_restore(text_of(example, chain));
    firewall.rig.flush_conntrack();
    for (const std::string_view each : ext::split(example.before, ';')) {
      if (!each.empty()) send(firewall, each);
    }
    send(firewall, packet);
    std::optional<uint64_t> packets;
    for (const RuleCounter& each : xtables.counters()) {
      if (each.table == table && each.rule.starts_with("-A ")) packets = each.packets;
    }
    if (!packets) throw SupportError(fmt::format("the rule is not there: {}", example.rule));
    xtables.clear({table});
    return *packets;
  }

  static void send(Firewall& firewall, std::string_view words) {
    const auto text = net::parse_packet(words);
    if (!text) throw SupportError(fmt::format("{}: {}", words, text.error().message));
    const bool outgoing = text->direction() == net::Direction::kOutput;
    Step step{
        .packet = text->bytes(), .mark = text->mark, .connection_mark = text->connection_mark};
    if (text->source_mac) store_be(*text->source_mac, step.source_mac);
    if (text->cast != net::LinkCast::kUnicast) step.destination_mac = group_address(text->cast);
    if (outgoing) {
      step.user = text->user.value_or(0);
      step.group = text->group.value_or(0);
    } else {
      step.interface = text->in_interface.empty() ? "eth0" : text->in_interface;
    }
    if (is_port(text->in_interface) && is_port(text->out_interface))
      step.destination_mac = kBehindTheBridge;
    const Outcome outcome = firewall.rig.run({&step, 1})[0];
    if (!outgoing && !outcome.arrived) {
      throw SupportError(fmt::format("the IP stack itself refused {}", words));
    }
  }
};

TEST_F(RowExamples, MatchesCountTheirHitsAndNotTheirMisses) {
  for (const ext::Match* row : ext::matches()) {
    ASSERT_FALSE(row->examples.empty()) << row->name;
    for (const ext::Example& example : row->examples) check(row->name, row->families, example);
  }
  EXPECT_GE(checked_, 2 * ext::matches().size());
}

TEST_F(RowExamples, TargetsCountTheirHitsAndNotTheirMisses) {
  for (const ext::Target* row : ext::targets()) {
    ASSERT_FALSE(row->examples.empty()) << row->name;
    for (const ext::Example& example : row->examples) check(row->name, row->families, example);
  }
  EXPECT_GE(checked_, ext::targets().size());
}

}  // namespace
}  // namespace bulkhead::testing
