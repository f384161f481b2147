// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/trace_places.h"

#include <linux/netfilter.h>

#include <algorithm>

#include "backend/nft/chain_name.h"
#include "backend/nft/expr.h"
#include "backend/nft/family_word.h"
#include "backend/nft/trace_table.h"

namespace bulkhead::backend::nft {
namespace {

using Kind = TraceEvent::Kind;
using Outcome = TraceEvent::Verdict;

Outcome verdict_of(const TraceMessage& message) {
  // The number of a queue stands in its upper half.
  const auto code = message.verdict;
  if (code >= 0) {
    switch (code & NF_VERDICT_MASK) {
      case NF_DROP: return Outcome::kDrop;
      case NF_ACCEPT: return Outcome::kAccept;
      case NF_QUEUE: return Outcome::kQueue;
      default: return Outcome::kTaken;
    }
  }
  switch (static_cast<VerdictCode>(code)) {
    case VerdictCode::kJump:
    case VerdictCode::kGoto: return Outcome::kJump;
    case VerdictCode::kReturn: return Outcome::kReturn;
    default: return Outcome::kGoesOn;
  }
}

std::optional<ir::CtState> state_of(uint32_t bits) {
  for (const auto state : {ir::CtState::kInvalid, ir::CtState::kEstablished, ir::CtState::kRelated,
                           ir::CtState::kNew, ir::CtState::kUntracked}) {
    if (bits == static_cast<uint32_t>(state)) return state;
  }
  return {};
}

}  // namespace

TracePlaces::TracePlaces(std::string own_table, std::span<const KernelTable> ours,
                         std::span<const HookedChain> hooked)
    : own_table_(std::move(own_table)) {
  for (const KernelTable& table : ours) add(table);
  for (const HookedChain& chain : hooked) {
    const bool inet = chain.family == NFPROTO_IPV4 || chain.family == NFPROTO_IPV6 ||
                      chain.family == NFPROTO_INET;
    if (!inet || chain.hook > static_cast<uint32_t>(ir::Hook::kPostrouting)) continue;
    hooks_[{chain.family, chain.table, chain.chain}] = {static_cast<ir::Hook>(chain.hook),
                                                        chain.priority};
  }
}

// Of our rules only a check has no id of its own: it stands for the next one's header. The jump of
// a base chain has none either, and means nothing by itself; nor does what is asked of table raw's
// rules a second time.
void TracePlaces::add(const KernelTable& table) {
  const auto family = static_cast<uint8_t>(table.family);
  for (const KernelChain& chain : table.chains) {
    const std::string name = in_epoch(0, chain.name);
    const bool check_chain = name.starts_with("check/");
    const bool tracking = name.starts_with(kTrackingPrefix) || name.starts_with(kGivingPrefix);
    const ir::RuleId owner = rule_of_action_chain(name);
    ir::RuleId next = ir::kNoId;
    for (auto at = chain.rules.rbegin(); at != chain.rules.rend(); ++at) {
      const KernelRule& rule = *at;
      Place place{.kind = Kind::kRule, .rule = rule.id};
      if (tracking) {
        place.kind = Kind::kNothing;
      } else if (owner != ir::kNoId) {
        place.rule = owner;
      } else if (check_chain) {
        place.kind = Kind::kCheck;
      } else if (chain.base) {
        place.kind = rule.id == ir::kNoId ? Kind::kNothing : Kind::kPolicy;
      } else if (rule.id == ir::kNoId) {
        place = {.kind = Kind::kCheck, .rule = next};
      } else {
        next = rule.id;
      }
      rules_[{family, rule.handle}] = {chain.name, place};
    }
  }
}

bool TracePlaces::is_ours(const TraceMessage& message) const {
  return message.table == kTableName &&
         (message.table_family == NFPROTO_IPV4 || message.table_family == NFPROTO_IPV6);
}

std::optional<TracePlaces::Place> TracePlaces::place(const TraceMessage& message) const {
  const auto found = rules_.find({message.table_family, message.handle});
  if (found == rules_.end() || found->second.first != message.chain) return {};
  return found->second.second;
}

std::optional<TraceEvent> TracePlaces::event(const TraceMessage& message,
                                             const TracePlaces* before) const {
  if (message.packet_family != NFPROTO_IPV4 && message.packet_family != NFPROTO_IPV6) return {};
  TraceEvent event{.packet = message.packet,
                   .family = static_cast<net::Family>(message.packet_family),
                   .verdict = verdict_of(message),
                   .table_family = family_word(message.table_family),
                   .table = message.table,
                   .chain = message.chain,
                   .handle = message.handle};
  const ChainKey key{message.table_family, message.table, message.chain};
  if (const auto hook = hooks_.find(key); hook != hooks_.end())
    std::tie(event.hook, event.priority) =
        std::pair(std::optional(hook->second.first), hook->second.second);
  if (!message.network.empty()) {
    event.seen = TracedPacket{.network = message.network,
                              .transport = message.transport,
                              .state = state_of(message.connection_state),
                              .mark = message.mark};
  }

  if (is_trace_table(message.table)) {
    if (message.table != own_table_) return {};
    const bool end = message.chain.starts_with("end_");
    if (end && event.seen) event.kind = Kind::kArrived;
    if (!end && message.handle != 0) event.kind = Kind::kStarted;
    event.verdict = Outcome::kGoesOn;
    return event.kind == Kind::kNothing ? std::nullopt : std::optional(std::move(event));
  }
  const bool policy = message.type == TraceMessage::Type::kPolicy;
  if (message.handle == 0 && !policy) return event;  // a chain came to its end
  event.kind = Kind::kOther;
  if (!is_ours(message)) return event;
  auto found = place(message);
  if (!found && before != nullptr) found = before->place(message);
  if (found) {
    event.kind = found->kind;
    event.rule = found->rule;
  }
  return event;
}

}  // namespace bulkhead::backend::nft
