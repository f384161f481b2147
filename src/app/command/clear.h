// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>

#include "host/persist.h"
#include "host/transaction.h"

namespace bulkhead::app {

struct ClearOptions {
  bool saved = false;  // forget the saved rules too
  std::filesystem::path state_folder{host::kStateFolder};
  std::chrono::seconds wait = host::kDefaultWait;
};

// Takes everything of ours out of the kernel, in one transaction.
int run_clear(const ClearOptions& options);

}  // namespace bulkhead::app
