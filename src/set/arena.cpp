// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/arena.h"

#include <algorithm>
#include <cassert>
#include <unordered_set>

namespace bulkhead::set {

namespace {

constexpr Node kFree = UINT32_MAX;
constexpr size_t kFirstTable = size_t{1} << 12;
constexpr size_t kMostRemembered = size_t{1} << 21;

constexpr uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 32);
}

uint32_t hash_of(uint32_t dimension, std::span<const Edge> edges) {
  uint64_t hash = mix(0, dimension);
  for (const Edge& edge : edges) hash = mix(hash, uint64_t{edge.last} << 32 | edge.child);
  return static_cast<uint32_t>(hash >> 16);
}

struct And {
  Answer operator()(Node a, Node b) const {
    if (a == kNothing || b == kNothing) return kNothing;
    if (a == kEverything || a == b) return b;
    if (b == kEverything) return a;
    return kOpen;
  }
  Answer left(Node a) const { return a == kNothing ? Answer(kNothing) : kOpen; }
  Answer right(Node b) const { return left(b); }
};

struct Or {
  Answer operator()(Node a, Node b) const {
    if (a == kEverything || b == kEverything) return kEverything;
    if (a == kNothing || a == b) return b;
    if (b == kNothing) return a;
    return kOpen;
  }
  Answer left(Node a) const { return a == kEverything ? Answer(kEverything) : kOpen; }
  Answer right(Node b) const { return left(b); }
};

struct Minus {
  Answer operator()(Node a, Node b) const {
    if (a == kNothing || b == kEverything || a == b) return kNothing;
    if (b == kNothing) return a;
    return kOpen;
  }
  Answer left(Node a) const { return a == kNothing ? Answer(kNothing) : kOpen; }
  Answer right(Node b) const { return b == kEverything ? Answer(kNothing) : kOpen; }
};

}  // namespace

Arena::Arena(std::vector<uint32_t> atoms, const Budget& budget)
    : atoms_(std::move(atoms)), budget_(budget), table_(kFirstTable, kFree), memory_(kFirstTable) {}

size_t Arena::bytes() const {
  return nodes_.capacity() * sizeof(NodeData) + edges_.capacity() * sizeof(Edge) +
         table_.capacity() * sizeof(Node) + memory_.capacity() * sizeof(Remembered);
}

bool Arena::spend() {
  if (exhausted()) return false;
  ++steps_;
  if (steps_ > budget_.steps) limit_ = Limit::kSteps;
  constexpr uint64_t kBetweenLooks = 4096;
  if (steps_ % kBetweenLooks == 0) {
    if (bytes() > budget_.bytes) limit_ = Limit::kMemory;
    if (std::chrono::steady_clock::now() > budget_.deadline) limit_ = Limit::kTime;
  }
  return !exhausted();
}

size_t Arena::slot(uint32_t kind, Node a, Node b) const {
  return mix(mix(kind, a), b) & (memory_.size() - 1);
}

std::optional<Node> Arena::recall(uint32_t kind, uint32_t a, Node b) {
  const Remembered& found = memory_[slot(kind, a, b)];
  if (found.kind != kind || found.a != a || found.b != b) return std::nullopt;
  return found.result;
}

void Arena::remember(uint32_t kind, uint32_t a, Node b, Node result) {
  if (!exhausted()) memory_[slot(kind, a, b)] = {kind, a, b, result};
}

void Arena::grow_table() {
  table_.assign(table_.size() * 2, kFree);
  for (Node node = 0; node < nodes_.size(); ++node) {
    size_t at = nodes_[node].hash & (table_.size() - 1);
    while (table_[at] != kFree) at = (at + 1) & (table_.size() - 1);
    table_[at] = node;
  }
}

void Arena::grow_memory() {
  std::vector<Remembered> old(memory_.size() * 2);
  old.swap(memory_);
  for (const Remembered& each : old) {
    if (each.kind != UINT32_MAX) memory_[slot(each.kind, each.a, each.b)] = each;
  }
}

void Arena::push(size_t base, Edge edge) {
  if (scratch_.size() > base && scratch_.back().child == edge.child) {
    scratch_.back().last = edge.last;
  } else {
    scratch_.push_back(edge);
  }
}

Node Arena::finish(uint32_t dimension, size_t base) {
  const std::span made = std::span(scratch_).subspan(base);
  const auto take_back = [&](Node result) {
    scratch_.resize(base);
    return result;
  };
  if (exhausted()) return take_back(kNothing);
  if (made.size() == 1) return take_back(made.front().child);

  const uint32_t hash = hash_of(dimension, made);
  size_t at = hash & (table_.size() - 1);
  for (; table_[at] != kFree; at = (at + 1) & (table_.size() - 1)) {
    const Node candidate = table_[at];
    if (nodes_[candidate].hash == hash && nodes_[candidate].dimension == dimension &&
        std::ranges::equal(edges(candidate), made)) {
      return take_back(candidate);
    }
  }
  const auto fresh = static_cast<Node>(nodes_.size());
  nodes_.push_back(
      {static_cast<uint32_t>(edges_.size()), static_cast<uint32_t>(made.size()), dimension, hash});
  edges_.insert(edges_.end(), made.begin(), made.end());
  table_[at] = fresh;
  if (nodes_.size() * 3 > table_.size() * 2) grow_table();
  if (nodes_.size() > memory_.size() && memory_.size() < kMostRemembered) grow_memory();
  // A node is a number of 31 bits, its edges have 32.
  if (edges_.size() > UINT32_MAX / 2) limit_ = Limit::kMemory;
  return take_back(fresh);
}

Node Arena::node(uint32_t dimension, std::span<const Edge> edges) {
  assert(!edges.empty() && edges.back().last + 1 == atoms_[dimension]);
  const size_t base = scratch_.size();
  for (const Edge& edge : edges) push(base, edge);
  return finish(dimension, base);
}

Node Arena::intersect(Node a, Node b) {
  return apply(Op::kAnd, And{}, std::min(a, b), std::max(a, b));
}

Node Arena::unite(Node a, Node b) { return apply(Op::kOr, Or{}, std::min(a, b), std::max(a, b)); }

Node Arena::subtract(Node a, Node b) { return apply(Op::kMinus, Minus{}, a, b); }

Node Arena::unite_all(std::vector<Node> sets) {
  if (sets.empty()) return kNothing;
  for (; sets.size() > 1; sets.resize((sets.size() + 1) / 2)) {
    for (size_t i = 0; i + 1 < sets.size(); i += 2) sets[i / 2] = unite(sets[i], sets[i + 1]);
    if (sets.size() % 2 != 0) sets[sets.size() / 2] = sets.back();
  }
  return sets.front();
}

Node Arena::some(Node a, uint32_t dimension) {
  return transform(a, [&](Node node) -> std::optional<Node> {
    if (this->dimension(node) > dimension) return node;
    if (this->dimension(node) < dimension) return std::nullopt;
    std::vector<Node> children;
    for (const Edge& edge : edges(node)) children.push_back(edge.child);
    return unite_all(std::move(children));
  });
}

bool Arena::covered(Node a, std::vector<Node> sets) {
  std::map<Cover, bool> known;
  // Further down, such sets are seen before they are asked.
  if (std::ranges::any_of(sets, [&](Node set) { return set == kEverything || set == a; }))
    return true;
  sets.insert(sets.begin(), a);
  return covered(sets, known);
}

bool Arena::covered(const Cover& question, std::map<Cover, bool>& known) {
  if (question.front() == kNothing || !spend()) return true;
  uint32_t at = dimensions();
  for (const Node node : question) at = std::min(at, dimension(node));
  if (at == dimensions()) return false;  // everything, and nothing that covers it

  if (const auto found = known.find(question); found != known.end()) return found->second;
  std::vector<Side> sides;
  sides.reserve(question.size());
  for (const Node node : question) sides.emplace_back(*this, node, at);
  std::vector<uint32_t> places(question.size(), 0);
  bool all = true;
  for (uint32_t last = 0; all && last + 1 < atoms_[at];) {
    const Edge own = sides[0].edge(places[0]);
    last = own.last;
    if (own.child != kNothing) {
      Cover below;
      below.reserve(question.size());
      below.push_back(own.child);
      bool whole = false;
      for (size_t i = 1; i < sides.size(); ++i) {
        const Edge edge = sides[i].edge(places[i]);
        last = std::min(last, edge.last);
        whole |= edge.child == kEverything || edge.child == own.child;
        if (edge.child != kNothing) below.push_back(edge.child);
      }
      if (!whole) {
        std::sort(below.begin() + 1, below.end());
        below.erase(std::unique(below.begin() + 1, below.end()), below.end());
        all = covered(below, known);
      }
    }
    for (size_t i = 0; i < sides.size(); ++i) places[i] = sides[i].behind(places[i], last);
  }
  known.emplace(question, all);
  return all;
}

bool Arena::disjoint(Node a, Node b) {
  std::set<std::pair<Node, Node>> known;
  return disjoint(a, b, known);
}

bool Arena::disjoint(Node a, Node b, std::set<std::pair<Node, Node>>& known) {
  if (a == kNothing || b == kNothing) return true;
  if (a == kEverything || b == kEverything || a == b) return false;
  if (!spend() || known.contains({a, b})) return true;
  const uint32_t at = std::min(dimension(a), dimension(b));
  const Side left(*this, a, at);
  const Side right(*this, b, at);
  for (uint32_t i = 0, j = 0;;) {
    const Edge x = left.edge(i);
    const Edge y = right.edge(j);
    const uint32_t last = x.child == kNothing   ? x.last
                          : y.child == kNothing ? y.last
                                                : std::min(x.last, y.last);
    if (!disjoint(x.child, y.child, known)) return false;
    if (last + 1 == atoms_[at]) break;
    i = left.behind(i, last);
    j = right.behind(j, last);
  }
  known.insert({a, b});
  return true;
}

std::vector<Node> Arena::ends(Node node) const {
  std::unordered_set<Node> seen{node};
  std::vector<Node> waiting{node};
  std::vector<Node> found;
  while (!waiting.empty()) {
    const Node at = waiting.back();
    waiting.pop_back();
    if (is_terminal(at)) {
      found.push_back(at);
      continue;
    }
    for (const Edge& edge : edges(at))
      if (seen.insert(edge.child).second) waiting.push_back(edge.child);
  }
  return found;
}

Node Arena::at(Node function, std::span<const uint32_t> atoms) const {
  while (!is_terminal(function)) {
    const uint32_t atom = atoms[dimension(function)];
    function = std::ranges::lower_bound(edges(function), atom, {}, &Edge::last)->child;
  }
  return function;
}

std::vector<uint32_t> Arena::drawn(Node set, std::minstd_rand& random) const {
  const auto below = [&](size_t end) { return static_cast<uint32_t>(random() % end); };
  std::vector<uint32_t> atoms;
  for (const uint32_t many : atoms_) atoms.push_back(below(many));
  while (!is_terminal(set)) {
    const std::span<const Edge> those = edges(set);
    size_t edge = below(those.size());
    while (those[edge].child == kNothing) edge = (edge + 1) % those.size();
    const uint32_t first = edge == 0 ? 0 : those[edge - 1].last + 1;
    atoms[dimension(set)] = first + below(those[edge].last - first + size_t{1});
    set = those[edge].child;
  }
  return atoms;
}

std::vector<bool> Arena::project(Node a, uint32_t dimension) {
  std::vector<bool> there(atoms_[dimension], false);
  std::vector<Node> waiting{a};
  std::vector<bool> seen(nodes_.size(), false);
  while (!waiting.empty()) {
    const Node node = waiting.back();
    waiting.pop_back();
    if (node == kNothing) continue;
    if (this->dimension(node) > dimension) {
      there.assign(there.size(), true);
      break;
    }
    if (seen[node]) continue;
    seen[node] = true;
    uint32_t first = 0;
    for (const Edge& edge : edges(node)) {
      if (this->dimension(node) < dimension) {
        waiting.push_back(edge.child);
      } else if (edge.child != kNothing) {
        std::fill(there.begin() + first, there.begin() + edge.last + 1, true);
      }
      first = edge.last + 1;
    }
  }
  return there;
}

}  // namespace bulkhead::set
