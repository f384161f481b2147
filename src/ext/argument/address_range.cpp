// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/address_range.h"

#include <optional>

#include <fmt/format.h>

#include "ext/error.h"
#include "net/address.h"

namespace bulkhead::ext {
namespace {

struct Words {
  std::string_view first;
  std::string_view last;
};

Words ends_of(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return {text, text};
  return {text.substr(0, dash), text.substr(dash + 1)};
}

// As iptables reads them: "10.1" is 10.1.0.0.
std::optional<net::Address> read(std::string_view word, net::Family family) {
  return net::parse_address(family, word, /*shortened=*/true);
}

struct Range {
  net::Address first;
  net::Address last;
};

Range range_of(std::string_view canonical) {
  const bool ip6 = canonical.find(':') != std::string_view::npos;
  const net::Family family = ip6 ? net::Family::kIpv6 : net::Family::kIpv4;
  const Words words = ends_of(canonical);
  return {*read(words.first, family), *read(words.last, family)};
}

}  // namespace

Result<std::string> parse_address_range(std::span<const std::string_view> words,
                                        const Context& context) {
  const Words ends = ends_of(words[0]);
  std::string canonical;
  for (const std::string_view word : {ends.first, ends.last}) {
    const std::optional<net::Address> address = read(word, context.family);
    if (!address) {
      return usage_error(fmt::format("{}: Bad value for \"--{}\" option: \"{}\"", context.row,
                                     context.option, word));
    }
    if (!canonical.empty()) canonical += '-';
    canonical += net::to_string(*address);
  }
  return canonical;
}

Values address_range_values(std::string_view canonical, const Context&) {
  const Range range = range_of(canonical);
  if (range.first.value > range.last.value) return {};
  return {.values = ir::ValueSet::range(range.first.value, range.last.value)};
}

std::string say_address_range(std::string_view canonical, const Context&) {
  const Range range = range_of(canonical);
  if (range.first == range.last) return net::to_string(range.first);
  return fmt::format("{} to {}", net::to_string(range.first), net::to_string(range.last));
}

std::string reversed_range_warning(std::string_view canonical) {
  const Range range = range_of(canonical);
  if (range.first.value <= range.last.value) return "";
  return fmt::format("xt_iprange: range {} is reversed and will never match", canonical);
}

}  // namespace bulkhead::ext
