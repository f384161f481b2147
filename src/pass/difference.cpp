// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/difference.h"

#include <algorithm>
#include <set>

#include "net/packet_build.h"
#include "pass/changed_rules.h"
#include "pass/host_functions.h"
#include "pass/same_rules.h"
#include "set/cube.h"
#include "set/outcome_words.h"

namespace bulkhead::pass {

namespace {

using set::kNothing;
using set::Node;
using set::Outcome;
using set::Write;

// What stays when the packet is gone.
bool outlives_packet(const set::Model& model, const Write& write) {
  if (write.dimension == set::kDoubt) return true;
  if (write.dimension >= set::kFirstTag) return true;
  const set::Dimension& dimension = model.space().dimensions()[write.dimension];
  return dimension.kind == set::Dimension::Kind::kBits && dimension.base == ir::Base::kConntrack;
}

// A function's ends without what makes no difference to anybody.
class Canonical {
 public:
  explicit Canonical(set::Model& model) : model_(model) {}

  // Without what nobody sees. What is left may still be written to packets that have it already.
  Node plain(Node function) {
    return model_.each_end(function, [&](Outcome& outcome) { simplify(outcome); });
  }
  Node of(Node plain) {
    for (const Write& write : written_) plain = without_idle(plain, write);
    return plain;
  }

 private:
  void simplify(Outcome& outcome) {
    set::Outcomes& outcomes = model_.outcomes();
    const auto seen = outcomes.writes(outcome.effect);
    std::vector<Write> writes(seen.begin(), seen.end());
    const bool stays = set::may_pass(outcome, outcomes);
    std::erase_if(writes, [&](const Write& write) {
      // An answer that isn't known any more is only of use to the rules behind.
      return write.atom == Write::kUnknown || (!stays && !outlives_packet(model_, write));
    });
    for (const Write& write : writes) {
      if (!write.known() || write.dimension >= set::kFirstTag) continue;
      const auto& atom = model_.space().dimensions()[write.dimension].atoms[write.atom];
      if (atom.first == atom.last) written_.insert(write);
    }
    outcome.effect = outcomes.effect(std::move(writes));
  }

  // A value that the packet has already isn't written.
  Node without_idle(Node function, const Write& write) {
    set::Outcomes& outcomes = model_.outcomes();
    std::vector<bool> atoms(model_.arena().atoms(write.dimension), false);
    atoms[write.atom] = true;
    const Node there = model_.of_atoms(write.dimension, atoms);
    const Node kept = model_.each_end(function, [&](Outcome& outcome) {
      const auto seen = outcomes.writes(outcome.effect);
      std::vector<Write> writes(seen.begin(), seen.end());
      std::erase(writes, write);
      outcome.effect = outcomes.effect(std::move(writes));
    });
    return model_.joined(model_.only(there, kept),
                         model_.only(model_.arena().complement(there), function));
  }

  set::Model& model_;
  std::set<Write> written_;
};

bool doubtful(const set::Outcomes& outcomes, Node end) {
  return std::ranges::any_of(outcomes.possible(end), [&](const Outcome& outcome) {
    return std::ranges::find(outcomes.writes(outcome.effect), set::kDoubt, &Write::dimension) !=
           outcomes.writes(outcome.effect).end();
  });
}

bool passes(const set::Outcomes& outcomes, Node end) {
  return std::ranges::any_of(outcomes.possible(end),
                             [&](const Outcome& it) { return set::may_pass(it, outcomes); });
}

class Comparison {
 public:
  Comparison(set::Model& model, const ir::Ruleset& before, const ir::Ruleset& after, size_t most)
      : model_(model),
        before_(before),
        after_(after),
        most_(most),
        functions_before_(model, before),
        functions_after_(model, after) {}

  Difference run() {
    for (const ir::BuiltinTable& table : ir::builtin_tables()) {
      const ir::Table* before = before_.find(table.name);
      const ir::Table* after = after_.find(table.name);
      if (before == nullptr && after == nullptr) continue;
      model_.only_ask_of(set::kEverything);
      if (before != nullptr && after != nullptr) model_.only_ask_of(changed(*before, *after));
      for (const ir::BuiltinChain& chain : table.chains) compare(table, chain);
    }
    const auto rank = [](const ChangedPackets& it) {
      return it.passes_after && !it.passed_before   ? 0
             : it.passed_before && !it.passes_after ? 1
                                                    : 2;
    };
    std::ranges::stable_sort(found_.changes, {}, rank);
    if (!found_.changes.empty()) found_.space = model_.space();
    return std::move(found_);
  }

 private:
  // The packets that a rule which isn't the same in both may be about, whatever is written to them
  // before. All others have the same way through both tables, often nearly all of thousands of
  // rules, and need not be followed.
  Node changed(const ir::Table& before, const ir::Table& after) {
    const auto rules = changed_rules(before, after, model_.space().family());
    if (!rules) return set::kEverything;
    set::Arena& arena = model_.arena();
    std::vector<Node> asked;
    for (const ir::Rule* rule : *rules) asked.push_back(model_.concerned(*rule));
    Node packets = arena.unite_all(std::move(asked));
    std::set<uint32_t> written;
    for (const ir::Table* table : {&before, &after}) {
      for (const ir::Chain& chain : table->chains) {
        for (const ir::Rule& rule : chain.rules) {
          for (const uint32_t dimension : model_.written_by(rule)) written.insert(dimension);
        }
      }
    }
    for (const uint32_t dimension : written) packets = arena.some(packets, dimension);
    return packets;
  }

  // Of the packets that come to the hook, those that the chain is asked of. nat: a connection's
  // first packet, which is whole (fragments are put together before), and no ICMP error: that is
  // translated as the connection that it is about (nf_nat_inet_fn and
  // nf_nat_icmp_reply_translation).
  Node coming(const ir::BuiltinTable& table, const ir::BuiltinChain& chain) {
    const Node here = model_.at_hook(chain.hook);
    if (table.name != "nat") return here;
    set::Arena& arena = model_.arena();
    constexpr auto kNew = static_cast<U128>(ir::CtState::kNew);
    constexpr auto kRelated = static_cast<U128>(ir::CtState::kRelated);
    const Node related = arena.subtract(
        model_.of({&ir::kCtState, UINT32_MAX, ir::ValueSet::of(kRelated)}),
        model_.of({&ir::kProtocol, 0xff,
                   ir::ValueSet({{net::kIcmp, net::kIcmp}, {net::kIcmp6, net::kIcmp6}})}));
    const Node first =
        arena.unite(related, model_.of({&ir::kCtState, UINT32_MAX, ir::ValueSet::of(kNew)}));
    return arena.intersect(arena.intersect(here, first), model_.of_shapes({set::Shape::kWhole}));
  }

  struct Pair {
    Node before;
    Node after;
  };

  void compare(const ir::BuiltinTable& table, const ir::BuiltinChain& chain) {
    const std::string name(table.name);
    const Node a = functions_before_.at(name, chain.hook);
    const Node b = functions_after_.at(name, chain.hook);
    const Node here = coming(table, chain);
    if (a != b) {
      Canonical canonical(model_);
      const Pair plain{canonical.plain(a), canonical.plain(b)};
      const Pair exact{canonical.of(plain.before), canonical.of(plain.after)};
      Node differ = model_.arena().intersect(model_.differing(exact.before, exact.after), here);
      // Told as what rules write, or else each mark that a packet may have already is a change of
      // its own. What nat writes is a translation, which is compared exactly.
      const Pair& told = table.name == "nat" ? exact : plain;
      // What no one can say: whoever asked for an unknown value may have gone either way. Surely
      // different is what has no outcome in common.
      while (differ != kNothing && !model_.exhausted())
        differ = tell(table, chain, here, told, differ);
    }
    if (same_chains(name)) return;
    const Node doubt = model_.arena().intersect(here, model_.arena().unite(doubted(a), doubted(b)));
    if (doubt != kNothing) note_unknown(table, chain, here, doubt);
  }

  // The packets that change as one of `differ` does. Gives what is left.
  Node tell(const ir::BuiltinTable& table, const ir::BuiltinChain& chain, Node here,
            const Pair& functions, Node differ) {
    set::Arena& arena = model_.arena();
    const auto some = set::witness(model_, differ);
    if (!some) return kNothing;
    const Pair ends{set::at(model_, functions.before, *some),
                    set::at(model_, functions.after, *some)};
    const Node alike =
        arena.intersect(differ, arena.intersect(ending(functions.before, ends.before),
                                                ending(functions.after, ends.after)));
    const Node left = arena.subtract(differ, alike);
    if (!surely_different(ends)) return left;
    const Node changed = arena.subtract(alike, translated_alike(ends));
    if (changed == kNothing) return left;
    // Whole packets and later fragments are what people speak of; what is cut off comes by itself.
    const Node usual =
        arena.intersect(here, model_.of_shapes({set::Shape::kWhole, set::Shape::kLaterFragment}));
    describe(table, chain, usual, ends, arena.intersect(changed, usual));
    if (arena.disjoint(changed, usual)) describe(table, chain, here, ends, changed);
    return left;
  }

  // Packets that both ends let pass and leave where they go, though a translation says so: the
  // kernel translates nothing then (nf_nat_setup_info).
  Node translated_alike(const Pair& ends) {
    const auto a = model_.outcomes().possible(ends.before);
    const auto b = model_.outcomes().possible(ends.after);
    if (a.size() != 1 || b.size() != 1 || a[0].effect != b[0].effect) return kNothing;
    const ir::Action before = model_.outcomes().action(a[0].decision);
    const ir::Action after = model_.outcomes().action(b[0].decision);
    return model_.arena().intersect(not_translated(before), not_translated(after));
  }

  Node not_translated(const ir::Action& action) {
    if (std::holds_alternative<ir::Accept>(action)) return set::kEverything;
    const auto* nat = std::get_if<ir::Nat>(&action);
    if (nat == nullptr || nat->random || nat->fully_random) return kNothing;
    const bool source = nat->kind == ir::Nat::Kind::kSnat;
    if (!source && nat->kind != ir::Nat::Kind::kDnat) return kNothing;
    set::Arena& arena = model_.arena();
    Node same = set::kEverything;
    const auto keep = [&](const ir::Field& field, U128 first, U128 last) {
      const U128 all = low_bits(field.location(model_.space().family()).width);
      same = first == last
                 ? arena.intersect(same, model_.of({&field, all, ir::ValueSet::of(first)}))
                 : kNothing;
    };
    if (nat->addresses) {
      keep(source ? ir::kSource : ir::kDestination, nat->addresses->first.value,
           nat->addresses->last.value);
    }
    if (nat->ports)
      keep(source ? ir::kSourcePort : ir::kDestinationPort, nat->ports->first, nat->ports->last);
    return same;
  }

  void describe(const ir::BuiltinTable& table, const ir::BuiltinChain& chain, Node care,
                const Pair& ends, Node packets) {
    if (packets == kNothing || model_.exhausted()) return;
    const set::Cover cover = set::cover(model_, packets, care, most_);
    if (cover.rest != kNothing) return add(table, chain, ends, packets, hull(packets), false);
    for (const set::Cube& cube : cover.cubes) {
      const Node inside = model_.arena().intersect(packets, set::node_of(model_, cube));
      add(table, chain, ends, inside, cube, true);
    }
  }

  void add(const ir::BuiltinTable& table, const ir::BuiltinChain& chain, const Pair& ends,
           Node packets, const set::Cube& cube, bool exact) {
    const auto witness = set::witness(model_, simplest(chain, packets));
    if (!witness) return;
    const set::Outcomes& outcomes = model_.outcomes();
    found_.changes.push_back({.table = std::string(table.name),
                              .chain = std::string(chain.name),
                              .hook = chain.hook,
                              .packets = set::words(model_.space(), cube),
                              .exact = exact,
                              .witness = *witness,
                              .before = set::words(model_.space(), outcomes, ends.before),
                              .after = set::words(model_.space(), outcomes, ends.after),
                              .passed_before = passes(outcomes, ends.before),
                              .passes_after = passes(outcomes, ends.after)});
  }

  // At POSTROUTING those that are sent from here, if there are some: nothing has to be said of
  // where they came in.
  Node simplest(const ir::BuiltinChain& chain, Node packets) {
    if (chain.hook != ir::Hook::kPostrouting) return packets;
    const Node sent = model_.arena().intersect(
        packets, model_.of({&ir::kInInterface, kU128Max, ir::ValueSet::of(0)}));
    return sent == kNothing ? packets : sent;
  }

  // What all of the packets have in common, without what excludes but a few values.
  set::Cube hull(Node packets) {
    set::Cube cube;
    for (uint32_t i = 0; i < model_.arena().dimensions(); ++i) {
      set::Cube::Side side{i, model_.arena().project(packets, i)};
      const set::Dimension& dimension = model_.space().dimensions()[i];
      if (std::ranges::find(side.atoms, false) != side.atoms.end() &&
          telling(dimension, side.atoms))
        cube.sides.push_back(std::move(side));
    }
    return cube;
  }

  static bool telling(const set::Dimension& dimension, const std::vector<bool>& atoms) {
    if (dimension.kind == set::Dimension::Kind::kAnswer) return atoms[1];
    constexpr unsigned kWide = 16;
    if (dimension.kind != set::Dimension::Kind::kBits || dimension.width < kWide) return true;
    U128 values = 0;
    U128 excluded = 0;
    for (size_t i = 0; i < atoms.size(); ++i) {
      const U128 more = dimension.atoms[i].last - dimension.atoms[i].first + 1;
      values += more >> 4;
      if (!atoms[i]) excluded += more;
    }
    return excluded > values;
  }

  void note_unknown(const ir::BuiltinTable& table, const ir::BuiltinChain& chain, Node here,
                    Node packets) {
    const set::Cover cover = set::cover(model_, packets, here, 1);
    const std::string words =
        cover.cubes.empty() ? "some" : set::words(model_.space(), cover.cubes.front());
    found_.unknown.push_back({std::string(table.name), std::string(chain.name),
                              cover.rest == kNothing ? words : words + ", and others"});
  }

  Node ending(Node function, Node end) {
    return model_.arena().transform(function, [&](Node node) -> std::optional<Node> {
      if (!set::is_terminal(node)) return std::nullopt;
      return node == end ? set::kEverything : kNothing;
    });
  }

  Node doubted(Node function) {
    return model_.arena().transform(function, [&](Node node) -> std::optional<Node> {
      if (!set::is_terminal(node)) return std::nullopt;
      return doubtful(model_.outcomes(), node) ? set::kEverything : kNothing;
    });
  }

  bool surely_different(const Pair& ends) const {
    const set::Outcomes& outcomes = model_.outcomes();
    if (!doubtful(outcomes, ends.before) && !doubtful(outcomes, ends.after)) return true;
    const auto a = outcomes.possible(ends.before);
    const auto b = outcomes.possible(ends.after);
    return std::ranges::none_of(a, [&](const Outcome& x) {
      return std::ranges::any_of(b, [&](const Outcome& y) { return x.decision == y.decision; });
    });
  }

  bool same_chains(const std::string& table) const {
    const ir::Table* a = before_.find(table);
    const ir::Table* b = after_.find(table);
    if (a == nullptr || b == nullptr) return false;
    return std::ranges::equal(a->chains, b->chains, [](const ir::Chain& x, const ir::Chain& y) {
      return x.name == y.name && x.policy == y.policy &&
             std::ranges::equal(x.rules, y.rules, same_rule);
    });
  }

  set::Model& model_;
  const ir::Ruleset& before_;
  const ir::Ruleset& after_;
  size_t most_;
  HostFunctions functions_before_;
  HostFunctions functions_after_;
  Difference found_;
};

}  // namespace

Result<Difference> difference(const ir::Ruleset& before, const ir::Ruleset& after,
                              const DifferenceOptions& options) {
  if (same_rules(before, after)) return Difference{};
  Difference found;
  const auto done = analyse(
      {&before, &after},
      {.limits = options.limits,
       .more = {},
       .named_unknowns = true,
       .same = same_memories(before, after)},
      [&](set::Model& model) { found = Comparison(model, before, after, options.most).run(); });
  if (!done) return done.error();
  return found;
}

}  // namespace bulkhead::pass
