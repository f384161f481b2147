// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The rewrites between the rules as written and the rules as compiled. All go through one door,
// run(), which names them, times them, can leave one out, and verifies what each has made.

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "ir/ruleset.h"

namespace bulkhead::pass {

struct Options {
  unsigned max_depth = 0;      // how deep chains may nest below a built-in one; the back end knows
  size_t max_rules = 200'000;  // how many rules a rewrite may make before it gives up
  std::vector<std::string> off;  // passes to leave out, by name
};

// A rewrite keeps every packet's verdict and every rule's count (the sum over the rules that carry
// its id), or refuses with an error that names the chains.
struct Pass {
  std::string_view name;
  std::string_view reason;  // one sentence: why it is there
  Result<ir::Ruleset> (*rewrite)(ir::Ruleset, const Options&);
};

// In the order in which they run.
std::span<const Pass> passes();

struct Timing {
  std::string_view pass;
  std::chrono::nanoseconds time{};
};

// Needs a verified ruleset; gives one that is verified with shared ids. `timings`, if given, gets
// one entry for each pass that ran. An unknown name in options.off is an error (kUsage).
Result<ir::Ruleset> run(ir::Ruleset rules, const Options& options,
                        std::vector<Timing>* timings = nullptr);

}  // namespace bulkhead::pass
