// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "backend/sim/simulator.h"
#include "core/u128.h"
#include "ir/condition.h"
#include "net/packet.h"

namespace bulkhead::backend::sim {

// What a packet answers to one condition.
enum class Answer : uint8_t {
  kNo,
  kYes,
  kDropped,  // the header that was asked for is cut off: the packet is dropped here (hotdrop)
  kAsk,      // the packet alone doesn't say: a Limit, an Opaque, a field that is not simulated
};

// A packet taken apart, to be asked by conditions.
class Reading {
 public:
  // Keeps a reference to the packet. `layout` is that of its bytes.
  Reading(const Packet& packet, const net::Layout& layout) : packet_(packet), layout_(layout) {}

  Answer ask(const ir::Condition& condition) const;

 private:
  // What a field holds: unreadable (none, and no condition on it holds), or unknown here, or the
  // packet is dropped by the asking.
  struct Held {
    std::optional<U128> value;
    bool unknown = false;
    bool drops = false;
  };
  Held look_at(const ir::Location& where) const;
  Held look_at(ir::Meta key) const;
  Held look_at(ir::Conntrack key) const;

  Answer ask_one(const ir::Constraint& constraint) const;
  Answer ask_any(const ir::AnyOf& any) const;
  Answer ask_header(const ir::Header& header) const;
  Answer ask_tcp_option(const ir::Header& header) const;
  // Of the packet's bytes, from its IP header on.
  std::optional<U128> bits(size_t first, unsigned width) const;
  bool has_transport(size_t size) const;

  const Packet& packet_;
  const net::Layout& layout_;
};

}  // namespace bulkhead::backend::sim
