// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/ip6_options.h"

#include <linux/netfilter_ipv6/ip6t_opts.h>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/split.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint8_t kPad1 = 0;  // RFC 8200, 4.2: the only option without a length
// What the kernel's match takes for "any length" (ip6t_hbh.c). iptables lets it be written, as if
// it were one.
constexpr uint8_t kAnyLength = UINT8_MAX;

// iptables keeps the lowest byte of any number; above one byte it is refused here.
Result<uint8_t> parse_byte(std::string_view word, std::string_view what, const Context& context) {
  const std::optional<Number> number = leading_number(word, UINT64_MAX);
  const bool digits = !word.empty() && word.front() >= '0' && word.front() <= '9';
  if (!number && !digits)
    return usage_error(fmt::format("{}: no valid digits in {} `{}'", context.row, what, word));
  if (number && !number->rest.empty())
    return usage_error(fmt::format("{}: error parsing {} `{}'", context.row, what, word));
  if (!number || number->value > UINT8_MAX)
    return usage_error(fmt::format("{} `{}' specified too big: would overflow", what, word));
  return static_cast<uint8_t>(number->value);
}

Result<std::string> parse_option(std::string_view word, bool last_there_is_room_for,
                                 const Context& context) {
  const size_t colon = word.find(':');
  if (colon != std::string_view::npos && last_there_is_room_for)
    return usage_error("too many ports specified");
  const Result<uint8_t> type = parse_byte(word.substr(0, colon), "opt", context);
  if (!type) return type.error();
  if (colon == std::string_view::npos) return fmt::format("{}", *type);

  if (*type == kPad1) {
    return usage_error(
        fmt::format("PAD0 {} got length", context.row == "dst" ? "hasn't" : "has not"));
  }
  const Result<uint8_t> length = parse_byte(word.substr(colon + 1), "length", context);
  if (!length) return length.error();
  if (*length == kAnyLength)
    return usage_error(fmt::format("{}: length `{}' can't be asked for", context.row, kAnyLength));
  return fmt::format("{}:{}", *type, *length);
}

}  // namespace

Result<std::string> parse_ip6_options(std::span<const std::string_view> words,
                                      const Context& context) {
  std::string text;
  size_t count = 0;
  for (const std::string_view word : split(words[0], ',')) {
    if (count == IP6T_OPTS_OPTSNR) return usage_error("too many addresses specified");
    Result<std::string> option = parse_option(word, ++count == IP6T_OPTS_OPTSNR, context);
    if (!option) return option.error();
    text += (count == 1 ? "" : ",") + *option;
  }
  return text;
}

std::string say_ip6_options(std::string_view canonical, const Context&) {
  std::string text;
  for (const Ip6Option& option : read_ip6_options(canonical)) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{}", option.type);
    if (option.length) text += fmt::format(" with {} bytes", *option.length);
  }
  return text;
}

std::vector<Ip6Option> read_ip6_options(std::string_view canonical) {
  std::vector<Ip6Option> options;
  for (const std::string_view word : split(canonical, ',')) {
    const size_t colon = word.find(':');
    Ip6Option option{static_cast<uint8_t>(canonical_number(word.substr(0, colon))), {}};
    if (colon != std::string_view::npos)
      option.length = static_cast<uint8_t>(canonical_number(word.substr(colon + 1)));
    options.push_back(option);
  }
  return options;
}

}  // namespace bulkhead::ext
