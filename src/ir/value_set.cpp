// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/value_set.h"

#include <algorithm>

namespace bulkhead::ir {

ValueSet::ValueSet(std::vector<Interval> intervals) {
  std::ranges::sort(intervals, {}, &Interval::first);
  for (const Interval& next : intervals) {
    if (next.first > next.last) continue;
    // Written so that `last + 1` cannot run over at 2^128 - 1.
    if (!intervals_.empty() &&
        (next.first <= intervals_.back().last || next.first - 1 == intervals_.back().last)) {
      intervals_.back().last = std::max(intervals_.back().last, next.last);
    } else {
      intervals_.push_back(next);
    }
  }
}

bool ValueSet::contains(U128 value) const {
  const auto behind = std::ranges::upper_bound(intervals_, value, {}, &Interval::first);
  return behind != intervals_.begin() && value <= std::prev(behind)->last;
}

ValueSet ValueSet::complement(unsigned width) const {
  const U128 max = low_bits(width);
  ValueSet out;
  U128 next = 0;
  for (const Interval& taken : intervals_) {
    if (taken.first > max) break;
    if (taken.first > next) out.intervals_.push_back({next, taken.first - 1});
    if (taken.last >= max) return out;
    next = taken.last + 1;
  }
  out.intervals_.push_back({next, max});
  return out;
}

ValueSet ValueSet::united(const ValueSet& other) const {
  std::vector<Interval> all = intervals_;
  all.insert(all.end(), other.intervals_.begin(), other.intervals_.end());
  return ValueSet(std::move(all));
}

ValueSet ValueSet::intersected(const ValueSet& other) const {
  ValueSet out;
  auto a = intervals_.begin();
  auto b = other.intervals_.begin();
  while (a != intervals_.end() && b != other.intervals_.end()) {
    const Interval common{std::max(a->first, b->first), std::min(a->last, b->last)};
    if (common.first <= common.last) out.intervals_.push_back(common);
    if (a->last < b->last) {
      ++a;
    } else {
      ++b;
    }
  }
  return out;
}

}  // namespace bulkhead::ir
