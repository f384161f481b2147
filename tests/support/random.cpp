// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/random.h"

#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace bulkhead::testing {

uint64_t run_seed() {
  static const uint64_t kSeed = [] {
    const char* text = std::getenv("BULKHEAD_SEED");
    std::random_device device;
    // 32 bits: a seed that a person can type again.
    const uint64_t value = text && *text ? std::strtoull(text, nullptr, 0) : device();
    fmt::print(stderr, "BULKHEAD_SEED={}\n", value);
    return value;
  }();
  return kSeed;
}

Random::Random(std::string_view name, uint64_t seed) : seed_(seed) {
  uint64_t mixed =
      14695981039346656037u ^ seed;  // FNV-1a, which unlike std::hash is the same everywhere
  for (const char c : name) mixed = (mixed ^ static_cast<unsigned char>(c)) * 1099511628211u;
  engine_.seed(mixed);
}

std::filesystem::path tests_shared_dir() {
#ifdef BULKHEAD_SOURCE_DIR
  const std::filesystem::path source = BULKHEAD_SOURCE_DIR;
#else
  const std::filesystem::path source =
      std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();
#endif
  std::error_code ignored;
  const std::filesystem::path shared = source.parent_path() / "shared";
  return std::filesystem::is_directory(shared, ignored) ? shared : std::filesystem::path();
}

}  // namespace bulkhead::testing
