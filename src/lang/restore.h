// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/source.h"
#include "ir/ruleset.h"
#include "lang/unread.h"
#include "net/names.h"

namespace bulkhead::lang {

struct RestoreOptions {
  const net::Names* names = nullptr;  // required
  bool noflush = false;               // -n: chains and rules that the file doesn't name stay
  bool counters = false;  // -c: take the counters that stand before rules and behind policies
  std::optional<std::string_view> table{};        // -T: only this one
  unsigned verbosity = 0;                         // times -v
  std::string_view program = "iptables-restore";  // which some messages name
  // False: the rules are given no places. For a text that isn't the user's, like a stored source.
  bool spans = true;
  std::string* output = nullptr;                 // gets what -v, -S and -L in the file print
  std::vector<std::string>* warnings = nullptr;  // gets what goes to stderr
  // Given: a lenient reading, for analyses only. What of a match can't be read, and what of a
  // target is understood but can't be enforced, is noted here and is no error.
  std::vector<Unread>* unread = nullptr;
};

// Does to `rules` what a restore file says: iptables-save text, or any rule commands between
// `*table` and `COMMIT`. Lines marked -4 or -6 are for that family only and skipped by the other.
// All of the file, several COMMITs or not, is one change, checked as a whole. After an error
// `rules` is in no defined state: the caller works on a copy. An error of kind kRefused with a span
// is what iptables-restore calls "line N failed".
Result<void> restore(const Source& source, const RestoreOptions& options, ir::Ruleset& rules);

}  // namespace bulkhead::lang
