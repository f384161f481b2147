// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/packet_trace.h"
#include "app/store.h"
#include "backend/nft/open.h"

namespace bulkhead::app {

Result<std::unique_ptr<backend::Backend>> open_backend() { return backend::nft::open(); }

Result<std::unique_ptr<backend::Tracer>> open_tracer(std::span<const backend::TraceStart> starts) {
  return backend::nft::open_tracer(starts);
}

}  // namespace bulkhead::app
