// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <initializer_list>
#include <vector>

#include "core/u128.h"

namespace bulkhead::ir {

struct Interval {
  U128 first = 0;
  U128 last = 0;  // included

  friend bool operator==(const Interval&, const Interval&) = default;
};

// A set of numbers as sorted intervals that neither touch nor overlap.
class ValueSet {
 public:
  ValueSet() = default;
  explicit ValueSet(std::vector<Interval> intervals);  // in any order, may overlap
  ValueSet(std::initializer_list<Interval> intervals)
      : ValueSet(std::vector<Interval>(intervals)) {}

  static ValueSet of(U128 value) { return ValueSet{{value, value}}; }
  static ValueSet range(U128 first, U128 last) { return ValueSet{{first, last}}; }

  const std::vector<Interval>& intervals() const { return intervals_; }
  bool empty() const { return intervals_.empty(); }
  bool contains(U128 value) const;

  // What of the numbers of `width` bits is not in the set.
  ValueSet complement(unsigned width) const;
  ValueSet united(const ValueSet& other) const;
  ValueSet intersected(const ValueSet& other) const;

  friend bool operator==(const ValueSet&, const ValueSet&) = default;

 private:
  std::vector<Interval> intervals_;
};

}  // namespace bulkhead::ir
