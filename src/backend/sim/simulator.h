// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The reference: what a ruleset does with one packet, written to be obviously right. No step is
// shared with the compiled form; iptables-legacy and the kernel are compared with it.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/ruleset.h"
#include "net/packet.h"

namespace bulkhead::backend::sim {

// A packet at a hook, with what the kernel knows beside its bytes.
struct Packet {
  std::vector<uint8_t> bytes;  // from the IP header on
  ir::Hook hook = ir::Hook::kInput;
  std::string in_interface;  // empty where the hook has none
  std::string out_interface;
  ir::CtState state = ir::CtState::kNew;
  uint32_t mark = 0;
  std::optional<uint32_t> priority;  // ir::Meta::kPriority
  // What isn't said here is unknown: conditions that ask for it are put to the Oracle.
  std::map<ir::Conntrack, U128> connection;  // all but kState
  std::map<ir::Route, uint32_t> routes;
  std::optional<uint8_t> packet_type;        // ir::Meta::kPacketType
  std::optional<uint16_t> in_device_type;    // ir::Meta::kInDeviceType
  std::optional<std::vector<uint8_t>> link;  // the link's header; empty: there is none

  bool connected() const {
    return state != ir::CtState::kInvalid && state != ir::CtState::kUntracked;
  }
};

enum class Truth : uint8_t { kNo, kYes, kUnknown };

// A rule (or a policy) that was asked, and what became of it.
struct Met {
  const ir::Chain* chain = nullptr;
  size_t rule = 0;  // index in chain->rules; rules.size(): the policy
  Truth matched = Truth::kNo;
  unsigned depth = 0;    // how many user chains deep
  bool hotdrop = false;  // the packet was dropped while it was asked: its header is cut off
};

enum class Verdict : uint8_t { kAccept, kDrop, kReject };

constexpr std::string_view verdict_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccept: return "accepted";
    case Verdict::kDrop: return "dropped";
    case Verdict::kReject: break;
  }
  return "rejected";
}

struct Outcome {
  Verdict verdict = Verdict::kAccept;
  ir::Action decided_by;   // Accept, Drop or Reject
  std::vector<Met> trace;  // every rule that was asked, in order
  bool depends = false;  // a condition that can't be known here (limit, an opaque match) was asked
  Packet packet;         // as it leaves the table
  // What translates the packet's connection, if that decided: the packet has its addresses and
  // ports as far as there is only one of them to choose.
  std::optional<ir::Nat> translated;
};

// How a condition that the packet alone doesn't decide is answered (Limit, Opaque). The default
// says yes to a Limit (its bucket is full) and kUnknown-as-no to an Opaque, and marks the outcome
// as `depends`.
using Oracle = std::function<Truth(const ir::Rule&, const ir::Condition&)>;

// What the packet meets at `packet.hook` in one table ("filter"); a table that isn't there accepts.
// What a target writes, the rules behind it read. A target that only the kernel knows is taken for
// one that does nothing, and marks the outcome as `depends` where it may decide.
// Needs verified rules (every jump has its chain, no loops) and a packet of their family with a
// whole IP header.
Outcome evaluate(const ir::Ruleset& rules, std::string_view table, const Packet& packet,
                 const Oracle& oracle = {});

// Adds the packet's length to the counters of every rule and policy that counted it.
void count(const Outcome& outcome, const Packet& packet, ir::Table& table);

}  // namespace bulkhead::backend::sim
