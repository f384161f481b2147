// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/protocol.h"

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {

std::optional<uint8_t> protocol_number(std::string_view word, const net::Names& names) {
  if (const auto number = whole_number(word, 0, UINT8_MAX)) return static_cast<uint8_t>(*number);
  if (const auto number = net::builtin_protocol(word)) return number;
  return names.protocol(word);
}

Result<std::string> parse_protocol(std::span<const std::string_view> words,
                                   const Context& context) {
  if (const auto number = protocol_number(words[0], *context.names))
    return fmt::format("{}", *number);
  return usage_error(fmt::format("unknown protocol \"{}\" specified", words[0]));
}

std::string say_protocol(std::string_view canonical, const Context& context) {
  const auto number = static_cast<uint8_t>(canonical_number(canonical));
  return context.names == nullptr ? std::string(canonical)
                                  : net::protocol_text(number, *context.names);
}

}  // namespace bulkhead::ext
