// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"
#include "host/persist.h"

namespace bulkhead::host {

// What a boot finds in the state folder.
struct Saved {
  enum class State {
    kNever,     // nothing was ever saved: nothing is enforced
    kReadable,  // `rules` are what was saved
    kLost,      // something was saved once, and now it is missing or broken: `why`
  };
  State state = State::kNever;
  SavedRules rules;
  bool marked = false;  // the marker is there
  std::string why;
};

// Never fails: whatever can't be told counts as lost, since that closes the host. A folder that
// isn't there, and has no twin marker, was never saved to.
Saved look_for_saved(const std::filesystem::path& folder);

}  // namespace bulkhead::host
