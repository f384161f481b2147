// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <optional>

#include "app/other_iptables.h"
#include "host/transaction.h"

namespace bulkhead::app {

struct ImportOptions {
  std::optional<Variant> from;  // where both hold rules, one must be chosen
  bool yes = false;             // don't ask
  bool keep = false;            // leave the old rules where they are
  std::chrono::seconds wait = host::kDefaultWait;
};

// Takes over the rules of iptables-legacy or iptables-nft: shows them, asks, loads them as ours
// with their counts in one transaction, and then removes the old ones. At no time is less enforced
// than before. A rule that can't be taken over stops it before anything is changed.
int run_import(const ImportOptions& options);

}  // namespace bulkhead::app
