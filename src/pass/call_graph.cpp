// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/call_graph.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace bulkhead::pass {

CallGraph::CallGraph(const ir::Table& table)
    : calls_of_(table.chains.size()),
      reachable_(table.chains.size()),
      callers_(table.chains.size()),
      depth_(table.chains.size()),
      height_(table.chains.size()) {
  std::unordered_map<std::string_view, size_t> index;
  for (size_t i = 0; i < table.chains.size(); ++i) index.emplace(table.chains[i].name, i);
  std::vector<bool> roots;
  for (size_t from = 0; from < table.chains.size(); ++from) {
    const ir::Chain& chain = table.chains[from];
    roots.push_back(chain.builtin());
    for (size_t rule = 0; rule < chain.rules.size(); ++rule) {
      const auto* jump = std::get_if<ir::Jump>(&chain.rules[rule].target.action);
      if (jump) calls_of_[from].push_back({from, rule, index.at(jump->chain)});
    }
  }

  const std::vector<size_t> order = callees_first(roots);
  for (size_t chain : order) {
    reachable_[chain] = true;
    for (const Call& call : calls_of_[chain])
      height_[chain] = std::max(height_[chain], height_[call.to] + 1);
  }
  for (auto chain = order.rbegin(); chain != order.rend(); ++chain) {
    for (const Call& call : calls_of_[*chain])
      depth_[call.to] = std::max(depth_[call.to], depth_[*chain] + 1);
  }
  for (size_t chain = 0; chain < calls_of_.size(); ++chain) {
    if (!reachable_[chain]) continue;
    calls_.insert(calls_.end(), calls_of_[chain].begin(), calls_of_[chain].end());
    for (const Call& call : calls_of_[chain]) ++callers_[call.to];
  }
}

// What the roots lead to, each chain behind all that it calls (depth first; the path is on the
// heap, since chains may nest deeper than our stack would like). Calls among chains that no packet
// reaches may go in circles: then the order means nothing, and the set still does.
std::vector<size_t> CallGraph::callees_first(const std::vector<bool>& roots) const {
  struct Place {
    size_t chain;
    size_t next = 0;
  };
  std::vector<size_t> order;
  std::vector<bool> seen(calls_of_.size());
  std::vector<Place> path;
  const auto enter = [&](size_t chain) {
    if (seen[chain]) return;
    seen[chain] = true;
    path.push_back({chain});
  };
  for (size_t root = 0; root < roots.size(); ++root) {
    if (roots[root]) enter(root);
    while (!path.empty()) {
      Place& place = path.back();
      if (place.next < calls_of_[place.chain].size()) {
        enter(calls_of_[place.chain][place.next++].to);
      } else {
        order.push_back(place.chain);
        path.pop_back();
      }
    }
  }
  return order;
}

size_t CallGraph::depth() const { return height_.empty() ? 0 : *std::ranges::max_element(depth_); }

std::vector<size_t> CallGraph::longest_path(const Call& through) const {
  std::vector<size_t> path{through.from};
  while (depth_[path.back()] > 0) {
    const size_t depth = depth_[path.back()] - 1;
    path.push_back(std::ranges::find_if(calls_, [&](const Call& call) {
                     return call.to == path.back() && depth_[call.from] == depth;
                   })->from);
  }
  std::ranges::reverse(path);
  path.push_back(through.to);
  while (height_[path.back()] > 0) {
    const size_t height = height_[path.back()] - 1;
    path.push_back(std::ranges::find_if(calls_of_[path.back()], [&](const Call& call) {
                     return height_[call.to] == height;
                   })->to);
  }
  return path;
}

std::vector<bool> CallGraph::still_named(const CallGraph& before) const {
  std::vector<bool> roots(reachable_.size());
  for (size_t i = 0; i < roots.size(); ++i) roots[i] = reachable_[i] || !before.reachable_[i];
  std::vector<bool> named(roots.size());
  for (size_t chain : callees_first(roots)) named[chain] = true;
  return named;
}

std::vector<bool> CallGraph::reached_from(size_t chain) const {
  std::vector<bool> reached(calls_of_.size(), false);
  std::vector<size_t> next{chain};
  reached[chain] = true;
  while (!next.empty()) {
    const size_t from = next.back();
    next.pop_back();
    for (const Call& call : calls_of_[from]) {
      if (reached[call.to]) continue;
      reached[call.to] = true;
      next.push_back(call.to);
    }
  }
  return reached;
}

}  // namespace bulkhead::pass
