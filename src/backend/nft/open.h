// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <span>

#include "backend/backend.h"
#include "backend/trace.h"
#include "core/result.h"

namespace bulkhead::backend::nft {

// The nf_tables of the calling thread's network namespace; the back end stays with that namespace,
// whatever thread uses it later. kSystem, with a hint, if the kernel has no netfilter. Rights are
// looked at when it is used.
Result<std::unique_ptr<Backend>> open();

// A trace of the packets that these choose, at most one a family, in the calling thread's network
// namespace. Its table `bulkhead_trace_*` goes with it. kRefused for a condition that a trace can't
// ask for.
Result<std::unique_ptr<Tracer>> open_tracer(std::span<const TraceStart> starts);

}  // namespace bulkhead::backend::nft
