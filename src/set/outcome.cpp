// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/outcome.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace bulkhead::set {

Outcomes::Outcomes() {
  [[maybe_unused]] const Effect none = effect({});
  [[maybe_unused]] const Node impossible = end(std::vector<Outcome>{});
  [[maybe_unused]] const Node goes_on = end(Outcome{});
  assert(none == kNoEffect && impossible == kImpossible && goes_on == kGoesOn);
}

Effect Outcomes::effect(std::vector<Write> writes) {
  std::ranges::sort(writes);
  const auto [found, fresh] =
      effect_numbers_.emplace(std::move(writes), static_cast<Effect>(effects_.size()));
  if (fresh) effects_.push_back(found->first);
  return found->second;
}

Effect Outcomes::composed(Effect first, Effect then) {
  if (first == kNoEffect) return then;
  if (then == kNoEffect) return first;
  std::vector<Write> writes = effects_[then];
  for (Write& write : writes) {
    if (write.known() || write.atom == Write::kUnknown) continue;
    // By value: a new name may move the others.
    Name changed = names_[write.atom - Write::kNamed];
    changed.before = composed(part(first, changed.reads), changed.before);
    write.atom = name(std::move(changed));
  }
  for (const Write& write : effects_[first]) {
    if (std::ranges::find(effects_[then], write.dimension, &Write::dimension) ==
        effects_[then].end())
      writes.push_back(write);
  }
  return effect(std::move(writes));
}

Effect Outcomes::named(Effect effect, const ir::Action& action, std::vector<uint32_t> reads) {
  std::vector<Write> writes = effects_[effect];
  for (Write& write : writes) {
    if (write.atom == Write::kUnknown) write.atom = name({decision(action), reads, kNoEffect});
  }
  return this->effect(std::move(writes));
}

uint32_t Outcomes::name(Name name) {
  const auto [found, fresh] =
      name_numbers_.emplace(std::move(name), Write::kNamed + static_cast<uint32_t>(names_.size()));
  if (fresh) names_.push_back(found->first);
  return found->second;
}

Effect Outcomes::part(Effect effect, const std::vector<uint32_t>& dimensions) {
  if (dimensions.empty()) return effect;
  std::vector<Write> writes = effects_[effect];
  std::erase_if(writes, [&](const Write& write) {
    return std::ranges::find(dimensions, write.dimension) == dimensions.end();
  });
  return this->effect(std::move(writes));
}

namespace {

// Kinds of which a ruleset may have thousands tell themselves apart.
size_t hash_of(const ir::Action& action) {
  const auto mixed = [](size_t hash, U128 value) {
    const auto folded = static_cast<size_t>(value ^ (value >> 64));
    return (hash ^ folded) * 0x9e3779b97f4a7c15 >> 7;
  };
  size_t hash = action.index();
  if (const auto* nat = std::get_if<ir::Nat>(&action)) {
    if (nat->addresses) hash = mixed(hash, nat->addresses->first.value);
    if (nat->ports) hash = mixed(hash, nat->ports->first);
  } else if (const auto* target = std::get_if<ir::OpaqueTarget>(&action)) {
    for (const uint8_t byte : target->bytes) hash = mixed(hash, byte);
  }
  return hash;
}

}  // namespace

uint32_t Outcomes::decision(const ir::Action& action) {
  const size_t hash = hash_of(action);
  const auto [first, last] = decision_numbers_.equal_range(hash);
  for (auto found = first; found != last; ++found)
    if (decisions_[found->second] == action) return found->second;
  const auto number = static_cast<uint32_t>(decisions_.size());
  decisions_.push_back(action);
  decision_numbers_.emplace(hash, number);
  return number;
}

Node Outcomes::end(std::vector<Outcome> possible) {
  std::ranges::sort(possible);
  possible.erase(std::unique(possible.begin(), possible.end()), possible.end());
  for (const Outcome& outcome : possible)
    any_change_ |= outcome.flow == Flow::kContinue && outcome.effect != kNoEffect;
  const auto [found, fresh] =
      set_numbers_.emplace(std::move(possible), terminal(static_cast<uint32_t>(sets_.size())));
  if (fresh) sets_.push_back(found->first);
  return found->second;
}

Node Outcomes::joined(Node a, Node b) {
  if (a == b) return a;
  std::vector<Outcome> all;
  std::ranges::set_union(possible(a), possible(b), std::back_inserter(all));
  return end(std::move(all));
}

}  // namespace bulkhead::set
