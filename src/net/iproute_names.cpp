// SPDX-License-Identifier: GPL-2.0-or-later
// iproute2's files of names: a number, white space and a name a line, '#' before a remark.
#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <string>

#include "net/names.h"

namespace bulkhead::net {

namespace {

constexpr std::string_view kWhite = " \t\n\v\f\r";
constexpr uint32_t kLastNamed = 255;  // as iproute2 reads them

const char* file_of(Names::Iproute kind) {
  return kind == Names::Iproute::kRealm ? "/etc/iproute2/rt_realms" : "/etc/iproute2/group";
}

struct Entry {
  uint32_t number = 0;
  std::string_view name;
};

std::optional<Entry> entry_of(std::string_view line) {
  const auto skip = [&] {
    line.remove_prefix(std::min(line.find_first_not_of(kWhite), line.size()));
  };
  skip();
  const bool hex = line.starts_with("0x");
  if (hex) line.remove_prefix(2);
  Entry entry;
  const auto [stop, error] =
      std::from_chars(line.data(), line.data() + line.size(), entry.number, hex ? 16 : 10);
  if (error != std::errc() || entry.number > kLastNamed) return std::nullopt;
  line.remove_prefix(static_cast<size_t>(stop - line.data()));
  if (line.empty() || kWhite.find(line.front()) == std::string_view::npos) return std::nullopt;
  skip();
  entry.name = line.substr(0, line.find_first_of(kWhite));
  if (entry.name.empty() || entry.name.starts_with('#')) return std::nullopt;
  return entry;
}

// The first that fits; nothing if there is none, or no file.
std::optional<std::pair<uint32_t, std::string>> find(
    Names::Iproute kind, const std::function<bool(const Entry&)>& wanted) {
  std::ifstream file(file_of(kind));
  for (std::string line; std::getline(file, line);) {
    const std::optional<Entry> entry = entry_of(line);
    if (entry && wanted(*entry)) return std::pair{entry->number, std::string(entry->name)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint32_t> SystemNames::iproute_number(Iproute kind, std::string_view name) const {
  const auto found = find(kind, [&](const Entry& entry) { return entry.name == name; });
  return found ? std::optional(found->first) : std::nullopt;
}

std::optional<std::string> SystemNames::iproute_name(Iproute kind, uint32_t number) const {
  const auto found = find(kind, [&](const Entry& entry) { return entry.number == number; });
  return found ? std::optional(found->second) : std::nullopt;
}

}  // namespace bulkhead::net
