// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/restore.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "ir/verify.h"
#include "lang/check.h"
#include "lang/edit.h"
#include "lang/error.h"
#include "lang/number.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "lang/words.h"

namespace bulkhead::lang {

namespace {

// Far more than kMaxRuleBytes, so that every rule that was taken can be read back: its saved form
// may be longer. (iptables-restore cuts lines in two behind 10,238 bytes, in silence.)
constexpr size_t kMaxLineBytes = size_t{1} << 20;

// "[packets:bytes]", as it stands behind a policy: scanf(3)'s "[%llu:%llu]", to which what follows
// the second number is all one.
std::optional<ir::Counters> parse_counters(std::string_view text) {
  const size_t colon = text.find(':');
  if (!text.starts_with('[') || colon == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(1, colon - 1);
  const auto packets = leading_number(before);
  const auto bytes = leading_number(text.substr(colon + 1));
  const size_t sign = before.starts_with('+') || before.starts_with('-') ? 1 : 0;
  if (!packets || !bytes || before.find_first_not_of("0123456789", sign) != before.npos)
    return std::nullopt;
  return ir::Counters{*packets, *bytes};
}

class Restorer {
 public:
  Restorer(const Source& source, const RestoreOptions& options, ir::Ruleset& rules)
      : source_(source),
        options_(options),
        rules_(rules),
        parse_options_{
            .restore = true, .declared = &declared_, .counters = {}, .unread = options.unread} {}

  Result<void> run();

 private:
  Result<void> take_line(std::string_view line);
  Result<void> begin_table(std::string_view line);
  Result<void> take_chain(std::string_view line);
  Result<void> set_policy(const Word& chain, const Word& policy, const Word* counters);
  Result<void> take_rule(std::string_view line);
  Result<std::optional<ir::Counters>> take_counters(std::string_view& line, uint32_t& offset) const;
  void flush_table();

  // Blank-separated words, as strtok(3) finds them: no quotes here.
  std::vector<Word> plain_words(std::string_view line, uint32_t offset) const;
  Span line_span(std::string_view line) const {
    return {line_begin_, line_begin_ + static_cast<uint32_t>(line.size())};
  }
  Error by_program(std::string_view message, Span span) const {
    return usage(fmt::format("{}: {}", options_.program, message), span);
  }
  bool other_table() const { return options_.table && table_ != *options_.table; }
  void print(const std::string& text) const {
    if (options_.output != nullptr) *options_.output += text;
  }

  const Source& source_;
  const RestoreOptions& options_;
  ir::Ruleset& rules_;
  std::set<std::string, std::less<>> declared_;  // chains, of every table so far, as in iptables
  ParseOptions parse_options_;
  std::vector<Word> words_;
  std::string table_;  // the last that was named
  bool in_table_ = false;
  uint32_t line_number_ = 0;
  uint32_t line_begin_ = 0;  // offset in the source
};

std::vector<Word> Restorer::plain_words(std::string_view line, uint32_t offset) const {
  std::vector<Word> words;
  for (size_t begin = 0;
       (begin = line.find_first_not_of(" \t", begin)) != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    words.push_back({std::string(line.substr(begin, end - begin)),
                     {offset + static_cast<uint32_t>(begin), offset + static_cast<uint32_t>(end)}});
    begin = end;
  }
  return words;
}

void Restorer::flush_table() {
  ir::Table& table = rules_.table(table_);
  for (const ir::Chain& chain : table.chains) {
    if (options_.verbosity > 0) print(fmt::format("Flushing chain `{}'\n", chain.name));
  }
  for (const ir::Chain& chain : table.chains) {
    if (options_.verbosity > 0 && !chain.builtin())
      print(fmt::format("Deleting chain `{}'\n", chain.name));
  }
  std::erase_if(table.chains, [](const ir::Chain& chain) { return !chain.builtin(); });
  for (ir::Chain& chain : table.chains) chain.rules.clear();
}

Result<void> Restorer::begin_table(std::string_view line) {
  const std::vector<Word> words = plain_words(line.substr(1), line_begin_ + 1);
  if (words.empty()) {
    return by_program(fmt::format("line {} table name invalid", line_number_), line_span(line));
  }
  table_ = words.front().text;
  if (other_table()) return {};
  if (ir::builtin_table(table_) == nullptr) {
    Error error =
        by_program(fmt::format("unable to initialize table '{}'", table_), words.front().span);
    if (table_.ends_with('\r')) error.hint = "the lines end in CR LF: take the CRs out";
    return error;
  }
  if (!options_.noflush) {
    flush_table();
  } else {
    rules_.table(table_);
  }
  in_table_ = true;
  return {};
}

Result<void> Restorer::set_policy(const Word& chain, const Word& policy, const Word* counters) {
  if (policy.text == "-") return {};
  std::optional<ir::Counters> count = ir::Counters{};
  if (options_.counters) {
    count = counters == nullptr ? std::nullopt : parse_counters(counters->text);
    if (!count) {
      return usage(fmt::format("invalid policy counters for chain '{}'", chain.text),
                   counters == nullptr ? chain.span : counters->span);
    }
  }
  const auto refuse = [&](std::string_view why) {
    return Error{.kind = ErrorKind::kSystem,
                 .message = fmt::format("Can't set policy `{}' on `{}' line {}: {}", policy.text,
                                        chain.text, line_number_, why),
                 .span = policy.span};
  };
  const ir::Chain* there = rules_.table(table_).find(chain.text);
  if (there == nullptr || !there->builtin()) return refuse("Bad built-in chain name");
  if (policy.text != "ACCEPT" && policy.text != "DROP") return refuse("Bad policy name");
  const auto value = policy.text == "ACCEPT" ? ir::Policy::kAccept : ir::Policy::kDrop;
  return edit(SetPolicy{chain.text, value, count}, table_, rules_);
}

Result<void> Restorer::take_chain(std::string_view line) {
  const std::vector<Word> words = plain_words(line.substr(1), line_begin_ + 1);
  if (words.empty()) {
    return by_program(fmt::format("line {} chain name invalid", line_number_), line_span(line));
  }
  const Word& chain = words[0];
  if (chain.text.size() > ir::kMaxChainName) {
    return usage(
        fmt::format("Invalid chain name `{}' ({} chars max)", chain.text, ir::kMaxChainName),
        chain.span);
  }
  // A quote or a control byte could not be read back from a rule that names the chain.
  const auto is_bad = [](unsigned char c) { return c < ' ' || c == 0x7f || c == '"'; };
  if (std::ranges::any_of(chain.text, is_bad)) {
    return usage(fmt::format("Invalid chain name `{}'", chain.text), chain.span);
  }
  ir::Chain* there = rules_.table(table_).find(chain.text);
  if (there == nullptr || !there->builtin()) {
    if (there != nullptr && options_.noflush) {
      there->rules.clear();
    } else if (auto r = edit(NewChain{chain.text}, table_, rules_); !r) {
      return usage(fmt::format("error creating chain '{}':{}", chain.text, std::strerror(EEXIST)),
                   chain.span);
    }
  }
  if (words.size() < 2)
    return by_program(fmt::format("line {} policy invalid", line_number_), chain.span);
  if (auto r = set_policy(chain, words[1], words.size() > 2 ? &words[2] : nullptr); !r) return r;
  declared_.insert(chain.text);
  return {};
}

Result<std::optional<ir::Counters>> Restorer::take_counters(std::string_view& line,
                                                            uint32_t& offset) const {
  if (!line.starts_with('[')) return std::optional<ir::Counters>();
  const auto bad = [&](std::string_view what) {
    return usage(fmt::format("Bad line {}: need {}", line_number_, what), line_span(line));
  };
  const size_t close = line.find(']');
  if (close == std::string_view::npos) return bad("]");
  const std::string_view inside = line.substr(1, close - 1);
  const size_t colon = inside.find(':');
  if (colon == 0 || colon == std::string_view::npos) return bad("]");
  const Span place{offset, offset + static_cast<uint32_t>(close) + 1};
  line.remove_prefix(close + 1);
  offset += static_cast<uint32_t>(close) + 1;
  if (!options_.counters) return std::optional<ir::Counters>();
  const auto packets = leading_number(inside.substr(0, colon));
  if (!packets) return usage("-c packet counter not numeric", place);
  const auto bytes = leading_number(inside.substr(colon + 1));
  if (!bytes) return usage("-c byte counter not numeric", place);
  return std::optional(ir::Counters{*packets, *bytes});
}

Result<void> Restorer::take_rule(std::string_view line) {
  const Span whole = line_span(line);
  uint32_t offset = line_begin_;
  Result<std::optional<ir::Counters>> counters = take_counters(line, offset);
  if (!counters) return counters.error();
  if (auto r = split_words(line, offset, words_); !r) return r;
  parse_options_.counters = *counters;
  Result<Command> command = parse_command(words_, rules_.family, *options_.names, parse_options_);
  if (!command) return placed(command.error(), whole);
  if (std::holds_alternative<Help>(command->operation) ||
      std::holds_alternative<Version>(command->operation)) {
    return usage("-h and -V change no rules: they have no place in a file", whole);
  }
  if (options_.warnings != nullptr)
    std::ranges::move(command->warnings, std::back_inserter(*options_.warnings));
  if (options_.output != nullptr) {
    command->table = table_;
    if (!options_.noflush && options_.verbosity > 0) {
      command->verbosity += options_.verbosity;
      command->style.verbose = true;
    }
    print(output_of(*command, rules_, *options_.names));
  }
  if (auto r = edit(std::move(command->operation), table_, rules_); !r)
    return placed(r.error(), whole);
  if (command->refusal) return placed(*command->refusal, whole);
  return {};
}

Result<void> Restorer::take_line(std::string_view line) {
  if (line.starts_with('#')) {
    if (options_.verbosity > 0) print(fmt::format("{}\n", line));
    return {};
  }
  if (line.find('\0') != std::string_view::npos) {
    const auto at = line_begin_ + static_cast<uint32_t>(line.find('\0'));
    return usage("a NUL byte in the line", {at, at + 1});
  }
  if (in_table_ && line == "COMMIT") {
    in_table_ = false;
    return {};
  }
  if (!in_table_ && line.starts_with('*')) return begin_table(line);
  if (in_table_ && line.starts_with(':')) return take_chain(line);
  if (in_table_) return take_rule(line);
  if (other_table()) return {};
  return refused("the line stands outside of a table: `*filter' or the like must come before",
                 line_span(line));
}

Result<void> Restorer::run() {
  forget_spans(rules_);
  const std::string_view text = source_.text();
  while (line_begin_ < text.size()) {
    const std::string_view rest = text.substr(line_begin_);
    const size_t newline = rest.find('\n');
    const std::string_view line = rest.substr(0, newline);
    ++line_number_;
    if (line.size() > kMaxLineBytes) {
      return usage(fmt::format("the line is longer than {} bytes", kMaxLineBytes), line_span(line));
    }
    // A last line without its end is no COMMIT to iptables: the file may have been cut off.
    if (newline == std::string_view::npos && in_table_ && line == "COMMIT") {
      return usage("Bad argument `COMMIT'", line_span(line));
    }
    if (!line.empty()) {
      if (auto r = take_line(line); !r) return r;
    }
    line_begin_ += static_cast<uint32_t>(line.size() + 1);
  }
  if (in_table_) return refused(fmt::format("COMMIT expected at line {}", line_number_ + 1));
  return check(rules_);
}

}  // namespace

Result<void> restore(const Source& source, const RestoreOptions& options, ir::Ruleset& rules) {
  assert(options.names != nullptr);
  if (auto r = Restorer(source, options, rules).run(); !r) return r;
  if (!options.spans) forget_spans(rules);
  return {};
}

}  // namespace bulkhead::lang
