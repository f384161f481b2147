// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Interval decision diagrams: functions over the dimensions of a Space, each node asking for one
// dimension and sending intervals of its atoms on. They are hash-consed, so equal functions are
// equal numbers; see docs/packet-sets.md.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bulkhead::set {

// A diagram of an Arena, or one of its ends. A set of packets ends in kNothing and kEverything; the
// ends of other functions are the numbers that their maker gives them.
using Node = uint32_t;

inline constexpr Node kTerminalBit = Node{1} << 31;
constexpr Node terminal(uint32_t value) { return value | kTerminalBit; }
constexpr bool is_terminal(Node node) { return (node & kTerminalBit) != 0; }
constexpr uint32_t value_of(Node end) { return end & ~kTerminalBit; }
inline constexpr Node kNothing = terminal(0);
inline constexpr Node kEverything = terminal(1);

// Atoms up to and with `last`, from where the edge before ends, lead to `child`.
struct Edge {
  uint32_t last = 0;
  Node child = kNothing;
  friend bool operator==(const Edge&, const Edge&) = default;
};

// What an operation knows of two diagrams before it looks into them.
using Answer = std::optional<Node>;
inline constexpr Answer kOpen = std::nullopt;

struct Budget {
  size_t bytes = size_t{1} << 30;  // of the arena's own memory
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  uint64_t steps = UINT64_MAX;  // of operations; the same on every machine
};

// What an operation on two diagrams does at their ends. `settle` gives the result where it is known
// without going further down; it must where both are terminals.
enum class Op : uint32_t {
  kAnd,
  kOr,
  kMinus,
  kDiffers,
  kGuard,
  kSequence,
  kJoin,
  kReplace,
  kOnly,
  kBehind
};

// Owns every node that it makes until it dies, all at once. When its budget is used up it says so
// and gives worthless answers quickly: look at exhausted() before you believe one.
class Arena {
 public:
  enum class Limit : uint8_t { kNone, kMemory, kTime, kSteps };

  Arena(std::vector<uint32_t> atoms,
        const Budget& budget);  // how many each dimension has, 1 or more
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  Limit limit() const { return limit_; }
  bool exhausted() const { return limit_ != Limit::kNone; }
  size_t bytes() const;
  size_t nodes() const { return nodes_.size(); }
  uint64_t steps() const { return steps_; }

  uint32_t atoms(uint32_t dimension) const { return atoms_[dimension]; }
  uint32_t dimensions() const { return static_cast<uint32_t>(atoms_.size()); }
  // The dimension that the node asks for; of a terminal: dimensions().
  uint32_t dimension(Node node) const {
    return is_terminal(node) ? dimensions() : nodes_[node].dimension;
  }
  std::span<const Edge> edges(Node node) const {
    return std::span(edges_).subspan(nodes_[node].first, nodes_[node].count);
  }

  // The edges cover all atoms in order; neighbours may lead to the same child.
  Node node(uint32_t dimension, std::span<const Edge> edges);

  // op(a, b) of every packet. Settle: (a, b) -> std::optional<Node>, and what one side says alone:
  // left(a) and right(b).
  template <class Settle> Node apply(Op op, const Settle& settle, Node a, Node b);
  // The function whose ends, or whole parts, are changed: Change: (Node) -> std::optional<Node>,
  // the result where it is known without going further down. Not remembered beyond the call.
  template <class Change> Node transform(Node node, const Change& change);

  // On sets.
  Node intersect(Node a, Node b);
  Node unite(Node a, Node b);
  Node subtract(Node a, Node b);
  Node complement(Node a) { return subtract(kEverything, a); }
  Node unite_all(std::vector<Node> sets);  // as a tree of pairs
  // What is in `a` for some atom of the dimension.
  Node some(Node a, uint32_t dimension);

  // Whether every packet of `a` is in one of the sets. Makes no nodes; soon done where it isn't so.
  bool covered(Node a, std::vector<Node> sets);

  // Whether no packet is in both. Makes no nodes.
  bool disjoint(Node a, Node b);

  // The end that the function comes to at a packet: an atom for each dimension.
  Node at(Node function, std::span<const uint32_t> atoms) const;
  // A packet of a set that isn't empty, another one each time.
  std::vector<uint32_t> drawn(Node set, std::minstd_rand& random) const;

  // The atoms for which some packet of the set is there.
  std::vector<bool> project(Node a, uint32_t dimension);

  // The ends of the function, each once.
  std::vector<Node> ends(Node node) const;
  // What apply() remembers, for other operations: `kind` is an Op.
  std::optional<Node> recall(uint32_t kind, uint32_t a, Node b);
  void remember(uint32_t kind, uint32_t a, Node b, Node result);

 private:
  struct NodeData {
    uint32_t first = 0;  // in edges_
    uint32_t count = 0;
    uint32_t dimension = 0;
    uint32_t hash = 0;
  };
  struct Remembered {
    uint32_t kind = UINT32_MAX;
    Node a = 0, b = 0, result = 0;
  };

  // The edges of an operand, or the one edge of an operand that doesn't ask for the dimension. By
  // number: what is made further down may move them.
  class Side {
   public:
    Side(const Arena& arena, Node node, uint32_t at)
        : arena_(arena),
          asks_(arena.dimension(node) == at),
          whole_{arena.atoms_[at] - 1, node},
          first_(asks_ ? arena.nodes_[node].first : 0),
          count_(asks_ ? arena.nodes_[node].count : 1) {}
    Edge edge(uint32_t i) const { return asks_ ? arena_.edges_[first_ + i] : whole_; }
    // The edge, from the i-th on, that atoms behind `last` take.
    uint32_t behind(uint32_t i, uint32_t last) const {
      if (!asks_ || edge(i).last > last) return i;
      if (edge(i).last == last) return i + 1;
      uint32_t step = 1;
      while (i + step < count_ && edge(i + step).last <= last) step *= 2;
      const auto from = arena_.edges_.begin() + first_ + i + step / 2;
      const auto to = arena_.edges_.begin() + first_ + std::min(i + step, count_);
      return static_cast<uint32_t>(std::ranges::upper_bound(from, to, last, {}, &Edge::last) -
                                   arena_.edges_.begin()) -
             first_;
    }

   private:
    const Arena& arena_;
    bool asks_;
    Edge whole_;
    uint32_t first_;
    uint32_t count_;
  };

  using Cover = std::vector<Node>;  // a set, then those that may cover it, sorted
  bool covered(const Cover& question, std::map<Cover, bool>& known);
  bool disjoint(Node a, Node b, std::set<std::pair<Node, Node>>& known);

  bool spend();
  void grow_table();
  void grow_memory();
  size_t slot(uint32_t kind, Node a, Node b) const;
  void push(size_t base, Edge edge);
  Node finish(uint32_t dimension, size_t base);

  std::vector<uint32_t> atoms_;
  Budget budget_;
  Limit limit_ = Limit::kNone;
  uint64_t steps_ = 0;
  std::vector<NodeData> nodes_;
  std::vector<Edge> edges_;
  std::vector<Node> table_;         // of all nodes, open addressing; UINT32_MAX: free
  std::vector<Remembered> memory_;  // direct-mapped
  std::vector<Edge> scratch_;       // edges of the nodes that are being made
};

template <class Settle> Node Arena::apply(Op op, const Settle& settle, Node a, Node b) {
  if (const std::optional<Node> done = settle(a, b)) return *done;
  if (!spend()) return kNothing;
  if (const auto known = recall(static_cast<uint32_t>(op), a, b)) return *known;

  const uint32_t at = std::min(dimension(a), dimension(b));
  const Side left(*this, a, at);
  const Side right(*this, b, at);
  const size_t base = scratch_.size();
  const uint32_t end = atoms_[at] - 1;
  for (uint32_t i = 0, j = 0;;) {
    const Edge x = left.edge(i);
    const Edge y = right.edge(j);
    // Where one side says it all, the other's edges, often thousands, aren't looked at.
    const std::optional<Node> left_says = settle.left(x.child);
    const std::optional<Node> right_says = left_says ? std::nullopt : settle.right(y.child);
    const uint32_t last = left_says ? x.last : right_says ? y.last : std::min(x.last, y.last);
    const Node child = left_says    ? *left_says
                       : right_says ? *right_says
                                    : apply(op, settle, x.child, y.child);
    push(base, {last, child});
    if (last == end) break;
    i = left.behind(i, last);
    j = right.behind(j, last);
  }
  const Node made = finish(at, base);
  remember(static_cast<uint32_t>(op), a, b, made);
  return made;
}

template <class Change> Node Arena::transform(Node node, const Change& change) {
  std::unordered_map<Node, Node> done;
  const auto walk = [&](const auto& self, Node at) -> Node {
    if (const auto known = done.find(at); known != done.end()) return known->second;
    if (const std::optional<Node> changed = change(at)) {
      done.emplace(at, *changed);
      return *changed;
    }
    if (is_terminal(at)) return at;
    if (!spend()) return kNothing;
    const size_t base = scratch_.size();
    for (uint32_t i = 0; i < nodes_[at].count; ++i) {
      const Edge edge = edges_[nodes_[at].first + i];
      const Node child = self(self, edge.child);
      push(base, {edge.last, child});
    }
    const Node made = finish(nodes_[at].dimension, base);
    done.emplace(at, made);
    return made;
  };
  return walk(walk, node);
}

}  // namespace bulkhead::set
