// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/u128.h"
#include "ir/field.h"
#include "ir/value_set.h"

namespace bulkhead::ir {

// The field's bits under the mask are one of the values. A negated option is the complement of its
// values, so a field that can't be read (a port in a later fragment) satisfies neither an option
// nor its negation.
struct Constraint {
  const Field* field = nullptr;
  U128 mask = kU128Max;  // of the field's width; all ones where every bit counts
  ValueSet values;       // what (field & mask) may be

  friend bool operator==(const Constraint&, const Constraint&) = default;
};

// At least one of them holds (multiport's --ports: source or destination).
struct AnyOf {
  std::vector<Constraint> alternatives;

  friend bool operator==(const AnyOf&, const AnyOf&) = default;
};

// A protocol's match looks at its header. In a later fragment it doesn't hold; where the packet
// ends before the header does, the packet is *dropped* there and then (iptables' hotdrop), as is a
// TCP packet whose fragment offset is 1. Stands before the conditions that read the header.
struct Header {
  // 20, 8, 8, 8, 4, 12, 12, 8, 12 and 4 bytes. kAh: of IPv4; in IPv6 it is an extension header.
  enum class Form : uint8_t { kTcp, kUdp, kIcmp, kIcmp6, kPorts, kSctp, kDccp, kEsp, kAh, kIpcomp };
  Form form = Form::kTcp;
  // kTcp only: the option of this kind is there (or, negated, is not). 0: not asked. A malformed
  // option list that runs past the header drops the packet too.
  uint8_t tcp_option = 0;
  bool tcp_option_negated = false;

  friend bool operator==(const Header&, const Header&) = default;
};

// A token bucket (iptables-extensions(8), limit): holds `burst` packets, gets `rate` new ones every
// `seconds`. Stateful: never asked twice for one packet, never merged, never moved.
struct Limit {
  uint64_t rate = 0;
  uint64_t seconds = 1;
  uint32_t burst = 5;

  friend bool operator==(const Limit&, const Limit&) = default;
};

// A match of the kernel's xtables that only the kernel understands: sent as it is, an unknown to
// every analysis.
struct Opaque {
  std::string name;
  uint8_t revision = 0;
  std::vector<uint8_t> bytes;
  // Its answer depends on what came before, so it is never asked twice for one packet. False: it
  // may be, for it only looks at the packet and its surroundings.
  bool stateful = true;

  friend bool operator==(const Opaque&, const Opaque&) = default;
};

// One thing that a packet must satisfy. A new kind of stateful primitive is a new alternative;
// std::visit lists every place that must answer for it.
using Condition = std::variant<Constraint, AnyOf, Header, Limit, Opaque>;

// All of them hold, asked in this order; the first that doesn't ends the asking.
using Predicate = std::vector<Condition>;

}  // namespace bulkhead::ir
