// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace bulkhead {

// For each of `after` the index of the one in `before` that may stay in its place: a common
// subsequence, the longest where nothing stands twice. O(n log n). Needs std::hash<Thing>.
template <class Thing>
std::vector<std::optional<size_t>> common_subsequence(std::span<const Thing> before,
                                                      std::span<const Thing> after) {
  struct Pair {
    size_t before = 0;
    size_t after = 0;
    // The pair that comes before it in the longest run that ends here.
    std::optional<size_t> previous;
  };

  std::vector<std::optional<size_t>> kept(after.size());
  size_t start = 0;  // most changes leave the beginning as it is
  for (; start < before.size() && start < after.size() && before[start] == after[start]; ++start)
    kept[start] = start;

  // The n-th occurrence of a thing belongs to the n-th one on the other side.
  std::unordered_map<Thing, std::vector<size_t>> places;
  for (size_t i = before.size(); i-- > start;) places[before[i]].push_back(i);
  std::vector<Pair> pairs;
  for (size_t i = start; i < after.size(); ++i) {
    const auto found = places.find(after[i]);
    if (found == places.end() || found->second.empty()) continue;
    pairs.push_back({found->second.back(), i, {}});
    found->second.pop_back();
  }

  // Pairs come in the order of `after`; what is wanted is the longest run of them that rises in
  // `before` too. tails[n]: the pair that ends a run of n + 1 with the lowest `before`.
  std::vector<size_t> tails;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto place = std::lower_bound(tails.begin(), tails.end(), i, [&](size_t a, size_t b) {
      return pairs[a].before < pairs[b].before;
    });
    if (place != tails.begin()) pairs[i].previous = *(place - 1);
    if (place == tails.end()) {
      tails.push_back(i);
    } else {
      *place = i;
    }
  }
  if (tails.empty()) return kept;
  for (std::optional<size_t> at = tails.back(); at; at = pairs[*at].previous)
    kept[pairs[*at].after] = pairs[*at].before;
  return kept;
}

}  // namespace bulkhead
