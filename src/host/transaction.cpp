// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/transaction.h"

#include <algorithm>
#include <random>
#include <thread>

namespace bulkhead::host {

namespace {

enum class Fate { kDone, kNotDone, kUnknown };

// What became of a batch whose answer was lost.
Fate fate_of(const backend::Snapshot& before, const backend::Snapshot& now,
             std::span<const backend::Desired> desired) {
  bool untouched = true;
  bool as_desired = true;
  for (const backend::Desired& family : desired) {
    const backend::Installed& was = before.of(family.family);
    const backend::Installed& is = now.of(family.family);
    untouched &= was.present == is.present && was.transaction == is.transaction;
    as_desired &= family.plan ? is.present && is.source == family.source : !is.present;
  }
  if (as_desired) return Fate::kDone;
  return untouched ? Fate::kNotDone : Fate::kUnknown;
}

Error busy(std::chrono::seconds wait) {
  return {.kind = ErrorKind::kBusy,
          .message = "another program kept changing the kernel's firewall for " +
                     std::to_string(wait.count()) + " seconds; nothing was changed",
          .hint = "try again, or wait longer with -w SECONDS"};
}

Error unclear() {
  return {.kind = ErrorKind::kUnclear,
          .message =
              "the kernel's answer was lost, and it can't be told whether the change is in force",
          .hint = "look at the rules before trying again: bulkhead show"};
}

// Those who lost to each other must not meet again: a random pause that grows.
void pause_before_attempt(unsigned attempt) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const unsigned most = std::min(200U << std::min(attempt, 6U), 10'000U);
  std::this_thread::sleep_for(std::chrono::microseconds(random() % most));
}

}  // namespace

Clock::time_point deadline_after(std::chrono::seconds wait) {
  constexpr std::chrono::hours kForEver{24 * 365 * 10};
  return wait > kForEver ? Clock::time_point::max() : Clock::now() + wait;
}

Result<void> transact(backend::Backend& backend, std::chrono::seconds wait,
                      const Compute& compute) {
  const auto deadline = deadline_after(wait);
  // Whoever holds the queue may have been stopped: half of the time is kept for trying without it.
  const auto now = Clock::now();
  const auto queue = Queue::enter(now + (deadline - now) / 2);

  for (unsigned attempt = 0;; ++attempt) {
    if (attempt > 0) pause_before_attempt(attempt);
    const auto look = backend.read();
    if (!look) return look.error();
    const auto desired = compute(*look);
    if (!desired) return desired.error();
    if (desired->empty()) return {};

    const auto committed = backend.commit(*look, *desired);
    if (committed) return {};
    if (committed.error().kind == ErrorKind::kUnclear) {
      const auto after = backend.read();
      const Fate fate = after ? fate_of(*look, *after, *desired) : Fate::kUnknown;
      if (fate == Fate::kDone) return {};
      if (fate == Fate::kUnknown) return unclear();
    } else if (committed.error().kind != ErrorKind::kStale) {
      return committed.error();
    }
    if (Clock::now() >= deadline) return busy(wait);
  }
}

}  // namespace bulkhead::host
