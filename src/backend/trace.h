// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What becomes of live packets: the kernel tells each step that it takes with one that is traced.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "ir/condition.h"
#include "ir/ruleset.h"
#include "net/family.h"

namespace bulkhead::backend {

// Which packets of a family are traced, and from where on.
struct TraceStart {
  net::Family family = net::Family::kIpv4;
  std::vector<ir::Hook> hooks;  // where they are chosen; none: only what others have chosen
  // They are chosen when their connection is known, behind table raw; else before everything.
  bool behind_conntrack = false;
  std::vector<ir::Predicate> any_of;  // those that satisfy one of them
};

// A packet as it is where it enters a chain that hangs in a hook.
struct TracedPacket {
  std::vector<uint8_t> network;    // from the IP header on, 40 bytes at most
  std::vector<uint8_t> transport;  // from the transport header on, 20 bytes at most
  std::string in_interface;        // empty: none, or it isn't known there
  std::string out_interface;
  std::optional<ir::CtState> state;  // where the kernel tells (Linux 6.16), behind conntrack
  uint32_t mark = 0;
};

// One step with one packet, in the kernel's order.
struct TraceEvent {
  enum class Kind : uint8_t {
    kStarted,  // one of our predicates has chosen it
    kArrived,  // it has come to the end of its way: nothing has dropped it
    kRule,     // our rule `rule` matched
    kPolicy,   // no rule of ours decided; `rule` is the policy's id
    kCheck,    // our look at a header that `rule` asks for: drops where it is cut off
    kOther,    // a rule or a policy of another program's, or one that isn't ours in our table
    kNothing,  // no more than what `seen` and `hook` say
  };
  enum class Verdict : uint8_t { kGoesOn, kAccept, kDrop, kReturn, kJump, kQueue, kTaken };

  uint32_t packet = 0;  // the kernel's number for it; a later one may have the same
  net::Family family = net::Family::kIpv4;
  Kind kind = Kind::kNothing;
  Verdict verdict = Verdict::kGoesOn;
  ir::RuleId rule = ir::kNoId;
  // As nft(8) names them.
  std::string table_family{};
  std::string table{};
  std::string chain{};
  uint64_t handle = 0;  // of the rule; 0: it is the chain's policy
  // Of a chain that hangs in a hook.
  std::optional<ir::Hook> hook{};
  int32_t priority = 0;
  std::optional<TracedPacket> seen{};  // where it has just come to the chain
};

struct TraceEvents {
  std::vector<TraceEvent> events;
  // Some came faster than they were taken and are lost; the gap is behind the events that are yet
  // to be taken, and behind these where `gap` says so.
  bool lost = false;
  bool gap = false;
  // Of nf_tables, when these were told apart. Moves with any program's change.
  uint32_t generation = 0;
};

// A trace that runs for as long as this lives; what it put into the kernel goes with it, however
// the process ends.
class Tracer {
 public:
  virtual ~Tracer() = default;

  virtual int descriptor() const = 0;  // for poll(2): readable when there is something to take
  // What has come. Never waits. To be called in the network namespace where the tracer was opened.
  virtual Result<TraceEvents> take() = 0;
};

}  // namespace bulkhead::backend
