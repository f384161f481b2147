// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "host/transaction.h"
#include "net/family.h"

namespace bulkhead::app {

struct ApplyOptions {
  std::vector<std::string> files;     // "-": stdin
  std::optional<net::Family> family;  // all files are for this one
  bool test = false;                  // all but the commit
  std::chrono::seconds wait = host::kDefaultWait;
};

// Puts the files' rules in the place of what is in force for their families, in one transaction.
int run_apply(const ApplyOptions& options);

}  // namespace bulkhead::app
