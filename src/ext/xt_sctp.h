// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ext/argument/sctp_chunks.h"
#include "ext/row.h"

namespace bulkhead::ext {

// The kernel's own match, asked for nothing but the chunks, which may stand anywhere in the packet.
ir::Opaque xt_sctp(const SctpChunks& chunks, bool negated);

}  // namespace bulkhead::ext
