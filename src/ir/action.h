// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace bulkhead::ir {

struct Continue {  // no target: the rule only counts
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

using Action = std::variant<Continue, Accept, Drop, Return, Jump, Log, NetlinkLog, Reject>;

}  // namespace bulkhead::ir
