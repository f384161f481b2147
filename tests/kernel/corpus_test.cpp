// SPDX-License-Identifier: GPL-2.0-or-later
// Real rulesets (../shared/corpus, not part of the tree) through ours and iptables-legacy: the same
// refusal or the same text saved, and the same fate and the same counts for packets that are made
// of the words of the rules.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "support/oracle.h"
#include "support/rig.h"
#include "support/rule_vocabulary.h"

namespace bulkhead::testing {
namespace {

constexpr size_t kPackets = 1000;

struct RuleFile {
  std::filesystem::path path;

  std::string name() const {
    std::string name = path.filename().string();
    std::ranges::replace_if(
        name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
  }
};
void PrintTo(const RuleFile& file, std::ostream* stream) { *stream << file.name(); }

std::vector<RuleFile> rulesets() {
  std::vector<RuleFile> files;
  const std::filesystem::path folder = tests_shared_dir() / "corpus" / "rulesets";
  std::error_code missing;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, missing)) {
    if (entry.path().extension() == ".v4" || entry.path().extension() == ".v6")
      files.push_back({entry.path()});
  }
  std::ranges::sort(files, {}, &RuleFile::path);
  return files;
}

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(text).str();
}

// What is saved, by table: iptables-legacy's order is that in which the kernel has got the tables.
// Without the lines that say when; the counters are compared for themselves.
std::map<std::string, std::string> tables_of(const std::string& saved) {
  std::map<std::string, std::string> tables;
  std::string* table = nullptr;
  std::istringstream lines(saved);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    if (line.starts_with("*")) table = &tables[line];
    if (table != nullptr) *table += line + "\n";
  }
  return tables;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// One firewall with the file's rules, and the packets' way through it.
struct Deeds {
  ExecResult loaded;
  std::map<std::string, std::string> saved;
  std::vector<std::string> fates;
  std::vector<RuleCounter> counters;
};

Deeds deeds_of(const XtablesPrograms& programs, const std::string& rules,
               const RuleVocabulary& words, bool ip6, const std::vector<Step>& steps) {
  NetNamespace net;
  PacketRig rig(net, rig_for(words, ip6));
  if (const std::string routes = routes_for(words, ip6); !routes.empty())
    net.must_exec({"ip", "-force", "-batch", "-"}, {.input = routes});
  const Xtables tables(net, programs);
  Deeds deeds;
  deeds.loaded = tables.restore(rules);
  if (!deeds.loaded.ok()) return deeds;
  deeds.saved = tables_of(net.must_exec({programs.save}));
  rig.flush_conntrack();
  for (const Outcome& outcome : rig.run(steps))
    deeds.fates.push_back(outcome.arrived ? text(outcome) : "lost");
  deeds.counters = tables.counters();
  std::ranges::stable_sort(deeds.counters, {}, &RuleCounter::table);
  return deeds;
}

std::string word_behind(const std::string& rule, const std::string& option) {
  const size_t at = rule.find(" " + option + " ");
  if (at == std::string::npos) return "";
  const size_t begin = at + option.size() + 2;
  return rule.substr(begin, rule.find(' ', begin) - begin);
}

// Whose counts are the same only on average: chains that a throw of dice leads to, and what stands
// behind the throw in its own.
std::vector<bool> left_to_chance(const std::vector<RuleCounter>& counters) {
  std::set<std::pair<std::string, std::string>> whole;  // table and chain
  std::vector<bool> chance(counters.size());
  for (bool more = true; more;) {
    more = false;
    std::set<std::pair<std::string, std::string>> open;  // from the rule on that is looked at
    for (size_t i = 0; i < counters.size(); ++i) {
      const auto& [table, chain, rule, packets, bytes] = counters[i];
      const bool thrown = rule.find("--mode random") != std::string::npos;
      if (!thrown && !open.contains({table, chain}) && !whole.contains({table, chain})) continue;
      chance[i] = true;
      open.insert({table, chain});
      const std::string to = word_behind(rule, "-j") + word_behind(rule, "-g");
      more |= whole.insert({table, to}).second;
    }
  }
  return chance;
}

// Ours hooks no table that can't decide anything (docs/differences.md), so its policies count none.
std::set<std::string> tables_that_decide(const std::vector<RuleCounter>& counters) {
  std::set<std::string> tables;
  for (const RuleCounter& counter : counters) {
    if (!counter.rule.starts_with("-P") || counter.rule.ends_with(" DROP") ||
        counter.table == "filter" || counter.table == "nat") {
      tables.insert(counter.table);
    }
  }
  return tables;
}

// A target that nf_tables can't have (docs/differences.md): the only way in which ours may refuse
// what iptables-legacy takes.
bool is_impossible(const ExecResult& loaded) {
  return loaded.err.find("and the kernel's own") != std::string::npos &&
         loaded.err.find("only in a table named") != std::string::npos;
}

class Corpus : public ::testing::TestWithParam<RuleFile> {};

TEST_P(Corpus, DoesTheSameAsIptablesLegacy) {
  if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
  const bool ip6 = GetParam().path.extension() == ".v6";
  const std::string rules = read(GetParam().path);
  const RuleVocabulary words = vocabulary_of(rules);
  Random random("corpus " + GetParam().name());
  const std::vector<Step> steps = packets_for(words, ip6, kPackets, random);

  const Deeds legacy = deeds_of(XtablesPrograms::legacy(ip6), rules, words, ip6, steps);
  const Deeds ours = deeds_of(XtablesPrograms::in(BULKHEAD_BIN_DIR, ip6), rules, words, ip6, steps);
  if (legacy.loaded.ok() && is_impossible(ours.loaded)) {
    fmt::print("refused, as documented: {}\n", ours.loaded.err);
    return;
  }
  ASSERT_EQ(ours.loaded.exit_code, legacy.loaded.exit_code)
      << ours.loaded.describe() << "\nlegacy: " << legacy.loaded.describe();
  if (!legacy.loaded.ok()) {
    fmt::print("refused by both: {}\n", first_line(legacy.loaded.err));
    return;
  }
  for (const auto& [table, text] : legacy.saved) {
    const auto own = ours.saved.find(table);
    ASSERT_NE(own, ours.saved.end()) << table;
    EXPECT_EQ(own->second, text);
  }
  std::map<std::string, size_t> met;
  for (size_t i = 0; i < steps.size(); ++i) {
    ++met[legacy.fates[i]];
    ASSERT_EQ(ours.fates[i], legacy.fates[i])
        << "packet " << i << " on " << steps[i].interface << " "
        << fmt::format("{:02x}", fmt::join(steps[i].packet, ""));
  }
  ASSERT_EQ(ours.counters.size(), legacy.counters.size());
  const std::vector<bool> chance = left_to_chance(legacy.counters);
  const bool thrown = std::ranges::find(chance, true) != chance.end();
  const std::set<std::string> deciding = tables_that_decide(legacy.counters);
  size_t counted = 0;
  uint64_t our_translations = 0, legacy_translations = 0;
  for (size_t i = 0; i < ours.counters.size(); ++i) {
    const RuleCounter &own = ours.counters[i], &other = legacy.counters[i];
    counted += other.packets > 0 ? 1 : 0;
    if (word_behind(own.rule, "-j") == "DNAT") {
      our_translations += own.packets;
      legacy_translations += other.packets;
    }
    if (chance[i] || !deciding.contains(own.table)) continue;
    // Where a packet was sent to by chance decides what the tables behind nat see of it.
    const bool behind_chance = thrown && own.table != "nat";
    if (behind_chance) continue;
    EXPECT_EQ(text(own), text(other));
  }
  EXPECT_EQ(our_translations, legacy_translations);
  fmt::print("{} of {} rules and policies met; {}\n", counted, legacy.counters.size(), met);
}

std::string name_of(const ::testing::TestParamInfo<RuleFile>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(Files, Corpus, ::testing::ValuesIn(rulesets()), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Corpus);

TEST(CorpusIsThere, OrTheTestsOfItAreLeftOut) {
  if (rulesets().empty()) GTEST_SKIP() << "there is no ../shared/corpus";
  EXPECT_GE(rulesets().size(), 20u);
}

}  // namespace
}  // namespace bulkhead::testing
