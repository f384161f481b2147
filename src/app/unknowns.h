// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// A packet's fate for every way in which what can't be known here may fall. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/explanation.h"

namespace bulkhead::app {

class Unknowns {
 public:
  // Needs `rules`, `packet` and `translation` to live as long as it does.
  Unknowns(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
           const Translation& translation);

  // A bit for each rule that asks, in the order in which they were found; it says that the rule is
  // answered otherwise than explain() does (a limit has room, nothing else matches).
  using Answers = uint64_t;
  // All of them for few rules, else some, and always all turned. The first turns none.
  const std::vector<Answers>& all() const { return all_; }
  bool passes(Answers answers);

  // Of these, the rules that ask how often or how many (limit, recent, quota ...) and do more than
  // watch.
  Answers limits_of(Answers answers) const;
  // Whether the packet passes with these answers only thanks to limits, or is stopped only by them.
  bool hangs_on_limits(Answers answers);
  // How many limits it meets.
  size_t limits() const;
  // "rule 2 of INPUT"
  std::vector<std::string> names(Answers answers) const;

 private:
  struct Asker {
    const ir::Rule* rule;
    bool limit = false;
  };
  bool evaluate(Answers answers);

  const ir::Ruleset& rules_;
  const net::PacketText& packet_;
  const Way way_;
  const Translation& translation_;
  std::vector<Asker> askers_;
  std::vector<Answers> all_;
  std::map<Answers, bool> fates_;
};

}  // namespace bulkhead::app
