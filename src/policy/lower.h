// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Claims as constraints of the IR and as sets of packets.

#include <optional>
#include <vector>

#include "ir/condition.h"
#include "policy/claims.h"
#include "set/model.h"

namespace bulkhead::policy {

// All parts hold; of a part at least one list, whole; or, negated, none.
struct Part {
  bool negated = false;
  std::vector<std::vector<ir::Constraint>> any_of;
};

struct Packets {
  net::Direction direction = net::Direction::kInput;
  std::vector<Part> parts;
  // Only packets whose headers are all there (one without is dropped by whoever asks for it), and
  // no others.
  bool whole = false;
};

// What a claim says of one family: that these packets are blocked or pass. A connection is three
// such, the others are one; kSame is `packets` whose verdicts are compared.
struct Step {
  enum class What : uint8_t { kPackets, kFirst, kAnswer, kFollowing };
  What what = What::kPackets;
  Packets packets;
  // Of kAnswer and kFollowing: the same packets as they are where connection tracking doesn't find
  // their connection.
  std::optional<Packets> lost = {};
};
std::vector<Step> steps_of(const Claim& claim, net::Family family);

// What a model must have been asked for. Refers to fields that live for ever.
std::vector<ir::Constraint> constraints_of(const Packets& packets);

// At the hook of their direction. Needs a model with their constraints.
set::Node node_of(set::Model& model, const Packets& packets);

// The hook where a direction's filter stands.
ir::Hook hook_of(net::Direction direction);

}  // namespace bulkhead::policy
