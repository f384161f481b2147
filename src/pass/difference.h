// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Whether two rulesets do the same, and of which packets they don't.
//
// Compared is, built-in chain by built-in chain, what becomes of a packet that comes to it: the
// verdict (a REJECT with its kind), the translation, and what is written to it, to its connection
// or elsewhere (marks, fields, sets). Logging and counting is no behaviour; how chains are called
// and cut is none either. Of a packet that is dropped or rejected only what outlives it counts: its
// connection's mark, an element of a set.

#include <optional>
#include <string>
#include <vector>

#include "pass/analysis.h"
#include "set/witness.h"

namespace bulkhead::pass {

// Packets that one ruleset treats otherwise than the other, all in the same way.
struct ChangedPackets {
  std::string table;
  std::string chain;  // a built-in one
  ir::Hook hook = ir::Hook::kInput;
  std::string packets;  // in words: "tcp to port 22 from 10.0.0.0/8, new"
  bool exact = true;    // false: only some of them; their exact words would be too many
  set::Point witness;   // one of them
  std::string before;   // "accepted", "rejected (tcp-reset)", "accepted, mark 0x1"
  std::string after;
  bool passed_before = false;  // may have
  bool passes_after = false;
};

// Packets of which it can't be known: a rule asks for what a target before it has written, and that
// depends on more than the packet.
struct UnknownPackets {
  std::string table;
  std::string chain;
  std::string packets;
};

struct Difference {
  std::vector<ChangedPackets> changes;  // what opens first, then what closes, then the rest
  std::vector<UnknownPackets> unknown;
  std::optional<set::Space> space;  // of the witnesses, if there are changes
};

struct DifferenceOptions {
  AnalysisLimits limits;
  size_t most = 3;  // exact descriptions of packets that change in the same way, else one
};

// Needs verified rulesets of one family. A table that only one of them has is an empty one in the
// other. The error is that of analyse().
Result<Difference> difference(const ir::Ruleset& before, const ir::Ruleset& after,
                              const DifferenceOptions& options);

}  // namespace bulkhead::pass
