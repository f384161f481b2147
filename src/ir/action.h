// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/u128.h"
#include "ir/field.h"
#include "net/address.h"

namespace bulkhead::ir {

struct Continue {      // no target: the rule only counts
  uint32_t label = 0;  // an analysis' own, which tells by it which rules a packet has met; 0: none
  friend bool operator==(const Continue&, const Continue&) = default;
};
struct Accept {
  friend bool operator==(const Accept&, const Accept&) = default;
};
struct Drop {
  friend bool operator==(const Drop&, const Drop&) = default;
};
// Back to the caller; at the end of a built-in chain, its policy.
struct Return {
  friend bool operator==(const Return&, const Return&) = default;
};
// To a user chain of the same table. After a goto, the end of that chain is the end of this one
// too.
struct Jump {
  std::string chain;
  bool is_goto = false;
  friend bool operator==(const Jump&, const Jump&) = default;
};
// The kernel's own packet log (iptables-extensions(8), LOG). Does not end the walk.
struct Log {
  uint8_t level = 4;   // syslog(3)
  uint32_t flags = 0;  // XT_LOG_* of linux/netfilter/xt_LOG.h, the same bits as NF_LOG_*
  std::string prefix;
  friend bool operator==(const Log&, const Log&) = default;
};
// To whoever listens to this group of nfnetlink_log (iptables-extensions(8), NFLOG). Does not end
// the walk.
struct NetlinkLog {
  uint16_t group = 0;
  uint16_t threshold = 0;  // packets that the kernel keeps before it hands them over; 0: its own
  std::optional<uint32_t>
      size;  // bytes of the packet to hand over; not there: as many as the group wants
  std::string prefix;
  friend bool operator==(const NetlinkLog&, const NetlinkLog&) = default;
};
// Answers with a TCP reset or an ICMP(v6) "unreachable" of this code, and drops.
struct Reject {
  bool tcp_reset = false;
  uint8_t icmp_code = 3;
  friend bool operator==(const Reject&, const Reject&) = default;
};

// Changes a field of the packet, (field & keep) ^ flip, and goes on (MARK, TOS, DSCP, TTL
// --ttl-set, CLASSIFY, ECN). Checksums over it are kept right. Of the transport headers only TCP's
// is written: a packet where that isn't all there is dropped, and a later fragment left as it is.
struct Assign {
  const Field* field = nullptr;
  U128 keep = 0;
  U128 flip = 0;
  friend bool operator==(const Assign&, const Assign&) = default;
};
// Adds to a field, or takes away where `by` is negative, stops at its ends, and goes on (TTL
// --ttl-inc, HL --hl-dec).
struct Adjust {
  const Field* field = nullptr;
  int by = 0;
  friend bool operator==(const Adjust&, const Adjust&) = default;
};
// The marks of a packet and of its connection (linux/netfilter/xt_connmark.h). Nothing where there
// is no connection. Goes on.
//   kSet      connection = (connection & ~connection_mask) ^ value, then shifted
//   kSave     connection = (connection & ~connection_mask) ^ (packet & packet_mask, shifted)
//   kRestore  packet = (packet & ~packet_mask) ^ (connection & connection_mask, shifted)
struct ConnectionMark {
  enum class Mode : uint8_t { kSet, kSave, kRestore };
  Mode mode = Mode::kSet;
  uint32_t value = 0;
  uint32_t connection_mask = UINT32_MAX;
  uint32_t packet_mask = UINT32_MAX;
  int8_t shift = 0;  // in bits, to the left; negative: to the right
  friend bool operator==(const ConnectionMark&, const ConnectionMark&) = default;
};
// The security marks of a packet and of its connection (CONNSECMARK): the one that isn't there yet
// is taken from the other. Goes on.
struct ConnectionSecurityMark {
  bool restore = false;  // from the connection to the packet
  friend bool operator==(const ConnectionSecurityMark&, const ConnectionSecurityMark&) = default;
};
// Connection tracking passes the packet over (raw only). Goes on. Of Untrack, Zone and
// ConnectionTemplate the first that a packet meets stands, and a packet that has its connection
// already (through lo, from OUTPUT) keeps it: xt_CT.c and nft_ct.c ask whether the packet has one.
// To rules behind such a zone or template the packet is of a new connection, before it INVALID.
struct Untrack {
  friend bool operator==(const Untrack&, const Untrack&) = default;
};
// Connection tracking keeps the packet's connection in this zone (raw only). Goes on.
struct Zone {
  enum class Direction : uint8_t { kBoth, kOriginal, kReply };
  Direction direction = Direction::kBoth;
  bool of_mark = false;  // the lower 16 bits of the packet's mark are its number
  uint16_t number = 0;
  friend bool operator==(const Zone&, const Zone&) = default;
};
// What the packet's connection is to have if it begins with it (raw only; CT --helper, --ctevents).
// Goes on.
struct ConnectionTemplate {
  Zone zone;
  std::string helper;              // the kernel's name for it; empty: none
  uint8_t protocol = 0;            // the helper's, which is that of -p
  std::optional<uint16_t> events;  // what listeners are told of it: 1 << IPCT_*; none: as others
  friend bool operator==(const ConnectionTemplate&, const ConnectionTemplate&) = default;
};
// Network address translation (iptables-extensions(8), SNAT, DNAT, MASQUERADE, REDIRECT, NETMAP):
// the kernel's own. Decides, like Accept, and for the first packet of a connection only.
struct Nat {
  enum class Kind : uint8_t {
    kSnat,
    kDnat,
    kMasquerade,  // the source is the address of the interface that it leaves by
    kRedirect,    // the destination is this host
    kNetmap       // the upper bits are exchanged: of the source behind routing, else of the
                  // destination
  };
  struct Addresses {
    net::Address first;
    net::Address last;
    friend bool operator==(const Addresses&, const Addresses&) = default;
  };
  struct Ports {
    uint16_t first = 0;
    uint16_t last = 0;
    // Not first + something: port p becomes first + (p - base) modulo the number of ports.
    std::optional<uint16_t> base;
    friend bool operator==(const Ports&, const Ports&) = default;
  };
  Kind kind = Kind::kSnat;
  std::optional<Addresses> addresses;
  std::optional<Ports> ports;
  bool random = false;
  bool fully_random = false;
  bool persistent = false;
  friend bool operator==(const Nat&, const Nat&) = default;
};
// To a local socket without a change of the packet (iptables-extensions(8), TPROXY). Decides: drops
// where no socket takes it, else changes the mark, (mark & mark_keep) ^ mark_flip, and accepts.
struct TransparentProxy {
  std::optional<net::Address> address;  // none: of the interface that it came in by
  uint16_t port = 0;                    // 0: its own destination's
  uint32_t mark_keep = UINT32_MAX;
  uint32_t mark_flip = 0;
  friend bool operator==(const TransparentProxy&, const TransparentProxy&) = default;
};
// Overwrites TCP options of these kinds with NOPs, and goes on. A packet where the TCP header isn't
// all there is dropped, and a later fragment left as it is.
struct StripTcpOptions {
  std::vector<uint8_t> kinds;  // sorted
  friend bool operator==(const StripTcpOptions&, const StripTcpOptions&) = default;
};
// The kernel tells which rules the packet meets from here on (nf_tables' trace). Goes on.
struct Trace {
  friend bool operator==(const Trace&, const Trace&) = default;
};
// A target of the kernel's xtables that only the kernel understands: sent as it is.
struct OpaqueTarget {
  std::string name;
  uint8_t revision = 0;
  std::vector<uint8_t> bytes;
  // The walk may end here, by a verdict that can't be known (NFQUEUE, SYNPROXY). False: it goes on.
  bool decides = false;
  const Field* writes = nullptr;  // what a condition may read of what it changes; null: nothing
  friend bool operator==(const OpaqueTarget&, const OpaqueTarget&) = default;
};

using Action =
    std::variant<Continue, Accept, Drop, Return, Jump, Log, NetlinkLog, Reject, Assign, Adjust,
                 ConnectionMark, ConnectionSecurityMark, Untrack, Zone, ConnectionTemplate, Nat,
                 TransparentProxy, StripTcpOptions, Trace, OpaqueTarget>;

// What the walk does after the action.
enum class Flow : uint8_t {
  kGoesOn,   // the next rule
  kDecides,  // no further rule of this table
  kCalls,    // into another chain
  kReturns,  // out of this one
};
Flow flow_of(const Action& action);

// A condition that is asked again behind it may answer otherwise. (Nat also decides, so nothing of
// its table is asked again.)
bool changes_packet(const Action& action);

// Untrack, Zone or ConnectionTemplate.
bool says_where_tracked(const Action& action);

}  // namespace bulkhead::ir
