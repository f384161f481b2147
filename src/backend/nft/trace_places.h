// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What the places that trace messages name are to us. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "backend/nft/kernel_table.h"
#include "backend/nft/trace_message.h"
#include "backend/trace.h"

namespace bulkhead::backend::nft {

// A chain of anybody's that hangs in a hook.
struct HookedChain {
  uint8_t family = 0;  // NFPROTO_*
  std::string table;
  std::string chain;
  uint32_t hook = 0;  // NF_INET_* but in families where it isn't
  int32_t priority = 0;
};

// One look at all the rules.
class TracePlaces {
 public:
  TracePlaces() = default;
  // own_table: the name of the trace's table.
  TracePlaces(std::string own_table, std::span<const KernelTable> ours,
              std::span<const HookedChain> hooked);

  // The step that a message tells of; nothing where it is no business of this trace. A handle that
  // isn't known here is looked for in `before`, if given: a rule may go between its match and our
  // look. The names of interfaces are left to the caller.
  std::optional<TraceEvent> event(const TraceMessage& message,
                                  const TracePlaces* before = nullptr) const;

 private:
  struct Place {
    TraceEvent::Kind kind = TraceEvent::Kind::kNothing;
    ir::RuleId rule = ir::kNoId;
  };
  using HandleKey = std::pair<uint8_t, uint64_t>;  // family, handle
  using ChainKey = std::tuple<uint8_t, std::string, std::string>;

  void add(const KernelTable& table);
  std::optional<Place> place(const TraceMessage& message) const;
  bool is_ours(const TraceMessage& message) const;

  std::string own_table_;
  std::map<HandleKey, std::pair<std::string, Place>> rules_;  // with the chain's name
  std::map<ChainKey, std::pair<ir::Hook, int32_t>> hooks_;
};

}  // namespace bulkhead::backend::nft
