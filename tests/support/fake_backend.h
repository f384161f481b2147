// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backend/backend.h"

namespace bulkhead::testing {

// A kernel in memory: one table a family, a generation, counters that live as long as their ids do.
// What goes wrong is scripted.
class FakeBackend final : public backend::Backend {
 public:
  enum class Fault {
    kStale,        // another program was quicker
    kLostDone,     // committed, but the answer is lost
    kLostNotDone,  // not committed, and the answer is lost
    kRefused,      // the kernel says no
  };

  std::deque<Fault> faults;                  // what becomes of the next commits; then all goes well
  std::function<void(FakeBackend&)> meddle;  // runs before each commit: another program's turn
  unsigned commits = 0;                      // those that changed something
  unsigned reads = 0;
  backend::Snapshot state;
  std::vector<classify::Plan> plans;  // of the last commit
  std::vector<backend::ForeignChain> foreign_chains;

  backend::Installed& installed(net::Family family) {
    return family == net::Family::kIpv4 ? state.v4 : state.v6;
  }
  void hit(net::Family family, ir::RuleId id, ir::Counters by) {
    auto& counters = installed(family).counters[id];
    counters = counters + by;
  }

  Result<backend::Snapshot> read(bool /*counters*/ = true) override {
    ++reads;
    return state;
  }

  Result<std::string> commit(const backend::Snapshot& base,
                             std::span<const backend::Desired> desired) override {
    if (meddle) meddle(*this);
    std::optional<Fault> fault;
    if (!faults.empty()) {
      fault = faults.front();
      faults.pop_front();
    }
    if (fault == Fault::kRefused) {
      return Error{.kind = ErrorKind::kSystem, .message = "the kernel refuses the rules"};
    }
    if (fault == Fault::kStale || base.generation != state.generation) {
      return Error{.kind = ErrorKind::kStale, .message = "stale"};
    }
    if (fault != Fault::kLostNotDone) install(desired);
    if (fault) return Error{.kind = ErrorKind::kUnclear, .message = "no answer"};
    return std::to_string(commits);
  }

  Result<void> rehearse(const backend::Snapshot&, std::span<const backend::Desired>) override {
    return {};
  }

  Result<std::vector<backend::ForeignChain>> foreign() override { return foreign_chains; }
  unsigned max_depth() const override { return 13; }

 private:
  void install(std::span<const backend::Desired> desired) {
    ++commits;
    ++state.generation;
    plans.clear();
    for (const backend::Desired& family : desired) {
      backend::Installed& now = installed(family.family);
      if (!family.plan) {
        now = {};
        continue;
      }
      std::unordered_set<ir::RuleId> ids;
      for (const auto& entry : family.plan->entries) ids.insert(entry.policy_id);
      for (const auto& chain : family.plan->chains) {
        for (const auto& step : chain.steps) ids.insert(step.id);
      }
      std::erase_if(now.counters, [&](const auto& entry) { return !ids.contains(entry.first); });
      for (const auto& [id, count] : std::exchange(now.retired, {})) {
        if (now.counters.contains(id)) now.counters[id] = now.counters[id] - count;
      }
      for (const ir::RuleId id : ids) now.counters.try_emplace(id);
      now.present = true;
      now.damage.clear();
      now.source = family.source;
      now.transaction = std::to_string(commits);
      plans.push_back(*family.plan);
    }
  }
};

}  // namespace bulkhead::testing
