// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/ipsec.h"

#include <netinet/in.h>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/protocol.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

// One of two words; `error` goes before a wrong one.
Result<std::string> one_of(std::string_view word, std::string_view a, std::string_view b,
                           std::string_view error) {
  if (word == a || word == b) return std::string(word);
  return usage_error(fmt::format("{} \"{}\"", error, word));
}

}  // namespace

Result<std::string> parse_ipsec_direction(std::span<const std::string_view> words, const Context&) {
  return one_of(words[0], "in", "out", "policy_match: invalid dir");
}

Result<std::string> parse_ipsec_policy(std::span<const std::string_view> words, const Context&) {
  return one_of(words[0], "none", "ipsec", "policy match: invalid policy");
}

Result<std::string> parse_ipsec_mode(std::span<const std::string_view> words, const Context&) {
  return one_of(words[0], "tunnel", "transport", "policy match: invalid mode");
}

Result<std::string> parse_spi(std::span<const std::string_view> words, const Context& context) {
  const auto number = parse_number(words[0], 0, UINT32_MAX, context);
  if (!number) return number.error();
  return fmt::format("{:#x}", canonical_number(*number));
}

uint32_t spi_of(std::string_view canonical) {
  return static_cast<uint32_t>(whole_number(canonical, 0, UINT32_MAX).value_or(0));
}

Result<std::string> parse_ipsec_protocol(std::span<const std::string_view> words,
                                         const Context& context) {
  const auto number = protocol_number(words[0], *context.names);
  if (!number) return usage_error(fmt::format("unknown protocol \"{}\" specified", words[0]));
  if (*number != IPPROTO_AH && *number != IPPROTO_ESP && *number != IPPROTO_COMP)
    return usage_error("policy match: protocol must be ah/esp/ipcomp");
  return net::protocol_text(*number, *context.names);
}

uint8_t ipsec_protocol_of(std::string_view canonical, const Context& context) {
  return protocol_number(canonical, *context.names).value_or(0);
}

std::string list_ipsec_protocol(std::string_view canonical, bool numeric, const Context& context) {
  if (!numeric || context.names == nullptr) return std::string(canonical);
  return fmt::format("{}", ipsec_protocol_of(canonical, context));
}

}  // namespace bulkhead::ext
