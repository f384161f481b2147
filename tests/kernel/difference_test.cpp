// SPDX-License-Identifier: GPL-2.0-or-later
// Witnesses of `bulkhead diff` as real packets: the kernel, with the one ruleset and with the
// other, does with them what was said.
#include "pass/difference.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/rules_text.h"
#include "app/witness_packet.h"
#include "kernel/witness_fixture.h"
#include "support/ruleset_drawer.h"

namespace bulkhead::testing {
namespace {

// One built-in chain with rules, so that none of the others is on the way of a connection's first
// packet.
struct Place {
  bool ip6;
  const char* table;
  const char* chain;
  size_t mutations;  // that change what becomes of packets, each shown by packets
};

// Of all of them together more than 300.
constexpr Place kPlaces[] = {
    {false, "filter", "INPUT", 45},   {true, "filter", "INPUT", 45},
    {false, "filter", "FORWARD", 45}, {true, "filter", "FORWARD", 45},
    {false, "filter", "OUTPUT", 45},  {true, "filter", "OUTPUT", 45},
    {false, "mangle", "INPUT", 15},   {true, "mangle", "FORWARD", 15},
    {false, "mangle", "OUTPUT", 15},  {true, "mangle", "OUTPUT", 15},
    {false, "nat", "PREROUTING", 15}, {true, "nat", "PREROUTING", 15},
    {false, "nat", "OUTPUT", 15},     {true, "nat", "OUTPUT", 15},
};

std::string name(const Place& place) {
  return fmt::format("{}_{}_{}", place.ip6 ? "ip6" : "ip4", place.table, place.chain);
}

ir::Ruleset parsed(const DrawnRuleset& drawn) {
  auto rules =
      app::parse_rules(Source("drawn", drawn.text()),
                       drawn.ip6 ? net::Family::kIpv6 : net::Family::kIpv4, app::Counts::kLeftOut);
  EXPECT_TRUE(rules.ok()) << (rules.ok() ? "" : rules.error().message);
  return rules.ok() ? *std::move(rules) : ir::Ruleset{};
}

struct Letter {
  Witness witness;
  std::string before, after;  // what is said to become of it
};

// How many bytes there are of the transport header, if it is cut off; none where only options of IP
// would make a packet as long as it must be.
std::optional<size_t> header_of(const set::Space& space, const set::Point& point) {
  const bool ports = set::shape_of(space, point) == set::Shape::kPortsOnly;
  const size_t ip_header = space.family() == net::Family::kIpv6 ? 40 : 20;
  for (size_t size = ports ? 4 : 0; size < (ports ? 8 : 4); ++size) {
    if (set::is_like(space, point, ir::kLength, ip_header + size)) return size;
  }
  return std::nullopt;
}

// What is said of many packets, of this one: which bits of a mark are written, a translation that
// may change nothing.
std::string said_of(const net::PacketText& packet, const std::string& words) {
  const std::string to = net::to_string(packet.fields.destination);
  if (words == fmt::format("dnat {0}-{0}", to)) return "accepted";
  const std::string start = "accepted, mark ";
  if (!words.starts_with(start)) return words;
  size_t read = 0;
  const unsigned long value = std::stoul(words.substr(start.size()), &read, 16);
  const size_t slash = start.size() + read;
  const unsigned long mask = slash < words.size() && words[slash] == '/'
                                 ? std::stoul(words.substr(slash + 1), nullptr, 16)
                                 : UINT32_MAX;
  const unsigned long mark = (packet.mark & ~mask) | value;
  return mark == packet.mark ? "accepted" : fmt::format("accepted, mark {:#x}", mark);
}

class DifferenceInTheKernel : public WitnessTest, public ::testing::WithParamInterface<Place> {
 protected:
  void SetUp() override {
    WitnessTest::SetUp();
    if (IsSkipped()) return;
    const std::string chain = GetParam().chain;
    start_for(chain == "FORWARD"  ? net::Direction::kForward
              : chain == "OUTPUT" ? net::Direction::kOutput
                                  : net::Direction::kInput);
  }

  // The witnesses that can be sent.
  std::vector<Letter> letters(const pass::Difference& found) {
    std::vector<Letter> sendable;
    for (const pass::ChangedPackets& change : found.changes) {
      EXPECT_EQ(change.chain, GetParam().chain);
      Witness witness{.packet = app::packet_of(*found.space, change.witness)};
      const bool whole = set::shape_of(*found.space, change.witness) == set::Shape::kWhole;
      if (!whole) witness.header = header_of(*found.space, change.witness);
      const bool refused =
          change.before.starts_with("rejected") || change.after.starts_with("rejected");
      auto why_not = whole || witness.header ? obstacle(witness, refused)
                                             : std::optional("cut off behind IP options");
      // There is nothing to translate, and IPv6 sends no answer (nf_reject_ip6_csum_ok).
      const size_t ip_header = witness.packet.family() == net::Family::kIpv6 ? 40 : 20;
      if ((refused || change.table == "nat") && witness.packet.bytes().size() <= ip_header)
        why_not = "nothing behind the IP header";
      // It holds the packet that it is about.
      if (witness.packet.state == net::PacketState::kRelated &&
          !found.space->segments(ir::kLength).empty())
        why_not = "related, and rules ask for its length";
      if (why_not) {
        ++left_out_[*why_not];
        continue;
      }
      const net::PacketText& packet = witness.packet;
      sendable.push_back({witness, said_of(packet, change.before), said_of(packet, change.after)});
      EXPECT_NE(sendable.back().before, sendable.back().after) << net::to_string(packet);
    }
    return sendable;
  }

  std::map<std::string, size_t> left_out_;  // witnesses, by the reason
};

TEST_P(DifferenceInTheKernel, WitnessesBehaveAsSaid) {
  const Place& place = GetParam();
  Random random("difference in the kernel " + name(place));
  RulesetDrawer drawer(random, {.ip6 = place.ip6,
                                .table = place.table,
                                .limits = false,
                                .shapes = false,
                                .chains = {place.chain}});
  const Xtables tables(*net_, XtablesPrograms::in(BULKHEAD_BIN_DIR, place.ip6));
  constexpr size_t kMostTries = 1'000;
  size_t changing = 0;
  size_t shown = 0;
  size_t packets = 0;
  for (size_t tries = 0; shown < place.mutations && tries < kMostTries; ++tries) {
    const DrawnRuleset before = drawer.draw();
    const DrawnRuleset after = drawer.mutated(before);
    const auto found = pass::difference(parsed(before), parsed(after), {});
    ASSERT_TRUE(found.ok());
    if (found->changes.empty()) continue;
    ++changing;
    const std::vector<Letter> sendable = letters(*found);
    if (sendable.empty()) continue;
    for (const bool second : {false, true}) {
      tables.must_restore((second ? after : before).text());
      for (const Letter& letter : sendable) {
        EXPECT_EQ(fate(letter.witness), second ? letter.after : letter.before)
            << net::to_string(letter.witness.packet) << "\n"
            << before.text() << after.text();
      }
      if (HasFailure()) return;
    }
    ++shown;
    packets += sendable.size();
  }
  fmt::print("{}: {} of {} changing mutations shown by {} packets\n", name(place), shown, changing,
             packets);
  for (const auto& [reason, count] : left_out_) fmt::print("  left out: {} x {}\n", count, reason);
  EXPECT_EQ(shown, place.mutations);
  // Leaving out is for those that no packet can show; seeds differ, 60 % and more are usual.
  EXPECT_GE(shown * 100, changing * 30);
}

INSTANTIATE_TEST_SUITE_P(Drawn, DifferenceInTheKernel, ::testing::ValuesIn(kPlaces),
                         [](const auto& it) { return name(it.param); });

}  // namespace
}  // namespace bulkhead::testing
