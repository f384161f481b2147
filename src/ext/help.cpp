// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/help.h"

#include <fmt/format.h>

#include "ext/choices.h"

namespace bulkhead::ext {
namespace {

constexpr size_t kHelpColumn = 32;

// "[!] --sport, --source-port port[:port]"
std::string synopsis(const Option& option) {
  std::string text = option.negation == Negation::kRefused ? "    " : "[!] ";
  text += fmt::format("--{}", option.name);
  for (const std::string_view alias : option.aliases) text += fmt::format(", --{}", alias);
  if (!option.type->words.empty()) text += fmt::format(" {}", option.type->words);
  return text;
}

std::string option_help(const Option& option) {
  const std::string left = synopsis(option);
  if (left.size() < kHelpColumn) return fmt::format("{:<{}}{}\n", left, kHelpColumn, option.help);
  return fmt::format("{}\n{:{}}{}\n", left, "", kHelpColumn, option.help);
}

template <class Row> std::string row_help(const Row& row, std::string_view kind) {
  std::string text = fmt::format("{} {} options:\n", row.name, kind);
  for (const Option& option : row.options) text += option_help(option);
  for (const std::string& choices : choices_of(row.options)) text += choices;
  return text;
}

}  // namespace

std::string help(const Match& match) { return row_help(match, "match"); }

std::string help(const Target& target) {
  // iptables-legacy has one module for these, and a help of its own.
  if (target.options.empty()) {
    return "standard match options:\n(If target is DROP, ACCEPT, RETURN or nothing)\n";
  }
  return row_help(target, "target");
}

}  // namespace bulkhead::ext
