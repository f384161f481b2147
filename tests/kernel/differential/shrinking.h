// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace bulkhead::testing {

// Leaves out what isn't needed for `fails` to go on saying yes of the case. Each of `lists` gives
// one of its lists, for instance its packets.
template <class Case, class Fails, class... Lists>
Case shrunk(Case it, const Fails& fails, const Lists&... lists) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto shrink = [&](const auto& list_of) {
    bool smaller = false;
    for (size_t chunk = std::max<size_t>(list_of(it).size() / 2, 1); chunk > 0; chunk /= 2) {
      for (size_t at = 0; at < list_of(it).size() && std::chrono::steady_clock::now() < end;) {
        Case without = it;
        auto& list = list_of(without);
        const auto from = list.begin() + static_cast<std::ptrdiff_t>(at);
        list.erase(from, from + static_cast<std::ptrdiff_t>(std::min(chunk, list.size() - at)));
        if (fails(without)) {
          it = std::move(without);
          smaller = true;
        } else {
          at += chunk;
        }
      }
    }
    return smaller;
  };
  while ((shrink(lists) | ...)) continue;
  return it;
}

}  // namespace bulkhead::testing
