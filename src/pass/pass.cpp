// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/pass.h"

#include <algorithm>

#include <fmt/format.h>

#include "ir/verify.h"
#include "pass/inline_deep_chains.h"

namespace bulkhead::pass {

namespace {

constexpr Pass kPasses[] = {
    {"inline-deep-chains", "the kernel nests only so many chains", inline_deep_chains},
};

}  // namespace

std::span<const Pass> passes() { return kPasses; }

Result<ir::Ruleset> run(ir::Ruleset rules, const Options& options, std::vector<Timing>* timings) {
  for (const std::string& name : options.off) {
    if (std::ranges::count(kPasses, name, &Pass::name) == 0) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("there is no pass \"{}\"", name)};
    }
  }
  for (const Pass& pass : kPasses) {
    if (std::ranges::count(options.off, pass.name) != 0) continue;
    const auto start = std::chrono::steady_clock::now();
    auto rewritten = pass.rewrite(std::move(rules), options);
    if (!rewritten) return rewritten.error();
    if (timings) timings->push_back({pass.name, std::chrono::steady_clock::now() - start});
    rules = *std::move(rewritten);
    if (auto sound = ir::verify(rules, ir::Ids::kShared); !sound) {
      Error error = sound.error();
      error.message = fmt::format("pass {} made an unsound ruleset (a bug of ours): {}", pass.name,
                                  error.message);
      return error;
    }
  }
  return rules;
}

}  // namespace bulkhead::pass
