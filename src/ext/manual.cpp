// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "ext/choices.h"
#include "ext/help.h"

namespace bulkhead::ext {
namespace {

// Text for roff: a minus that stays one when it is copied, no escapes, and no request at the start
// of a line.
std::string roff(std::string_view text) {
  std::string escaped;
  if (text.starts_with('.') || text.starts_with('\'')) escaped += "\\&";
  for (const char c : text) {
    if (c == '-') {
      escaped += "\\-";
    } else if (c == '\\') {
      escaped += "\\e";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string option_section(const Option& option) {
  std::string text =
      fmt::format(".TP\n{}\\fB\\-\\-{}\\fP",
                  option.negation == Negation::kRefused ? "" : "[\\fB!\\fP] ", roff(option.name));
  for (const std::string_view alias : option.aliases)
    text += fmt::format(", \\fB\\-\\-{}\\fP", roff(alias));
  if (!option.type->words.empty()) text += fmt::format(" \\fI{}\\fP", roff(option.type->words));
  return text + fmt::format("\n{}\n", roff(option.help));
}

template <class Row> std::string section(const Row& row) {
  std::string text = fmt::format(".SS {}\n{}\n", roff(row.name), roff(row.summary));
  if (row.families == Families::kIpv4) text += "IPv4 only.\n";
  if (row.families == Families::kIpv6) text += "IPv6 only.\n";
  for (const Option& option : row.options) text += option_section(option);
  for (const std::string& choices : choices_of(row.options))
    text += fmt::format(".PP\n.nf\n{}.fi\n", roff(choices));
  std::string examples;
  for (const Example& example : row.examples) {
    if (!example.refused) examples += fmt::format("{}\n", roff(example.rule));
  }
  if (!examples.empty()) text += fmt::format(".PP\nExamples:\n.nf\n{}.fi\n", examples);
  return text;
}

}  // namespace

std::string manual(const Match& match) { return section(match); }
std::string manual(const Target& target) { return section(target); }

}  // namespace bulkhead::ext
