// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "support/packet_builder.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {

// A packet that waits in a queue.
struct Queued {
  uint16_t queue = 0;
  uint32_t id = 0;
  int hook = -1;  // NF_INET_PRE_ROUTING ...
  Bytes packet;   // from the IP header on

  friend bool operator==(const Queued&, const Queued&) = default;
};

// Listens to queues of nfnetlink_queue, in the namespace that the constructor's thread is in. A
// packet is there when the call that sent it has returned.
class QueueListener {
 public:
  explicit QueueListener(uint16_t first, uint16_t count = 1);

  // What waits now.
  std::vector<Queued> take();
  // When this returns the packet has gone on its way, or is gone.
  void decide(const Queued& queued, bool accept);

 private:
  UniqueFd socket_;
};

}  // namespace bulkhead::testing
