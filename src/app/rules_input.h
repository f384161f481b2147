// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/rules_text.h"
#include "app/unread_words.h"
#include "core/result.h"
#include "core/source.h"
#include "ir/ruleset.h"

namespace bulkhead::app {

// A file of rules, read, and for which family it is: nullopt for both, its rules marked -4 or -6
// for one.
struct RulesInput {
  Source source;
  std::optional<net::Family> family;
};

// Which family a file of this name is for, unless `given` says it: *.v4 and *.v6 are for that one.
std::optional<net::Family> family_of_file(const std::string& name,
                                          std::optional<net::Family> given);

// "-" is stdin. Errors: kUsage, whyever it can't be read.
Result<RulesInput> read_rules_file(const std::string& name, std::optional<net::Family> given);

// An error and the text that it points into, if any.
struct Failure {
  Error error;
  std::optional<Source> source;
};

// kLenient is for analyses: what can't be understood or enforced is taken for something that isn't
// known (lang::RestoreOptions::unread), with a warning.
enum class Reading { kStrict, kLenient };

// What there is to say of files that could be read.
struct ReadingNotes {
  std::vector<std::string> warnings;  // what iptables-restore would say beside errors
  struct Unread {
    UnreadReason reason;
    std::string warning;  // with its place
  };
  std::vector<Unread> unread;  // of kLenient
};

// All of them, in words.
std::vector<std::string> warnings_of(const ReadingNotes& notes);

// What the files say together, one whole ruleset for each family that one of them is for. A table
// may stand in one file only. What there is to say of them goes to `notes`, without such to stderr.
Result<std::vector<ir::Ruleset>, Failure> parse_inputs(const std::vector<RulesInput>& inputs,
                                                       Counts counts = Counts::kLeftOut,
                                                       Reading reading = Reading::kStrict,
                                                       ReadingNotes* notes = nullptr);

// report() of a Failure.
int report(const Failure& failure);

}  // namespace bulkhead::app
