// SPDX-License-Identifier: GPL-2.0-or-later
// docs/adding-a-match.md walks through real files, and goes on doing so.

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace bulkhead::ext {
namespace {

std::string read_file(const std::string& path) {
  const std::ifstream file(std::string(BULKHEAD_SOURCE_DIR "/") + path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(AddingAMatch, ShowsTheRealFiles) {
  const std::string page = read_file("docs/adding-a-match.md");
  const std::string row = read_file("src/ext/match/udp.cpp");
  const std::string options = read_file("src/ext/argument/port_options.h");
  constexpr std::string_view kOpen = "```cpp\n";
  size_t shown = 0;
  for (size_t at = page.find(kOpen); at != std::string::npos; at = page.find(kOpen, at + 1)) {
    const size_t begin = at + kOpen.size();
    const std::string code = page.substr(begin, page.find("```", begin) - begin);
    EXPECT_NE((row + options).find(code), std::string::npos) << code;
    ++shown;
  }
  EXPECT_EQ(shown, 4u);
}

}  // namespace
}  // namespace bulkhead::ext
