// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The rules that are kept over a restart: one file, so that both families are always of one moment.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace bulkhead::host {

inline constexpr std::string_view kStateFolder = "/var/lib/bulkhead";
inline constexpr std::string_view kSavedName = "saved.rules";
// Is there from the first save on. It tells a host that was never protected from one that has lost
// its rules.
inline constexpr std::string_view kMarkerName = "saved-once";
// The default state folder may be lost as a whole (/var not mounted, restored from an old backup),
// so its marker has a twin on the root file system.
inline constexpr std::string_view kMarkerTwinFolder = "/etc/bulkhead";

// iptables-save text, opaque here: whole lines, or empty where a family has no rules.
struct SavedRules {
  std::string v4;
  std::string v6;

  friend bool operator==(const SavedRules&, const SavedRules&) = default;
};

// The file's text and back. What was cut off, appended to or changed doesn't pass: its last line
// has the length and a checksum of everything before it.
std::string format_saved(const SavedRules& rules);
Result<SavedRules> parse_saved(std::string_view text);

// Puts the rules into `folder` (made, 0700, if need be), then the marker. Killed or without power
// at any moment, the folder holds the old file or the new one, whole. Errors are the file system's,
// by name.
Result<void> save(const std::filesystem::path& folder, const SavedRules& rules);
Result<void> mark_saved_once(const std::filesystem::path& folder);
// The marker's folders: `folder`, and the twin's if that is the default one.
std::vector<std::filesystem::path> marker_folders(const std::filesystem::path& folder);

// Removes file and marker: the next boot enforces nothing.
Result<void> forget_saved(const std::filesystem::path& folder);

}  // namespace bulkhead::host
