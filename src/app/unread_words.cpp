// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/unread_words.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "app/console.h"

namespace bulkhead::app {

namespace {

struct Unreadable {
  lang::Unread first;
  size_t times = 0;
};

std::string words_of(const Source& source, const Unreadable& reason) {
  const lang::Unread& first = reason.first;
  std::string why = first.why;
  while (why.ends_with('.') || why.ends_with('\n')) why.pop_back();
  // What the text says there, unless the reason names it.
  const std::string_view there =
      source.text().substr(first.span.begin, first.span.end - first.span.begin);
  if (!first.target && why.find(there) == std::string::npos)
    why = fmt::format("`{}': {}", there, why);
  const std::string more =
      reason.times == 1 ? ""
                        : fmt::format(" ({} more)", counted(reason.times - 1, "time", "times"));
  return fmt::format(
      "{}: {}{}", printable(why),
      first.target ? "taken for a target that goes on" : "taken for a condition that nobody knows",
      more);
}

}  // namespace

std::vector<UnreadReason> unread_reasons(const Source& source, std::vector<lang::Unread> unread) {
  const auto place = [](const lang::Unread& it) {
    return std::tuple(it.span.begin, it.span.end, std::string_view(it.why));
  };
  // A file for both families is read twice.
  std::ranges::stable_sort(unread, {}, place);
  const auto same_place = [&](const auto& a, const auto& b) { return place(a) == place(b); };
  unread.erase(std::unique(unread.begin(), unread.end(), same_place), unread.end());

  std::vector<Unreadable> reasons;
  for (lang::Unread& each : unread) {
    const auto same = [&](const Unreadable& it) {
      return it.first.why == each.why && it.first.target == each.target;
    };
    auto known = std::ranges::find_if(reasons, same);
    if (known == reasons.end()) known = reasons.insert(known, Unreadable{std::move(each), 0});
    ++known->times;
  }
  std::vector<UnreadReason> all;
  for (const Unreadable& reason : reasons)
    all.push_back({reason.first.span, words_of(source, reason)});
  return all;
}

std::string unread_warning(const Source& source, const UnreadReason& reason) {
  const Position at = source.position(reason.span.begin);
  return fmt::format("{}:{}:{}: {}", source.name(), at.line, at.column, reason.words);
}

}  // namespace bulkhead::app
