// SPDX-License-Identifier: GPL-2.0-or-later
// What the fuzzers begin with, and every input that once broke something, without a fuzzer.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fuzz/fuzz.h"

// As the fuzzers have it: no input may make us ask for that much memory in one piece.
extern "C" const char* __asan_default_options() { return "max_allocation_size_mb=256"; }

namespace bulkhead::fuzz {
namespace {

namespace fs = std::filesystem;

struct Input {
  const Target* target = nullptr;
  fs::path file;
};
void PrintTo(const Input& input, std::ostream* stream) { *stream << input.file.string(); }

const fs::path kFolder = fs::path(BULKHEAD_SOURCE_DIR) / "tests/fuzz";

std::vector<Input> inputs() {
  std::vector<Input> out;
  for (const Target& target : kTargets) {
    for (const char* kind : {"corpus", "crashes"}) {
      const fs::path folder = kFolder / kind / target.name;
      if (!fs::exists(folder)) continue;
      for (const auto& entry : fs::directory_iterator(folder)) out.push_back({&target, entry});
    }
  }
  std::ranges::sort(out, {}, &Input::file);
  return out;
}

std::string test_name(const Input& input) {
  std::string name = std::string(input.target->name) + '_' + input.file.filename().string();
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

class FuzzInputs : public ::testing::TestWithParam<Input> {};

TEST_P(FuzzInputs, BreakNothing) {
  std::ifstream in(GetParam().file, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  ASSERT_FALSE(bytes.empty()) << "an empty seed tests nothing";
  GetParam().target->run(bytes);
}

INSTANTIATE_TEST_SUITE_P(Kept, FuzzInputs, ::testing::ValuesIn(inputs()),
                         [](const auto& input) { return test_name(input.param); });

TEST(Fuzz, EveryTargetHasSeeds) {
  for (const Target& target : kTargets)
    EXPECT_FALSE(fs::is_empty(kFolder / "corpus" / target.name)) << target.name;
}

TEST(Fuzz, EveryFolderHasATarget) {
  for (const char* kind : {"corpus", "crashes"}) {
    for (const auto& entry : fs::directory_iterator(kFolder / kind)) {
      EXPECT_TRUE(std::ranges::count(kTargets, entry.path().filename().string(), &Target::name))
          << entry.path();
    }
  }
}

}  // namespace
}  // namespace bulkhead::fuzz
