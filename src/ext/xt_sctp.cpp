// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's header is C only, and leaves a macro behind.
#define _Bool bool
#include <linux/netfilter/xt_sctp.h>
#undef _Bool
#undef bytes

#include <cstring>

#include "ext/opaque.h"
#include "ext/xt_sctp.h"

namespace bulkhead::ext {

ir::Opaque xt_sctp(const SctpChunks& chunks, bool negated) {
  return xt_match<xt_sctp_info>("sctp", 0, [&](xt_sctp_info& info) {
    constexpr size_t kWordBits = 32;
    for (size_t type = 0; type < chunks.types.size(); ++type) {
      if (chunks.types[type]) info.chunkmap[type / kWordBits] |= 1u << type % kWordBits;
    }
    // The map has room for 2048 types, and iptables sets them all for ALL: `all ALL` holds for no
    // packet, whatever it has.
    if (chunks.types.all()) std::memset(info.chunkmap, 0xff, sizeof info.chunkmap);
    switch (chunks.which) {
      case SctpChunks::Which::kAny: info.chunk_match_type = SCTP_CHUNK_MATCH_ANY; break;
      case SctpChunks::Which::kAll: info.chunk_match_type = SCTP_CHUNK_MATCH_ALL; break;
      case SctpChunks::Which::kOnly: info.chunk_match_type = SCTP_CHUNK_MATCH_ONLY; break;
    }
    for (const SctpChunks::Flags& flags : chunks.flags)
      info.flag_info[info.flag_count++] = {flags.type, flags.set, flags.mask};
    info.flags = XT_SCTP_CHUNK_TYPES;
    if (negated) info.invflags = XT_SCTP_CHUNK_TYPES;
  });
}

}  // namespace bulkhead::ext
