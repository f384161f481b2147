// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of packets though no rule says it: how they are when they come, and which of them a
// host can't do without.
#include <algorithm>

#include "app/audit/packets.h"
#include "ext/argument/state.h"
#include "pass/host_functions.h"
#include "policy/own_connection.h"
#include "set/extension_headers.h"
#include "set/witness.h"

namespace bulkhead::app::audit {

namespace {

using ir::CtState;
using ir::ValueSet;
using net::Direction;
using set::Node;

// Calls `what` for each match that is one question to the kernel.
template <class What> void each_question(const ir::Ruleset& rules, const What& what) {
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        for (const ir::Match& match : rule.matches) {
          if (match.predicate.size() != 1) continue;
          const auto* const opaque = std::get_if<ir::Opaque>(&match.predicate.front());
          if (opaque != nullptr && !opaque->stateful) what(match, set::question_of(*opaque));
        }
      }
    }
  }
}

bool translates(const ir::Ruleset& rules) {
  const ir::Table* const nat = rules.find("nat");
  return nat != nullptr && pass::translates(*nat);
}

}  // namespace

net::Network global_network() {
  return {{net::Family::kIpv6, U128{0x2000} << 112}, net::prefix_mask(net::Family::kIpv6, 3)};
}

bool routes_loopback(net::Family family, const HostFacts* host) {
  if (host == nullptr || family != net::Family::kIpv4) return false;
  return std::ranges::any_of(host->sysctls, [&](const auto& setting) {
    return setting.first.ends_with(".route_localnet") &&
           host->sysctl(setting.first).value_or(0) != 0;
  });
}

bool routes_loopback(const Rules& rules) { return routes_loopback(rules.rules.family, rules.host); }

Node Packets::answering(const std::string& question, bool answer) {
  return model_.of_atoms(*model_.space().answer(question), {!answer, answer});
}

// Marks are made here: the network carries none. Whether a connection is translated is not asked of
// its first packet before a rule has done it, and its addresses and ports are that packet's.
Node Packets::fresh() {
  if (fresh_) return *fresh_;
  Node result = of(ir::kPacketMark, ValueSet::of(0));
  const Node first = states({CtState::kNew});
  result = all(
      {result, arena().unite(arena().complement(first), of(ir::kConnectionMark, ValueSet::of(0)))});
  const Node later =
      translates(rules_) ? states({CtState::kEstablished, CtState::kRelated}) : set::kNothing;
  const Node translated =
      model_.of({&ir::kCtStatus, ir::kTranslatedStatus, ValueSet::of(0).complement(32)});
  result = arena().subtract(result, arena().subtract(translated, later));
  each_question(rules_, [&](const ir::Match& match, const std::string& question) {
    if (match.name != "conntrack" || match.arguments.size() != 1) return;
    const ir::Argument& argument = match.arguments.front();
    if (argument.option != "ctstate") return;
    constexpr uint32_t kTranslated = ext::kSourceTranslated | ext::kDestinationTranslated;
    const uint32_t asked = ext::read_states(argument.text) & ~kTranslated;
    Node holds = set::kNothing;
    for (const CtState state : {CtState::kInvalid, CtState::kEstablished, CtState::kRelated,
                                CtState::kNew, CtState::kUntracked}) {
      if ((asked & static_cast<uint32_t>(state)) != 0)
        holds = arena().unite(holds, states({state}));
    }
    if (argument.negated) holds = arena().complement(holds);
    const Node yes = answering(question, true);
    const Node as_asked =
        arena().unite(arena().intersect(holds, yes),
                      arena().intersect(arena().complement(holds), arena().complement(yes)));
    result = arena().intersect(result, arena().unite(as_asked, later));
  });
  fresh_ = arena().subtract(result, policy::not_its_own(model_));
  return *fresh_;
}

Node Packets::ordinary(Direction direction) {
  const Node result = set::without_extension_headers(model_);
  if (host_ == nullptr || direction == Direction::kForward) return result;
  Node ours = set::kNothing;
  for (const std::string& interface : interfaces_with_addresses(family(), host_)) {
    const ir::Field& field = direction == Direction::kInput ? ir::kInInterface : ir::kOutInterface;
    ours = arena().unite(ours, of(field, ValueSet::of(set::interface_value(interface))));
  }
  return ours == set::kNothing ? result : arena().intersect(result, ours);
}

Node Packets::untranslated_way(Direction direction) {
  if (!translates(rules_)) return way(direction);
  auto& known = untranslated_ways_[static_cast<size_t>(direction)];
  if (known) return *known;
  if (!untranslated_) {
    without_nat_ = rules_;
    std::erase_if(without_nat_.tables, [](const ir::Table& it) { return it.name == "nat"; });
    untranslated_.emplace(model_, without_nat_);
  }
  known = untranslated_->on_the_way(direction);
  return *known;
}

Node Packets::untranslated_may_pass(Direction direction) {
  return model_.where(untranslated_way(direction), [&](std::span<const set::Outcome> possible) {
    return std::ranges::any_of(
        possible, [&](const set::Outcome& it) { return set::may_pass(it, model_.outcomes()); });
  });
}

Node Packets::untranslated_may_stop(Direction direction) {
  return model_.where(untranslated_way(direction), [&](std::span<const set::Outcome> possible) {
    return std::ranges::any_of(
        possible, [&](const set::Outcome& it) { return set::may_stop(it, model_.outcomes()); });
  });
}

Node Packets::by_some_interface(Node passing) {
  if (host_ != nullptr) return passing;
  for (const set::Segment& segment : model_.space().segments(ir::kInInterface))
    passing = arena().some(passing, segment.dimension);
  return passing;
}

double Packets::share(Node set, std::span<const ir::Field* const> fields) {
  if (family() == net::Family::kIpv4) return set::share(model_, set, fields);
  // Of IPv6, 2000::/3 is given out.
  const net::Network global[] = {global_network()};
  return 8 * set::share(model_, arena().intersect(set, source_in(global)), fields);
}

double Packets::sources(Node set) {
  static constexpr const ir::Field* kFields[] = {&ir::kSource};
  if (set == set::kNothing) return 0;
  const auto [at, fresh] = sources_.try_emplace(set, 0);
  if (fresh) at->second = share(set, kFields);
  return at->second;
}

bool Packets::from_any(Node set) {
  // An organisation has at most a /13 of IPv6, a registry a /12: the 512th part of 2000::/3.
  return sources(set) > (family() == net::Family::kIpv4 ? 1.0 / 16 : 1.0 / 1024);
}

bool Packets::from_few(Node set) { return sources(set) <= 1.0 / 16; }

}  // namespace bulkhead::app::audit
