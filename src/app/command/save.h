// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "app/store.h"
#include "host/boot.h"
#include "host/persist.h"

namespace bulkhead::app {

struct SaveOptions {
  std::filesystem::path state_folder{host::kStateFolder};
};

// What a View holds, as it is kept over a restart: without counts.
host::SavedRules rules_to_save(const View& view);

// Whether rules of this family are saved while none are loaded: something flushed them, or no boot
// has loaded them yet.
bool is_missed(const Loaded& loaded, const host::Saved& saved);

// Stores what is enforced now. Refused where a table is damaged (what it enforces can't be written
// down), or is missed: an accident that took it away mustn't take what was saved along.
int run_save(const SaveOptions& options);

}  // namespace bulkhead::app
