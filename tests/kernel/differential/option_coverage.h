// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/sim/reading.h"
#include "ir/ruleset.h"
#include "net/family.h"

namespace bulkhead::testing {

// How often each option of each match, and its negation, was met by a packet that satisfies it and
// by one that doesn't, each option asked by itself.
class OptionCoverage {
 public:
  explicit OptionCoverage(net::Family family) : family_(family) {}

  // What an ir::Opaque with these arguments alone answers; nothing: unknown.
  using Opaque = std::function<std::optional<bool>(std::string_view match,
                                                   std::span<const ir::Argument> arguments)>;
  // A packet was held against the rule.
  void asked(const ir::Rule& rule, const backend::sim::Reading& packet, const Opaque& opaque);
  // The rules of a ruleset are gone; call it before the next one.
  void forget_rules() { options_.clear(); }

  struct Count {
    uint64_t hits = 0;
    uint64_t misses = 0;
  };
  // "tcp ! --dport" -> counts, with a row of zeros for each option that was never drawn.
  std::map<std::string, Count> counts() const;
  // The same as a table for people.
  std::string table() const;

 private:
  struct One {
    std::string name;
    std::string match;
    std::vector<ir::Argument> argument;  // one
    ir::Predicate predicate;
  };

  const std::vector<One>& options_of(const ir::Rule& rule);

  net::Family family_;
  std::map<const ir::Rule*, std::vector<One>> options_;
  std::map<std::string, Count> counts_;
};

}  // namespace bulkhead::testing
