// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/nft/netlink/socket.h"
#include "backend/nft/trace_message.h"
#include "backend/nft/trace_places.h"
#include "backend/trace.h"

namespace bulkhead::backend::nft::netlink {

// Hears the kernel's trace messages through a socket that owns the table which makes it send them.
class NftTracer final : public Tracer {
 public:
  static Result<std::unique_ptr<Tracer>> open(std::span<const TraceStart> starts);

  int descriptor() const override { return events_.descriptor(); }
  Result<TraceEvents> take() override;

 private:
  NftTracer(Socket events, Socket looks) : events_(std::move(events)), looks_(std::move(looks)) {}

  Result<void> put_tables(std::span<const TraceStart> starts);
  // Looks at all rules, if any have changed since the last time.
  Result<void> look_again();

  Socket events_;
  Socket looks_;  // for questions: their answers and the events don't mix
  std::string table_;
  uint32_t generation_ = 0;
  TracePlaces places_;
  TracePlaces before_;  // of the look before
  bool lost_ = false;   // something is missing behind what is still to be taken
};

}  // namespace bulkhead::backend::nft::netlink
