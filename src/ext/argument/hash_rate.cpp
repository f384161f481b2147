// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/hash_rate.h"

#include <linux/netfilter/xt_hashlimit.h>

#include <charconv>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/rate.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint64_t kMostBurst = 1000000;

struct Multiple {
  char letter;
  uint64_t bytes;
};
constexpr Multiple kMultiples[] = {{'m', 1024 * 1024}, {'k', 1024}};

// Of the letter that the text begins with, which is taken off it.
uint64_t take_multiple(std::string_view& text) {
  for (const Multiple& multiple : kMultiples) {
    if (!text.starts_with(multiple.letter)) continue;
    text.remove_prefix(1);
    return multiple.bytes;
  }
  return 1;
}

// Digits only, for libxt_hashlimit reads a rate with atoll(3).
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

std::string multiple_text(uint64_t bytes, const Multiple* multiple) {
  return multiple == nullptr ? fmt::format("{}", bytes)
                             : fmt::format("{}{}", bytes / multiple->bytes, multiple->letter);
}

Error bad_value(std::string_view word, const Context& context) {
  return usage_error(
      fmt::format("{}: Bad value for \"--{}\" option: \"{}\"", context.row, context.option, word));
}

}  // namespace

std::optional<HashRate> read_hash_rate(std::string_view text) {
  std::optional<uint64_t> count = take_number(text);
  if (!count || *count == 0) return std::nullopt;
  if (text.empty()) return HashRate{.count = *count};
  if (text.front() == '/') {
    const std::optional<uint32_t> seconds = rate_unit(text.substr(1));
    if (!seconds) return std::nullopt;
    return HashRate{.count = *count, .seconds = *seconds};
  }
  const uint64_t multiple = take_multiple(text);
  constexpr std::string_view kASecond = "b/s";
  if (!text.starts_with(kASecond) || !begins_with("b/second", text)) return std::nullopt;
  if (*count > UINT64_MAX / multiple) return std::nullopt;
  return HashRate{.count = *count * multiple, .bytes = true};
}

std::optional<uint64_t> read_hash_burst(std::string_view text) {
  const std::optional<Number> number = leading_number(text, UINT64_MAX);
  if (!number || number->value == 0) return std::nullopt;
  std::string_view rest = number->rest;
  if (rest.empty() && number->value > kMostBurst) return std::nullopt;
  const uint64_t multiple = take_multiple(rest);
  if ((!rest.empty() && rest != "b") || number->value > UINT64_MAX / multiple) return std::nullopt;
  return number->value * multiple;
}

uint64_t cost_of_packets(const HashRate& rate) {
  return XT_HASHLIMIT_SCALE_v2 * rate.seconds / rate.count;
}

uint64_t cost_of_bytes(uint64_t bytes) {
  return UINT32_MAX / ((bytes >> XT_HASHLIMIT_BYTE_SHIFT) + 1);
}

uint64_t bytes_of_cost(uint64_t cost) { return (UINT32_MAX / cost - 1) << XT_HASHLIMIT_BYTE_SHIFT; }

std::string byte_rate_text(uint64_t cost) {
  const uint64_t bytes = bytes_of_cost(cost);
  const Multiple* shown = nullptr;
  for (const Multiple& multiple : kMultiples) {
    // In 32 bits, as libxt_hashlimit: from 4 GiB on it shows bytes.
    const uint64_t whole = bytes & static_cast<uint32_t>(~(multiple.bytes - 1));
    if (shown == nullptr && whole != 0 && cost_of_bytes(whole) == cost) shown = &multiple;
  }
  return multiple_text(bytes, shown) + "b/s";
}

std::string byte_burst_text(uint64_t cost, uint64_t times) {
  const uint64_t bytes = bytes_of_cost(cost) * times;
  const Multiple* shown = nullptr;
  for (const Multiple& multiple : kMultiples) {
    if (shown == nullptr && bytes >= multiple.bytes) shown = &multiple;
  }
  return multiple_text(bytes, shown) + "b";
}

Result<std::string> parse_hash_rate(std::span<const std::string_view> words,
                                    const Context& context) {
  const std::string_view word = words[0];
  const std::optional<HashRate> rate = read_hash_rate(word);
  // Under 16 bytes a second -S would say 0b/s.
  const bool too_slow = rate && rate->bytes && cost_of_bytes(rate->count) == UINT32_MAX;
  if (!rate || too_slow) return bad_value(word, context);
  if (!rate->bytes && cost_of_packets(*rate) == 0)
    return usage_error(fmt::format("Rate too fast \"{}\"", word));
  if (rate->bytes && cost_of_bytes(rate->count) == 0)
    return usage_error(fmt::format("Rate too high \"{}\"", word));
  return std::string(word);
}

Result<std::string> parse_hash_burst(std::span<const std::string_view> words,
                                     const Context& context) {
  if (read_hash_burst(words[0])) return std::string(words[0]);
  return usage_error(fmt::format("bad value for option \"--{}\", or out of range (1-{}).",
                                 context.option, kMostBurst));
}

Result<std::string> parse_hash_interval(std::span<const std::string_view> words,
                                        const Context& context) {
  std::string_view rest = words[0];
  const std::optional<uint64_t> seconds = take_number(rest);
  if (!seconds || !rest.empty() || *seconds == 0 || *seconds > INT32_MAX)
    return bad_value(words[0], context);
  return std::to_string(*seconds);
}

}  // namespace bulkhead::ext
