// SPDX-License-Identifier: GPL-2.0-or-later
// Every example of every row, by the kernel's counters: its rule counts the packet that it should,
// and not the one that it shouldn't. In a namespace with our table, and in one with
// iptables-legacy: an example that is wrong about iptables fails there.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ext/row.h"
#include "net/packet_text.h"
#include "support/oracle.h"
#include "support/rig.h"
#include "support/rig_fixture.h"

namespace bulkhead::testing {
namespace {

// The examples' addresses: x.2 is the host, x.1 somebody on eth0.
RigOptions host_of_the_examples() {
  return {.interfaces = {{.name = "eth0", .addresses = {"192.0.2.2/24", "2001:db8::2/64"}},
                         {.name = "eth1", .addresses = {"203.0.113.2/24", "2001:db8:1::2/64"}}}};
}

// One firewall in a namespace of its own.
class Firewall {
 public:
  Firewall(std::string name, XtablesPrograms v4, XtablesPrograms v6)
      : name_(std::move(name)),
        rig_(net_, host_of_the_examples()),
        v4_(net_, std::move(v4)),
        v6_(net_, std::move(v6)) {}

  // What the rule counts of `packet`, after the packets of `before`.
  uint64_t count(net::Family family, const std::string& rule, std::string_view before,
                 std::string_view packet) {
    const auto text = net::parse_packet(packet);
    if (!text) throw SupportError(fmt::format("{}: {}", packet, text.error().message));
    const std::string chain = text->direction() == net::Direction::kInput     ? "INPUT"
                              : text->direction() == net::Direction::kForward ? "FORWARD"
                                                                              : "OUTPUT";
    const Xtables& xtables = family == net::Family::kIpv4 ? v4_ : v6_;
    const std::string user_chain = ":user - [0:0]\n";
    xtables.must_restore(
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + user_chain +
        "-A " + chain + " " + rule + "\nCOMMIT\n");
    rig_.flush_conntrack();
    if (!before.empty()) send(before);
    send(packet);
    for (const RuleCounter& each : xtables.counters()) {
      if (each.rule.starts_with("-A ")) return each.packets;
    }
    throw SupportError("the rule is not there: " + rule);
  }

  const std::string& name() const { return name_; }

 private:
  void send(std::string_view words) {
    const auto text = net::parse_packet(words);
    if (!text) throw SupportError(fmt::format("{}: {}", words, text.error().message));
    const bool outgoing = text->direction() == net::Direction::kOutput;
    const Outcome outcome =
        outgoing ? rig_.send(text->bytes()) : rig_.inject("eth0", text->bytes());
    if (!outgoing && !outcome.arrived) {
      throw SupportError(fmt::format("the IP stack itself refused {}", words));
    }
  }

  std::string name_;
  NetNamespace net_;
  PacketRig rig_;
  Xtables v4_;
  Xtables v6_;
};

class RowExamples : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
    firewalls_.push_back(std::make_unique<Firewall>("bulkhead",
                                                    XtablesPrograms::in(BULKHEAD_BIN_DIR),
                                                    XtablesPrograms::in(BULKHEAD_BIN_DIR, true)));
    firewalls_.push_back(std::make_unique<Firewall>("iptables-legacy", XtablesPrograms::legacy(),
                                                    XtablesPrograms::legacy(true)));
  }

  void check(std::string_view row, const ext::Example& example) {
    SCOPED_TRACE(fmt::format("row {}: {}", row, example.rule));
    const auto hit = net::parse_packet(example.hit);
    ASSERT_TRUE(hit) << example.hit << ": " << hit.error().message;
    for (const auto& firewall : firewalls_) {
      const std::string rule(example.rule);
      EXPECT_EQ(firewall->count(hit->family(), rule, example.before, example.hit), 1u)
          << firewall->name() << " should count " << example.hit;
      EXPECT_EQ(firewall->count(hit->family(), rule, example.before, example.miss), 0u)
          << firewall->name() << " should not count " << example.miss;
    }
    ++checked_;
  }

  std::vector<std::unique_ptr<Firewall>> firewalls_;
  size_t checked_ = 0;
};

TEST_F(RowExamples, MatchesCountTheirHitsAndNotTheirMisses) {
  for (const ext::Match* row : ext::matches()) {
    ASSERT_FALSE(row->examples.empty()) << row->name;
    for (const ext::Example& example : row->examples) check(row->name, example);
  }
  EXPECT_GE(checked_, 2 * ext::matches().size());
}

TEST_F(RowExamples, TargetsCountTheirHitsAndNotTheirMisses) {
  for (const ext::Target* row : ext::targets()) {
    ASSERT_FALSE(row->examples.empty()) << row->name;
    for (const ext::Example& example : row->examples) check(row->name, example);
  }
  EXPECT_GE(checked_, ext::targets().size());
}

}  // namespace
}  // namespace bulkhead::testing
