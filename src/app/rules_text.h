// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "core/source.h"
#include "ir/ruleset.h"
#include "lang/unread.h"

namespace bulkhead::app {

enum class Counts { kLeftOut, kShown };

// Canonical iptables-save text without the comment lines that carry a date: equal rules, equal
// text. kLeftOut gives the policies' counters as [0:0].
std::string rules_text(const ir::Ruleset& rules, Counts counts);

// Such text, or a restore file of a user's, as a whole ruleset of its family, checked: rules marked
// for the other family are left out. kShown takes the counters that it gives. The error's span is
// in `source`; `warnings` gets what iptables-restore would say beside errors. `unread`: reads
// leniently, as lang::RestoreOptions says.
Result<ir::Ruleset> parse_rules(const Source& source, net::Family family, Counts counts,
                                std::vector<std::string>* warnings = nullptr,
                                std::vector<lang::Unread>* unread = nullptr);

// The same for text that we have written ourselves: its rules keep no places.
Result<ir::Ruleset> parse_own_rules(const Source& source, net::Family family);

// One rule as -S prints it without "-A CHAIN ", and its conditions alone, without target and
// comments.
std::string rule_words(const ir::Rule& rule, net::Family family);
std::string condition_words(const ir::Rule& rule, net::Family family);

// What its `-m comment` says; several are joined by "; ".
std::string comment_of(const ir::Rule& rule);

}  // namespace bulkhead::app
