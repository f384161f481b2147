// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/stored_source.h"

#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "app/counted.h"
#include "app/rules_text.h"

namespace bulkhead::app {

namespace {

constexpr std::string_view kFormat = "bulkhead 1";

struct Run {
  ir::RuleId first = 0;
  ir::RuleId last = 0;
};

std::string write_ids(const ir::Ruleset& rules) {
  std::vector<Run> runs;
  each_counted(rules, [&](ir::RuleId id, const ir::Counters&) {
    if (!runs.empty() && runs.back().last + 1 == id) {
      runs.back().last = id;
    } else {
      runs.push_back({id, id});
    }
  });
  std::string text;
  for (const Run& run : runs) {
    text += run.first == run.last ? fmt::format(" {}", run.first)
                                  : fmt::format(" {}-{}", run.first, run.last);
  }
  return text;
}

std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc{}) return {};
  text.remove_prefix(static_cast<size_t>(end.ptr - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::optional<std::vector<Run>> read_ids(std::string_view text) {
  std::vector<Run> runs;
  while (!text.empty()) {
    if (!take(text, " ")) return {};
    const auto first = take_number(text);
    const auto last = take(text, "-") ? take_number(text) : first;
    if (!first || !last || *first == ir::kNoId || *last < *first) return {};
    runs.push_back({*first, *last});
  }
  return runs;
}

// Hands the ids out in order; false if they are not as many as there are counters.
bool give_ids(ir::Ruleset& rules, std::vector<Run> runs) {
  size_t run = 0;
  bool enough = true;
  each_counted(rules, [&](ir::RuleId& id, ir::Counters&) {
    if (run < runs.size()) {
      id = runs[run].first;
      if (runs[run].first++ == runs[run].last) ++run;
    } else {
      enough = false;
    }
  });
  return enough && run == runs.size();
}

Error damaged(std::string_view why) {
  return {.kind = ErrorKind::kDamaged,
          .message = fmt::format("the rules that the kernel table carries can't be read: {}", why)};
}

// The line "word rest" without its word; the text moves on to the next line.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view word) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  if (end == text.npos || !take(line, word)) return {};
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string write_source(const ir::Ruleset& offsets, std::string_view change) {
  return fmt::format("{}\nfamily {}\nchange {}\nnext {}\nids{}\n\n{}", kFormat,
                     net::family_word(offsets.family), change, offsets.next_id, write_ids(offsets),
                     rules_text(offsets, Counts::kShown));
}

Result<ir::Ruleset> read_source(std::string_view text, net::Family family) {
  if (take_line(text, kFormat) != "")
    return damaged("they are of a format that this version doesn't know");
  if (take_line(text, "family ") != net::family_word(family))
    return damaged("they are of another family");
  const auto change = take_line(text, "change ");
  auto next_line = take_line(text, "next ");
  const auto next = next_line ? take_number(*next_line) : std::nullopt;
  const auto ids_line = take_line(text, "ids");
  auto ids = ids_line ? read_ids(*ids_line) : std::nullopt;
  if (!change || !next || !ids || take_line(text, "") != "") return damaged("their head is wrong");

  auto rules = parse_own_rules(Source("stored rules", std::string(text)), family);
  if (!rules) return damaged(rules.error().message);
  if (!give_ids(*rules, *std::move(ids))) return damaged("they are not as many as their head says");
  rules->next_id = *next;
  return rules;
}

}  // namespace bulkhead::app
