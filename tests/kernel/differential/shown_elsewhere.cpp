// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/shown_elsewhere.h"

#include <algorithm>

namespace bulkhead::testing {
namespace {

// A match as a whole, or one of its options; and who asks it instead.
struct Elsewhere {
  std::string_view option;
  std::string_view shown_by;
};

constexpr Elsewhere kElsewhere[] = {
    {"addrtype --limit-iface-in", "asks nothing by itself"},
    {"addrtype --limit-iface-out", "asks nothing by itself"},
    {"comment", "asks nothing"},
    {"limit", "limit_test"},
    // All packets here that the host sends have a socket, and no user has further groups.
    {"owner --socket-exists", "owner_test"},
    {"owner ! --socket-exists", "owner_test"},
    {"owner --suppl-groups", "asks nothing by itself"},
};

}  // namespace

bool shown_elsewhere(std::string_view option) {
  return std::ranges::any_of(kElsewhere, [&](const Elsewhere& each) {
    const bool whole_match = each.option.find(' ') == std::string_view::npos;
    return whole_match ? option.substr(0, option.find(' ')) == each.option : option == each.option;
  });
}

}  // namespace bulkhead::testing
