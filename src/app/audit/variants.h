// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Rules without those that a question has to leave out of sight. Their conditions are all among
// those of the rules that they are made of, so one model serves both.

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "ir/ruleset.h"

namespace bulkhead::app::audit {

// How fast packets come: so slowly that no limit is reached, or so fast that each is exceeded.
enum class Pace : uint8_t { kSlow, kFast };

// Addresses that `recent` remembers: the list's name, and whether they are destinations.
struct RecentList {
  std::string name;
  bool of_destinations = false;

  friend auto operator<=>(const RecentList&, const RecentList&) = default;
};

// The lists that some rule puts addresses on.
std::set<RecentList> recent_lists(const ir::Ruleset& rules);

// The rules as they treat packets that come at this pace: a match up to a rate (limit, hashlimit,
// connlimit) holds while they come slowly, one above a rate when they come fast, and so does
// `recent` of one of these lists. What else only the kernel knows lets packets pass.
ir::Ruleset at_pace(const ir::Ruleset& rules, Pace pace, const std::set<RecentList>& lists);

// The rules, but that every packet is dropped that would be put on the list.
ir::Ruleset dropping_noted(const ir::Ruleset& rules, const RecentList& list);

// Whether it matches up to a rate and no more.
bool has_bound(const ir::Rule& rule);

bool logs(const ir::Rule& rule);
// The rules, but that those of a table that log do this.
ir::Ruleset with_logs(const ir::Ruleset& rules, std::string_view table, const ir::Action& action);

// The table without the rules that decide and neither name a destination port nor are in a chain
// that is called for one.
ir::Table naming_ports(const ir::Table& table);

// The rules, but that what comes to the end of INPUT, its policy or the last rules that hold of
// every packet, is let in.
ir::Ruleset with_open_end(const ir::Ruleset& rules);

}  // namespace bulkhead::app::audit
