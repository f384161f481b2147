// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/sim/simulator.h"
#include "set/space.h"
#include "support/packet_builder.h"

// All packets that rulesets of a RulesetDrawer may tell apart, for the simulator. Which values are
// tried follows from the rules' own values, asked one by one; the packet-set algebra has no part in
// it.
namespace bulkhead::testing {

namespace sim = backend::sim;

class DrawnPackets {
 public:
  // `same_rules`: rules of one ruleset that are those of another.
  DrawnPackets(ir::Hook hook, std::vector<const ir::Ruleset*> rulesets,
               const set::SameRules& same_rules = {});

  size_t size() const { return size_; }
  // The number-th packet, and how it answers what has a memory (the same rule in each ruleset
  // gets the same answer). Below size().
  struct Drawn {
    sim::Packet packet;
    std::map<std::string, bool> answers;
  };
  Drawn at(size_t number) const;

  // The simulator with these answers.
  sim::Outcome evaluate(const ir::Ruleset& rules, std::string_view table, const Drawn& drawn) const;
  const std::string* question(const ir::Condition& condition) const;

 private:
  void ask_questions(const ir::Ruleset& rules, const set::SameRules& same);
  void add_transports();
  template <class Value, class Read>
  std::vector<Value> told_apart(std::vector<Value> candidates, Read read,
                                std::initializer_list<ir::Location> places) const;

  net::Family family_;
  ir::Hook hook_;
  std::vector<const ir::Constraint*> constraints_;
  bool asks_tcp_option_ = false;
  std::map<const ir::Rule*, size_t> numbers_;
  std::map<const ir::Condition*, std::string> question_of_;
  std::vector<std::string> questions_;
  std::vector<Bytes> sources_, destinations_;
  std::vector<std::string> interfaces_;
  std::vector<ir::CtState> states_;
  std::vector<uint32_t> marks_;
  std::vector<Bytes> transports_;  // whole IP packets whose addresses are put in
  size_t size_ = 0;
};

// What anybody can see of an outcome: the verdict with its kind, the translation, and of a packet
// that passes its mark and its bytes.
std::string observed(const sim::Outcome& outcome);

}  // namespace bulkhead::testing
