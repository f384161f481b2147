// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "backend/nft/trace_message.h"

struct nlmsghdr;

namespace bulkhead::backend::nft::netlink {

// Nothing if it isn't one, or lacks what every one has.
std::optional<TraceMessage> read_trace(const nlmsghdr* message);

}  // namespace bulkhead::backend::nft::netlink
