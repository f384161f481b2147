// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/store.h"
#include "backend/nft/open.h"

namespace bulkhead::app {

Result<std::unique_ptr<backend::Backend>> open_backend() { return backend::nft::open(); }

}  // namespace bulkhead::app
