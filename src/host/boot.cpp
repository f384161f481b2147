// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/boot.h"

#include <sys/stat.h>

#include <cerrno>

#include <fmt/format.h>

#include "host/files.h"

namespace bulkhead::host {

Saved look_for_saved(const std::filesystem::path& folder) {
  Saved found;
  for (const auto& each : marker_folders(folder)) {
    struct stat status {};
    // Not only ENOENT answers "no": a marker that can't be asked for is taken to be there.
    found.marked |= stat((each / kMarkerName).c_str(), &status) == 0 || errno != ENOENT;
  }

  const auto file = folder / kSavedName;
  const auto text = read_file(file);
  if (!text) {
    if (text.error().errno_value == ENOENT && !found.marked) return found;
    found.state = Saved::State::kLost;
    found.why = text.error().errno_value == ENOENT
                    ? fmt::format("{} is missing, although rules were saved before", file.string())
                    : text.error().message;
    return found;
  }
  auto rules = parse_saved(*text);
  if (!rules) {
    found.state = Saved::State::kLost;
    found.why = fmt::format("{}: {}", file.string(), rules.error().message);
    return found;
  }
  found.state = Saved::State::kReadable;
  found.rules = *std::move(rules);
  return found;
}

}  // namespace bulkhead::host
