// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/ip6_addresses.h"

#include <linux/netfilter_ipv6/ip6t_rt.h>

#include <fmt/format.h>

#include "ext/argument/split.h"
#include "ext/error.h"

namespace bulkhead::ext {

Result<std::string> parse_ip6_addresses(std::span<const std::string_view> words, const Context&) {
  std::string text;
  size_t count = 0;
  for (const std::string_view word : split(words[0], ',')) {
    if (count++ == IP6T_RT_HOPS) return usage_error("too many addresses specified");
    const auto address = net::parse_address(net::Family::kIpv6, word);
    if (!address) return usage_error(fmt::format("bad address: {}", word));
    text += (count == 1 ? "" : ",") + net::to_string(*address);
  }
  return text;
}

std::vector<net::Address> read_ip6_addresses(std::string_view canonical) {
  std::vector<net::Address> addresses;
  for (const std::string_view word : split(canonical, ','))
    addresses.push_back(net::parse_address(net::Family::kIpv6, word).value());
  return addresses;
}

}  // namespace bulkhead::ext
