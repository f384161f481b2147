// SPDX-License-Identifier: GPL-2.0-or-later
// Real dumps (../shared/corpus, not part of the tree) and what a verified analyser says of them:
// the same classes, pairs and spoofing protection.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/interfaces_file.h"
#include "app/rules_to_analyse.h"
#include "net/address.h"
#include "net/names.h"
#include "pass/analysis.h"
#include "pass/service_matrix.h"
#include "pass/spoofing.h"
#include "pass/unknown_conditions.h"
#include "set/cube.h"
#include "support/random.h"

namespace bulkhead::app {
namespace {

using Addresses = std::string;  // of a class, as words that are the same for equal sets

std::filesystem::path folder() {
  return bulkhead::testing::tests_shared_dir() / "corpus" / "rulesets" / "fffuu";
}

std::string read(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(folder() / name, std::ios::binary).rdbuf();
  return std::move(text).str();
}

struct Matrix {
  std::set<Addresses> classes;
  std::set<std::pair<Addresses, Addresses>> pairs;
  friend bool operator==(const Matrix&, const Matrix&) = default;
};

Addresses words_of(const ir::ValueSet& addresses) {
  std::string text;
  for (const auto& [first, last] : addresses.intervals()) {
    for (const U128 end : {first, last})
      text += net::to_string(net::Address{net::Family::kIpv4, end}) + " ";
  }
  return text;
}

// "{127.0.0.0 .. 127.255.255.255} u 10.0.0.1"
ir::ValueSet expected_addresses(std::string text) {
  for (char& c : text)
    if (c == '{' || c == '}' || c == 'u') c = ' ';
  std::istringstream words(text);
  std::vector<ir::Interval> intervals;
  bool to = false;
  for (std::string word; words >> word;) {
    if (word == "..") {
      to = true;
      continue;
    }
    const U128 value = net::parse_address(net::Family::kIpv4, word).value().value;
    if (to) {
      intervals.back().last = value;
    } else {
      intervals.push_back({value, value});
    }
    to = false;
  }
  return ir::ValueSet(std::move(intervals));
}

// What the analyser says: matrices by port, spoofing protection by interface.
struct Expected {
  std::map<unsigned, Matrix> matrices;
  std::map<std::string, bool> spoofing;
};

Expected expected(const std::string& file) {
  Expected all;
  std::istringstream lines(read(file));
  Matrix* matrix = nullptr;
  std::map<std::string, Addresses> names;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("(\"")) {
      const std::string name = line.substr(2, line.find('"', 2) - 2);
      all.spoofing[name] = line.find("True (certified)") != std::string::npos;
    } else if (const size_t arrow = line.find("->"); line.starts_with("====")) {
      matrix = &all.matrices[static_cast<unsigned>(std::stoul(line.substr(arrow + 2)))];
      names.clear();
    } else if (const size_t maps = line.find(" |-> "); maps != std::string::npos) {
      const Addresses words = words_of(expected_addresses(line.substr(maps + 5)));
      names[line.substr(0, maps)] = words;
      matrix->classes.insert(words);
    } else if (line.starts_with("(") && matrix != nullptr) {
      const size_t comma = line.find(',');
      matrix->pairs.emplace(names.at(line.substr(1, comma - 1)),
                            names.at(line.substr(comma + 1, line.find(')') - comma - 1)));
    }
  }
  return all;
}

struct Dump {
  std::string rules;
  std::string interfaces;  // the text of a file
  std::vector<std::string> unknown{};
};

class Analysed {
 public:
  explicit Analysed(const Dump& dump) {
    auto found = rules_to_analyse((folder() / dump.rules).string());
    if (!found) throw std::runtime_error(found.error().error.message);
    rules_ = std::move(found->rulesets.at(0));
    interfaces_ = parse_interfaces(Source("interfaces", dump.interfaces), rules_.family).value();
    pass::UnknownConditions unknown;
    for (const std::string& name : dump.unknown) {
      unknown.matches.insert(name);
      unknown.protocols.insert(net::builtin_protocol(name).value());
    }
    pass::take_as_unknown(unknown, rules_);
  }

  Matrix matrix(const std::string& chain, uint16_t port) const {
    const pass::Service service{.protocol = 6, .port = port, .source_port = 10000};
    const ir::Table& filter = *rules_.find("filter");
    const ir::Ruleset known =
        pass::abstracted(filter, *filter.find(chain), interfaces_, rules_.family);
    Matrix matrix;
    analyse(known, asked_of(service), "filter",
            [&](set::Model& model, pass::ChainFunctions& functions) {
              const auto answer =
                  pass::service_matrix(model, functions, *functions.table().find(chain), service);
              if (!answer) throw std::runtime_error(answer.error().message);
              matrix = {};
              for (const ir::ValueSet& each : answer->classes)
                matrix.classes.insert(words_of(each));
              for (const auto& [from, to] : answer->pairs) {
                matrix.pairs.emplace(words_of(answer->classes[from]),
                                     words_of(answer->classes[to]));
              }
            });
    return matrix;
  }

  std::map<std::string, bool> spoofing(const std::string& table, const std::string& chain) const {
    std::map<std::string, bool> all;
    analyse(rules_, asked_of(interfaces_, rules_.family), table,
            [&](set::Model& model, pass::ChainFunctions& functions) {
              const auto kept_out = pass::spoofing_protection(
                  model, functions, *functions.table().find(chain), interfaces_);
              for (size_t i = 0; i < interfaces_.size(); ++i)
                all[interfaces_[i].name] = kept_out[i];
            });
    return all;
  }

 private:
  template <class Work>
  static void analyse(const ir::Ruleset& rules, std::vector<ir::Constraint> more,
                      const std::string& table, const Work& work) {
    const auto done =
        pass::analyse({&rules}, {.limits = {}, .more = std::move(more)}, [&](set::Model& model) {
          pass::ChainFunctions functions(model, *rules.find(table));
          work(model, functions);
        });
    if (!done) throw std::runtime_error(done.error().message);
  }

  ir::Ruleset rules_;
  pass::Interfaces interfaces_;
};

class ServiceMatrixCorpus : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder())) GTEST_SKIP() << "there is no ../shared/corpus";
  }
};

// What that analyser takes for granted where it is given no file.
const std::string kOnlyLo = "lo = [127.0.0.0/8]";

TEST_F(ServiceMatrixCorpus, TheUniversityNetwork) {
  const Expected theirs = expected("tum-2015-05-15.expected-ssh");
  const Analysed ours({"tum-2015-05-15.v4", read("tum.interfaces"), {"sctp"}});
  const Matrix ssh = ours.matrix("FORWARD", 22);
  EXPECT_EQ(ssh.classes.size(), 9U);
  EXPECT_EQ(ssh.pairs.size(), 47U);
  EXPECT_EQ(ssh, theirs.matrices.at(22));
  EXPECT_EQ(ours.spoofing("filter", "FORWARD"), theirs.spoofing);
}

TEST_F(ServiceMatrixCorpus, TheUniversityNetworkWithSctpUnderstood) {
  const Analysed ours({"tum-2015-05-15.v4", read("tum.interfaces")});
  const Matrix ssh = ours.matrix("FORWARD", 22);
  EXPECT_EQ(ssh.classes.size(), 11U);
  EXPECT_EQ(ssh.pairs.size(), 72U);
}

TEST_F(ServiceMatrixCorpus, TheShorewallHost) {
  const Expected theirs = expected("sqrl-2015-08.expected");
  const Analysed ours({"sqrl-2015-08.v4", read("sqrl.interfaces")});
  ASSERT_EQ(theirs.matrices.size(), 2U);
  for (const auto& [port, matrix] : theirs.matrices)
    EXPECT_EQ(ours.matrix("FORWARD", static_cast<uint16_t>(port)), matrix) << port;
  EXPECT_EQ(ours.spoofing("raw", "PREROUTING"), theirs.spoofing);
}

TEST_F(ServiceMatrixCorpus, TheNas) {
  const Expected theirs = expected("synology-2015-06.expected");
  const Analysed ours({"synology-2015-06.v4", kOnlyLo});
  ASSERT_EQ(theirs.matrices.size(), 3U);
  for (const auto& [port, matrix] : theirs.matrices)
    EXPECT_EQ(ours.matrix("INPUT", static_cast<uint16_t>(port)), matrix) << port;
  EXPECT_EQ(ours.spoofing("filter", "INPUT"), theirs.spoofing);
}

TEST_F(ServiceMatrixCorpus, TheParserTest) {
  const Expected theirs = expected("parser-test.expected");
  const Analysed ours({"parser-test.v4", kOnlyLo});
  ASSERT_EQ(theirs.matrices.size(), 2U);
  for (const auto& [port, matrix] : theirs.matrices)
    EXPECT_EQ(ours.matrix("FORWARD", static_cast<uint16_t>(port)), matrix) << port;
  EXPECT_EQ(ours.spoofing("filter", "FORWARD"), theirs.spoofing);
}

}  // namespace
}  // namespace bulkhead::app
