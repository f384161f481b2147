// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/span.h"
#include "ext/row.h"

namespace bulkhead::ext {

// Reads the options of one `-m` or `-j` as they are typed. The errors are of kind kUsage and in
// iptables-legacy's words; what it finds at once add() refuses, what it finds at the end of the
// command finish() refuses.
class OptionReader {
 public:
  explicit OptionReader(const Match& match);
  explicit OptionReader(const Target& target);

  // `option` is one of the row's, `words` its arguments: as many of `option.type->count` as are
  // there. The context is what is known of the rule so far: multiport wants its -p before it.
  Result<void> add(const Option& option, bool negated, std::span<const std::string_view> words,
                   Span span, Context context);
  // The arguments as -S prints them: in its order, what it always prints added, what it never
  // prints left out.
  Result<std::vector<ir::Argument>> finish(const Context& context) const;
  // What is said on stderr to what was given, though it is taken.
  std::vector<std::string> warnings() const;

 private:
  struct Given {
    const Option* option = nullptr;
    const Option* typed = nullptr;  // the same, or one that stands for it
    ir::Argument argument;
  };

  const Given* find(const Option& option) const;
  bool any_of_group(const Option& option) const;
  // Of the others that were given with it.
  Result<void> check_company(const Option& option) const;

  std::string_view row_;
  std::span<const Option> options_;
  std::string_view bare_error_;
  decltype(Match::settle) settle_ = nullptr;
  std::vector<Given> given_;
};

}  // namespace bulkhead::ext
