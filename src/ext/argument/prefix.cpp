// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/prefix.h"

#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "net/address.h"

namespace bulkhead::ext {

Result<unsigned> parse_prefix(std::string_view word, const Context& context) {
  const unsigned bits = net::address_bits(context.family);
  if (const auto length = whole_number(word, 0, bits)) return static_cast<unsigned>(*length);
  if (const std::optional<net::Address> mask = net::parse_address(context.family, word)) {
    const net::Network network{.address = {context.family, 0}, .mask = mask->value};
    if (const std::optional<unsigned> length = network.prefix_length()) return *length;
  }
  return usage_error(
      fmt::format("{}: bad value for option \"--{}\", neither a valid network mask nor valid "
                  "CIDR (0-{}).",
                  context.row, context.option, bits));
}

}  // namespace bulkhead::ext
