// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/ip_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "ext/argument/split.h"
#include "ext/error.h"
#include "net/ip_set.h"

namespace bulkhead::ext {
namespace {

constexpr size_t kMaxParts = 6;  // IPSET_DIM_MAX of linux/netfilter/ipset/ip_set.h

Result<void> check_name(std::string_view name) {
  if (name.size() > net::kMaxIpSetName) {
    return usage_error(
        fmt::format("setname `{}' too long, max {} characters.", name, net::kMaxIpSetName));
  }
  // ipset takes any name; of these, what -S prints could not be read back.
  const auto is_bad = [](unsigned char c) {
    return c <= ' ' || c == 0x7f || c == '"' || c == '\'' || c == '\\';
  };
  if (name.empty() || std::ranges::any_of(name, is_bad)) {
    return usage_error(
        fmt::format("the set's name `{}' has a character that -S can't print", name));
  }
  return {};
}

}  // namespace

Result<std::string> parse_ip_set(std::span<const std::string_view> words, const Context& context) {
  if (words.size() < 2) return usage_error(fmt::format("--{} requires two args.", context.option));
  if (Result<void> named = check_name(words[0]); !named) return named.error();
  const auto parts = split(words[1], ',');
  const auto is_part = [](std::string_view part) { return part == "src" || part == "dst"; };
  if (!std::ranges::all_of(parts, is_part)) {
    return usage_error(
        "You must spefify (the comma separated list of) 'src' or 'dst'.");  // iptables' own words
  }
  if (parts.size() > kMaxParts)
    return usage_error(fmt::format("Can't be more src/dst options than {}.", kMaxParts));
  return fmt::format("{} {}", words[0], words[1]);
}

std::string say_ip_set(std::string_view canonical, const Context&) {
  const size_t space = canonical.find(' ');
  return fmt::format("{} ({})", canonical.substr(0, space), canonical.substr(space + 1));
}

IpSetUse read_ip_set(std::string_view canonical) {
  const size_t space = canonical.find(' ');
  IpSetUse use{.set = canonical.substr(0, space)};
  for (const std::string_view part : split(canonical.substr(space + 1), ',')) {
    ++use.parts;
    if (part == "src") use.sources |= static_cast<uint8_t>(1u << use.parts);
  }
  return use;
}

}  // namespace bulkhead::ext
