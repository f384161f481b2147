// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>

#include "app/config.h"
#include "host/persist.h"
#include "host/transaction.h"

namespace bulkhead::app {

struct BootOptions {
  std::filesystem::path state_folder{host::kStateFolder};
  std::filesystem::path config{kConfigFile};
  std::chrono::seconds wait = host::kDefaultWait;
};

// Loads the saved rules in one transaction. Where something was saved once and can't be loaded, the
// host is closed but for management (closed.h), that is said as loudly as the journal can, and the
// exit code is 1 so that systemd shows the unit as failed, although the firewall is up.
int run_boot(const BootOptions& options);

}  // namespace bulkhead::app
