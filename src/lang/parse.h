// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "lang/command.h"
#include "lang/unread.h"
#include "lang/words.h"
#include "net/names.h"

namespace bulkhead::lang {

struct ParseOptions {
  // A line of a restore file: -t and -w belong to the file, -4 and -6 make it one family's.
  bool restore = false;
  // Chains that the file has declared: `-j LOG` means a chain LOG if it is among them.
  const std::set<std::string, std::less<>>* declared = nullptr;
  // Those that stand before the line, with -c: as if -c were its first option.
  std::optional<ir::Counters> counters{};
  // As in RestoreOptions.
  std::vector<Unread>* unread = nullptr;
};

// How much text one command may be, in bytes.
inline constexpr size_t kMaxRuleBytes = size_t{1} << 17;

// What the words (without the program's name) ask for, in the grammar of iptables-legacy 1.8.9.
// Names are looked up; nothing else outside is touched: whether a chain exists is for edit.h.
// Errors have iptables' texts, the span of the word that is wrong, and are of kind kUsage; what
// only the kernel refuses is Command::refusal. -h and -V end the reading where they stand.
Result<Command> parse_command(std::span<const Word> words, net::Family family,
                              const net::Names& names, const ParseOptions& options = {});

// Whether -N may make a chain of this name.
Result<void> check_new_chain_name(const Word& word, net::Family family);

}  // namespace bulkhead::lang
