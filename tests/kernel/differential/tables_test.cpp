// SPDX-License-Identifier: GPL-2.0-or-later
// Five tables at once: random rules that mark, rewrite and translate packets, and rules behind them
// that ask for what has changed. Our kernel table and iptables-legacy's count the same, and let the
// same bytes out. What differs is shrunk to a small case and printed.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "kernel/differential/departures.h"
#include "kernel/differential/firewalls.h"
#include "kernel/differential/letters.h"
#include "kernel/differential/shrinking.h"
#include "kernel/differential/table_rules.h"
#include "support/long_run.h"
#include "support/rejection.h"

namespace bulkhead::testing {
namespace {

struct Case {
  bool ip6 = false;
  TableRules rules;
  std::vector<Letter> letters;
};

// So many packets have met each target, and satisfied each condition.
constexpr uint64_t kOftenEnough = 50;
// And so many have had each fate.
constexpr uint64_t kSometimes = 20;

// What became of the packets, in kinds.
class Met {
 public:
  void count(const Step& step, const Outcome& outcome) {
    ++counts_[text(outcome.verdict)];
    for (const Emitted& each : outcome.emitted) {
      if (!same_packet(step.packet, each.packet)) continue;
      const bool ip6 = step.packet[0] >> 4 == 6;
      const auto same = [&](size_t from, size_t to) {
        return std::equal(step.packet.begin() + static_cast<std::ptrdiff_t>(from),
                          step.packet.begin() + static_cast<std::ptrdiff_t>(to),
                          each.packet.begin() + static_cast<std::ptrdiff_t>(from));
      };
      if (!same(ip6 ? 8 : 12, ip6 ? 24 : 16)) ++counts_["left with another source"];
      if (!same(ip6 ? 24 : 16, ip6 ? 40 : 20)) ++counts_["left with another destination"];
      if (!same(0, 2)) ++counts_["left with another type of service"];
      if (!same(ip6 ? 4 : 2, ip6 ? 6 : 4)) ++counts_["left longer"];
      if (step.interface.empty() && each.interface == "eth1") ++counts_["left by eth1"];
    }
    if (outcome.output && outcome.input) ++counts_["sent to this host"];
  }
  void count_answer() { ++counts_["answered"]; }

  const std::map<std::string, uint64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, uint64_t> counts_ = {
      {"accepted", 0},
      {"dropped", 0},
      {"rejected", 0},
      {"left with another source", 0},
      {"left with another destination", 0},
      {"left with another type of service", 0},
      {"left longer", 0},
      {"left by eth1", 0},
      {"sent to this host", 0},
      {"answered", 0},
  };
};

class TablesTest : public TwoKernels {
 protected:
  void SetUp() override {
    TwoKernels::SetUp();
    if (!ours_) return;
    for (size_t i = 0; i < 2; ++i) {
      NetNamespace& net = (i == 0 ? ours_ : legacy_)->net();
      for (const char* family : {"-4", "-6"}) {
        // What the host sends with mark 0x40 leaves by eth1.
        net.must_exec({"ip", family, "-batch", "-"},
                      {.input = "rule add fwmark 0x40/0x40 lookup 100\n"
                                "route add default dev eth1 table 100\n"});
      }
      watches_[i] = std::make_unique<MarkWatch>(net);
    }
  }

  Deeds deeds(const Case& it, bool ours) {
    MarkWatch& watch = *watches_[ours ? 0 : 1];
    return (ours ? ours_ : legacy_)->run(it.ip6, it.rules.text(), [&](PacketRig& rig) {
      watch.seen();
      Deliveries deliveries;
      std::vector<std::string> fates;
      for (const Letter& letter : it.letters) {
        const std::optional<Step> step = deliveries.step_of(letter);
        if (!step) {
          fates.push_back("nothing to answer");
          continue;
        }
        const Outcome outcome = rig.run({&*step, 1})[0];
        deliveries.add(letter, *step, outcome);
        fates.push_back(departure(*step, outcome) + watch.seen());
        if (ours) continue;
        met_.count(*step, outcome);
        if (letter.kind != Letter::Kind::kPacket) met_.count_answer();
      }
      return fates;
    });
  }

  // The first difference, in words.
  std::optional<std::string> difference(const Case& it) {
    const Deeds legacy = deeds(it, false);
    if (!legacy.error.empty()) return "iptables-legacy refuses it: " + legacy.error;
    const Deeds ours = deeds(it, true);
    if (!ours.error.empty()) return "ours refuses it: " + ours.error;
    for (const RuleCounter& counter : legacy.counters) {
      for (const TableWord& word : table_words()) {
        if (counter.rule.find(word.shown) != std::string::npos)
          words_[word.name] += counter.packets;
      }
    }
    std::vector<std::string> packets;
    for (const Letter& letter : it.letters) packets.push_back(letter.what);
    return compare_kernels(packets, ours, legacy);
  }

  std::string report(const Case& it, uint64_t seed) {
    std::string out =
        fmt::format("{}\n\nBULKHEAD_SEED={}, {}:\n{}packets:\n",
                    difference(it).value_or("(it went away when it was tried once more)"), seed,
                    it.ip6 ? "IPv6" : "IPv4", it.rules.text());
    for (const Letter& letter : it.letters) {
      out += fmt::format("  {}. {}\n", letter.number, letter.what);
      if (!letter.packet.empty()) out += fmt::format("    {:02x}\n", fmt::join(letter.packet, ""));
    }
    return out;
  }

  void expect_coverage(bool ip6, const std::string& what) {
    std::string table;
    for (const TableWord& word : table_words()) {
      if (!(ip6 ? word.ip6 : word.ip4)) continue;
      table += fmt::format("{:<36} {:>9}\n", word.name, words_[word.name]);
      EXPECT_GE(words_[word.name], kOftenEnough) << word.name << " met hardly any packet";
    }
    for (const auto& [name, count] : met_.counts()) {
      table += fmt::format("{:<36} {:>9}\n", name, count);
      EXPECT_GE(count, kSometimes) << "hardly any packet: " << name;
    }
    fmt::print("{}\n{}", what, table);
    EXPECT_EQ(ours_->strays() + legacy_->strays(), 0u) << "packets that nobody sent";
  }

  void run(bool ip6, size_t rulesets, size_t packets) {
    Random random(ip6 ? "tables 6" : "tables 4");
    for (size_t i = 0; i < rulesets; ++i) {
      const Case it{.ip6 = ip6,
                    .rules = draw_tables(random, ip6),
                    .letters = draw_letters(random, ip6, packets)};
      const auto found = difference(it);
      if (!found) continue;
      const Case small = shrunk(
          it, [&](const Case& smaller) { return difference(smaller).has_value(); },
          [](Case & of) -> auto& { return of.letters; },
          [](Case & of) -> auto& { return of.rules.rules; });
      const std::string told = report(small, random.seed());
      FAIL() << *found << "\n\nshrunk: " << told << "\nkept in "
             << keep_report("tables", told, ip6, random.seed());
    }
    expect_coverage(ip6, fmt::format("{} rulesets of {} packets each", rulesets, packets));
  }

  std::unique_ptr<MarkWatch> watches_[2];
  Met met_;
  std::map<std::string, uint64_t> words_;  // by TableWord::name: packets
};

TEST_F(TablesTest, Ipv4) { run(false, long_run() ? 2500 : 300, 50); }

TEST_F(TablesTest, Ipv6) { run(true, long_run() ? 2500 : 300, 50); }

}  // namespace
}  // namespace bulkhead::testing
