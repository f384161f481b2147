// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "support/packet_builder.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {

// One `log group` that a packet met.
struct LogEvent {
  std::string_view prefix;
  int hook = -1;  // NF_INET_PRE_ROUTING ...
  uint32_t in_index = 0;
  uint32_t out_index = 0;
  uint32_t mark = 0;
  Bytes packet;  // from the IP header on, cut at the rule's snaplen
};

// What NFLOG sends to one group of the namespace that the constructor's thread is in. (LOG would be
// silent there.) The kernel sends each event while the packet is in the hook, not later: a queue of
// one. With a longer queue it sends them when the queue is full, or as many as a rule asks for.
class NflogReader {
 public:
  explicit NflogReader(uint16_t group, uint32_t queue = 1);

  // Hands out what is there now; gives how many there were. A SupportError if events were lost.
  size_t drain(const std::function<void(const LogEvent&)>& take);
  // Waits for at least one.
  bool wait(int milliseconds);

 private:
  UniqueFd socket_;
  Bytes buffer_;
};

// Deletes all connections that conntrack knows. In the constructor's thread's namespace, as above.
class ConntrackFlusher {
 public:
  ConntrackFlusher();
  void flush();

 private:
  UniqueFd socket_;
};

}  // namespace bulkhead::testing
