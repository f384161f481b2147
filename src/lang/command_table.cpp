// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/command_table.h"

#include <bit>

#include <fmt/format.h>

#include "lang/error.h"

namespace bulkhead::lang {

namespace {

struct Row {
  char letter;
  std::string_view options;  // that it takes
};

// In the order of CommandBit.
constexpr Row kRows[] = {
    {'I', "sdpjviocf"}, {'D', "sdpjviof"}, {'D', "v"}, {'R', "sdpjviocf"}, {'A', "sdpjviocf"},
    {'L', "nvx0"},      {'F', "v"},        {'Z', "v"}, {'N', "v"},         {'X', "v"},
    {'P', "vc"},        {'E', "v"},        {'S', "v"}, {'Z', "v"},         {'C', "sdpjviof"},
};

const Row& row_of_highest(uint32_t commands) { return kRows[std::bit_width(commands) - 1]; }

}  // namespace

Result<void> add_command(uint32_t& commands, CommandBit added, uint32_t beside, Span span) {
  if (const uint32_t others = commands & ~beside; others != 0) {
    return usage(fmt::format("Cannot use -{} with -{}", row_of_highest(added).letter,
                             row_of_highest(others).letter),
                 span);
  }
  commands |= added;
  return {};
}

Result<void> check_options(uint32_t commands, std::string_view letters) {
  for (const char letter : kCountedOptions) {
    if (letters.find(letter) == std::string_view::npos) continue;
    bool legal = false;
    for (uint32_t bit = 0; bit < std::size(kRows); ++bit) {
      if ((commands >> bit & 1) != 0 && kRows[bit].options.find(letter) != std::string_view::npos)
        legal = true;
    }
    if (!legal) return usage(fmt::format("Illegal option `-{}' with this command", letter));
  }
  return {};
}

}  // namespace bulkhead::lang
