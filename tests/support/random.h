// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string_view>

namespace bulkhead::testing {

// The seed of this run: BULKHEAD_SEED, or a fresh one. Printed once on stderr, so that a failure
// can be had again.
uint64_t run_seed();

// A generator of its own for each user, so that adding a test doesn't change what the others draw.
// The same seed and name give the same numbers with every library (no std distributions).
class Random {
 public:
  explicit Random(std::string_view name, uint64_t seed = run_seed());

  uint64_t seed() const { return seed_; }
  uint64_t bits() { return engine_(); }
  // 0 .. limit - 1; limit is above 0.
  uint64_t below(uint64_t limit) { return bits() % limit; }
  // first .. last
  uint64_t between(uint64_t first, uint64_t last) { return first + below(last - first + 1); }
  bool one_in(uint64_t times) { return below(times) == 0; }
  template <class Container> const auto& pick(const Container& container) {
    return *(std::begin(container) + static_cast<std::ptrdiff_t>(below(std::size(container))));
  }

 private:
  uint64_t seed_;
  std::mt19937_64 engine_;
};

// The folder `shared` beside the source tree (rulesets that are not part of it); empty if it isn't
// there.
std::filesystem::path tests_shared_dir();

}  // namespace bulkhead::testing
