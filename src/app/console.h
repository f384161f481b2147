// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead::app {

enum class Color { kAuto, kAlways, kNever };

// Whether what is written to this descriptor is coloured: kAuto means on a terminal that isn't
// "dumb", unless NO_COLOR is set (no-color.org).
bool wants_color(Color color, int descriptor);

// Colours, or the same text without.
class Paint {
 public:
  explicit Paint(bool on = false) : on_(on) {}

  std::string strong(std::string_view text) const { return dye("1", text); }
  std::string faint(std::string_view text) const { return dye("2", text); }
  std::string good(std::string_view text) const { return dye("32", text); }
  std::string bad(std::string_view text) const { return dye("1;31", text); }
  std::string warning(std::string_view text) const { return dye("33", text); }
  std::string name(std::string_view text) const { return dye("1;36", text); }

 private:
  std::string dye(const char* code, std::string_view text) const;

  bool on_;
};

// Control bytes as '?': a rule's comment may hold any byte, and a terminal obeys some of them.
std::string printable(std::string_view text);

// 1 rule, 2 rules
std::string counted(size_t number, std::string_view one, std::string_view many);

// 999, 12.3K, 4.6M ... in decimal thousands, at most five characters wide (iptables' own -L rounds
// down instead).
std::string short_number(uint64_t number);

// Text that is longer than `width` is broken at blanks; all but the first line begin with `indent`
// blanks.
std::string wrapped(std::string_view text, size_t indent, size_t width = 100);

// Writes all of it to stdout; a reader that has gone away is no error.
void print(std::string_view text);

}  // namespace bulkhead::app
