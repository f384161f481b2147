// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/persist.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>

#include <fmt/format.h>

#include "host/files.h"

namespace bulkhead::host {

namespace {

constexpr std::string_view kHead =
    "# Rules of bulkhead, format 1. Written by `bulkhead save`, loaded by `bulkhead boot`.\n"
    "# Not to be edited: a file that doesn't fit its last line counts as lost, and the host is\n"
    "# closed at boot. Change the rules with iptables or `bulkhead apply`, then save again.\n";
constexpr std::string_view kEnd = "# end ";

// FNV-1a, 64 bits: against accidents, not against an attacker (who would need to be root to write
// here).
uint64_t checksum(std::string_view text) {
  uint64_t sum = 0xcbf29ce484222325;
  for (const char c : text) {
    sum ^= static_cast<unsigned char>(c);
    sum *= 0x100000001b3;
  }
  return sum;
}

std::string trailer(std::string_view body) {
  return fmt::format("{}{} bytes, checksum {:016x}\n", kEnd, body.size(), checksum(body));
}

Error broken(std::string_view why) {
  return {.kind = ErrorKind::kDamaged,
          .message = fmt::format("the saved rules are broken: {}", why),
          .hint = "put rules in force (iptables-restore, bulkhead apply), then `bulkhead save`"};
}

// The length leads, so that nothing within the rules (a comment can hold any byte) ends them early.
std::string section(std::string_view family, std::string_view rules) {
  return fmt::format("# family {}, {} bytes\n{}", family, rules.size(), rules);
}

std::optional<std::string> take_section(std::string_view family, std::string_view& rest) {
  const std::string head = fmt::format("# family {}, ", family);
  if (!rest.starts_with(head)) return {};
  size_t size = 0;
  const char* const end = rest.data() + rest.size();
  const auto number = std::from_chars(rest.data() + head.size(), end, size);
  rest.remove_prefix(static_cast<size_t>(number.ptr - rest.data()));
  constexpr std::string_view kUnit = " bytes\n";
  if (number.ec != std::errc{} || !rest.starts_with(kUnit)) return {};
  rest.remove_prefix(kUnit.size());
  if (size > rest.size()) return {};
  std::string rules(rest.substr(0, size));
  rest.remove_prefix(size);
  return rules;
}

}  // namespace

std::string format_saved(const SavedRules& rules) {
  std::string text = std::string(kHead) + section("ip", rules.v4) + section("ip6", rules.v6);
  return text + trailer(text);
}

Result<SavedRules> parse_saved(std::string_view text) {
  if (!text.ends_with('\n')) return broken("the end is missing");
  const size_t last = text.substr(0, text.size() - 1).rfind('\n') + 1;
  std::string_view body = text.substr(0, last);
  if (!text.substr(last).starts_with(kEnd)) return broken("the end is missing");
  if (text.substr(last) != trailer(body)) {
    return broken("length or checksum are wrong, so something else has changed the file");
  }
  if (!body.starts_with(kHead))
    return broken("they are of a format that this version doesn't know");
  body.remove_prefix(kHead.size());
  auto v4 = take_section("ip", body);
  auto v6 = take_section("ip6", body);
  if (!v4 || !v6 || !body.empty())
    return broken("its sections don't have the lengths that they name");
  return SavedRules{.v4 = *std::move(v4), .v6 = *std::move(v6)};
}

std::vector<std::filesystem::path> marker_folders(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> folders{folder};
  if (folder == kStateFolder) folders.emplace_back(kMarkerTwinFolder);
  return folders;
}

Result<void> mark_saved_once(const std::filesystem::path& folder) {
  Result<void> marked;
  for (const auto& each : marker_folders(folder)) {
    auto written = write_file_atomically(
        each, kMarkerName,
        "Rules were saved on this host. If saved.rules is lost, `bulkhead boot` closes the host\n"
        "instead of leaving it open. `bulkhead clear --saved` forgets them.\n");
    // The twin only makes it surer: /etc may be read-only.
    if (each == folder) marked = std::move(written);
  }
  return marked;
}

Result<void> save(const std::filesystem::path& folder, const SavedRules& rules) {
  if (auto written = write_file_atomically(folder, kSavedName, format_saved(rules)); !written) {
    return written;
  }
  return mark_saved_once(folder);
}

Result<void> forget_saved(const std::filesystem::path& folder) {
  // The marker last: between the two the host is one that has lost its rules, which is the safe
  // side.
  std::vector<std::filesystem::path> files{folder / kSavedName};
  for (const auto& each : marker_folders(folder)) files.push_back(each / kMarkerName);
  for (const auto& path : files) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return file_error("remove", path, errno);
  }
  return {};
}

}  // namespace bulkhead::host
