// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

#include "backend/backend.h"
#include "core/result.h"

namespace bulkhead::backend::nft {

// The nf_tables of the calling thread's network namespace; the back end stays with that namespace,
// whatever thread uses it later. kSystem, with a hint, if the kernel has no netfilter. Rights are
// looked at when it is used.
Result<std::unique_ptr<Backend>> open();

}  // namespace bulkhead::backend::nft
