// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "app/store.h"
#include "host/persist.h"

namespace bulkhead::app {

struct SaveOptions {
  std::filesystem::path state_folder{host::kStateFolder};
};

// What a View holds, as it is kept over a restart: without counts.
host::SavedRules rules_to_save(const View& view);

// Stores what is enforced now. A damaged table is refused: what it enforces can't be written down.
int run_save(const SaveOptions& options);

}  // namespace bulkhead::app
