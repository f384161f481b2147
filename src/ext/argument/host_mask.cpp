// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/host_mask.h"

#include <algorithm>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/prefix.h"
#include "ext/error.h"

namespace bulkhead::ext {

// Numbers as getaddrinfo(3) takes them ("10.1", "0x0a000001") are left to it.
Result<net::Address> parse_host(std::string_view word, const Context& context) {
  if (const auto address = net::parse_address(context.family, word)) return *address;
  const Result<std::vector<net::Address>> found = context.names->host(context.family, word);
  if (!found) return usage_error("getaddrinfo: " + found.error().message);
  if (found->empty()) return usage_error("getaddrinfo: Name or service not known");
  const auto differs = [&](const net::Address& other) { return other != found->front(); };
  if (std::ranges::any_of(*found, differs))
    return usage_error(fmt::format("{} resolves to more than one address", word));
  return found->front();
}

Result<std::string> parse_host_mask(std::span<const std::string_view> words,
                                    const Context& context) {
  const std::string_view word = words[0];
  const size_t slash = word.find('/');
  const Result<net::Address> address = parse_host(word.substr(0, slash), context);
  if (!address) return address.error();
  if (slash == std::string_view::npos) return net::to_string(*address);

  const Result<unsigned> length = parse_prefix(word.substr(slash + 1), context);
  if (!length) return length.error();
  if (*length == net::address_bits(context.family)) return net::to_string(*address);
  return fmt::format("{}/{}", net::to_string(*address), *length);
}

HostMask read_host_mask(std::string_view canonical, net::Family family) {
  const size_t slash = canonical.find('/');
  const net::Address address = net::parse_address(family, canonical.substr(0, slash)).value();
  const unsigned length =
      slash == std::string_view::npos
          ? net::address_bits(family)
          : static_cast<unsigned>(canonical_number(canonical.substr(slash + 1)));
  return {address, net::prefix_mask(family, length)};
}

Values host_mask_values(std::string_view canonical, const Context& context) {
  const auto [address, mask] = read_host_mask(canonical, context.family);
  const U128 first = address.value & mask;
  const U128 rest = low_bits(net::address_bits(context.family)) & ~mask;
  return {.values = ir::ValueSet::range(first, first | rest)};
}

// Any address of all zeros is "anywhere", whatever its mask.
std::string list_host_mask(std::string_view canonical, bool numeric, const Context& context) {
  if (numeric) return std::string(canonical);
  const net::Address address = read_host_mask(canonical, context.family).address;
  if (address.value == 0) return "anywhere";
  const size_t slash = canonical.find('/');
  const std::string_view mask =
      slash == std::string_view::npos ? std::string_view() : canonical.substr(slash);
  const auto name = context.names == nullptr ? std::nullopt : context.names->host_name(address);
  return fmt::format("{}{}", name.value_or(net::to_string(address)), mask);
}

std::string say_host_mask(std::string_view canonical, const Context&) {
  return std::string(canonical);
}

}  // namespace bulkhead::ext
