// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/random.h"

// Small random rulesets as text that can be changed rule by rule: chains, jumps, gotos, returns,
// and matches over a vocabulary that is small enough for all of its packets to be tried.
namespace bulkhead::testing {

struct DrawnRule {
  std::string source, destination, in, out, protocol, fragment;  // "-s 10.0.0.0/30", or empty
  std::vector<std::string> matches;                              // "-m tcp --dport 22"
  std::string target;                                            // "-j ACCEPT", "-g c1", or empty

  std::string text() const;  // without -A CHAIN
  bool ends() const;         // it decides, and asks nobody else
};

struct DrawnChain {
  std::string name;
  std::string policy;  // of a built-in one
  std::vector<DrawnRule> rules;
};

struct DrawnRuleset {
  bool ip6 = false;
  std::string table = "filter";
  std::vector<DrawnChain> chains;  // the table's built-in ones that are used, then the users'

  std::string text() const;  // a restore file
};

struct DrawerOptions {
  bool ip6 = false;
  std::string table = "filter";  // filter, mangle or nat
  bool limits = true;
  bool shapes = true;  // fragments; and TCP's options
  // Built-in chains that have rules. None given: INPUT and FORWARD, of nat PREROUTING.
  std::vector<std::string> chains = {};
};

class RulesetDrawer {
 public:
  RulesetDrawer(Random& random, DrawerOptions options)
      : random_(random), options_(std::move(options)) {}

  DrawnRuleset draw();
  DrawnRule rule(const DrawnRuleset& rules, size_t chain);
  // Changes one thing of the rules; what they do may change.
  DrawnRuleset mutated(DrawnRuleset rules);
  // Another way to say it, meant to do the same (headers that are cut off may tell them apart).
  DrawnRuleset rewritten(DrawnRuleset rules);

 private:
  void add_conditions(DrawnRule& rule);
  void add_interfaces(DrawnRule& rule);
  void add_protocol(DrawnRule& rule);
  std::string target(const DrawnRuleset& rules, size_t chain);
  std::string maybe_not(const std::string& option, const std::string& value);
  std::string pick(std::initializer_list<const char*> words);
  std::string network();
  std::string ports();

  bool swap_neighbours(DrawnRuleset& rules);
  bool split_prefix(DrawnRuleset& rules);
  bool inline_chain(DrawnRuleset& rules);
  bool outline_rules(DrawnRuleset& rules);
  bool insert_dead_rule(DrawnRuleset& rules);
  bool insert_idle_rule(DrawnRuleset& rules);
  bool rename_chain(DrawnRuleset& rules);
  bool say_policy(DrawnRuleset& rules);
  bool merge_neighbours(DrawnRuleset& rules);

  DrawnChain& some_chain(DrawnRuleset& rules);

  Random& random_;
  DrawerOptions options_;
  unsigned fresh_ = 0;  // of chains made by rewrites
};

}  // namespace bulkhead::testing
