// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/xt_hashlimit.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/hash_rate.h"
#include "ext/argument/number.h"
#include "ext/argument/rate.h"
#include "ext/error.h"
#include "net/address.h"

namespace bulkhead::ext {
namespace {

constexpr uint64_t kDefaultBurst = 5;
constexpr uint64_t kMostPacketsAtOnce = 1000000;
constexpr uint32_t kMostEntries = 1048576;  // HASHLIMIT_MAX_SIZE: the kernel makes more to so many
// How long an idle entry of a rate in bytes is kept, in milliseconds: without a burst and with one.
// One of a rate in packets is kept for the rate's unit.
constexpr uint32_t kExpire = 15000;
constexpr uint32_t kExpireOfBurst = 60000;

struct Mode {
  std::string_view word;
  uint32_t bit;
};
constexpr Mode kModes[] = {
    {"srcip", XT_HASHLIMIT_HASH_SIP},
    {"srcport", XT_HASHLIMIT_HASH_SPT},
    {"dstip", XT_HASHLIMIT_HASH_DIP},
    {"dstport", XT_HASHLIMIT_HASH_DPT},
};

std::optional<uint32_t> mode_bits(std::string_view list) {
  uint32_t bits = 0;
  while (!list.empty()) {
    const size_t end = list.find_first_of(",|");
    const std::string_view word = list.substr(0, end);
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    const auto mode = std::ranges::find(kModes, word, &Mode::word);
    if (mode == std::end(kModes) && !word.empty()) return std::nullopt;
    if (mode != std::end(kModes)) bits |= mode->bit;
  }
  return bits;
}

std::string mode_text(uint32_t bits, char separator) {
  std::string text;
  for (const Mode& mode : kModes) {
    if ((bits & mode.bit) == 0) continue;
    if (!text.empty()) text += separator;
    text += mode.word;
  }
  return text;
}

// As it was given; what follows from several options comes later.
struct Given {
  HashRate rate;
  std::optional<uint64_t> burst;
  std::optional<uint32_t> expire;
  std::optional<uint32_t> interval;
};

void take(const ir::Argument& argument, Given& given, hashlimit_cfg3& config) {
  const std::string& option = argument.option;
  const auto number = [&] { return static_cast<uint32_t>(canonical_number(argument.text)); };
  if (option == "hashlimit-upto" || option == "hashlimit-above") {
    given.rate = *read_hash_rate(argument.text);
    if (option == "hashlimit-above") config.mode |= XT_HASHLIMIT_INVERT;
    if (given.rate.bytes) config.mode |= XT_HASHLIMIT_BYTES;
  }
  if (option == "hashlimit-burst") given.burst = read_hash_burst(argument.text);
  if (option == "hashlimit-mode") config.mode |= *mode_bits(argument.text);
  if (option == "hashlimit-htable-size") config.size = std::min(number(), kMostEntries);
  if (option == "hashlimit-htable-max") config.max = std::min(number(), kMostEntries);
  if (option == "hashlimit-htable-gcinterval") config.gc_interval = number();
  if (option == "hashlimit-htable-expire") given.expire = number();
  if (option == "hashlimit-srcmask") config.srcmask = static_cast<uint8_t>(number());
  if (option == "hashlimit-dstmask") config.dstmask = static_cast<uint8_t>(number());
  if (option == "hashlimit-rate-match") config.mode |= XT_HASHLIMIT_RATE_MATCH;
  if (option == "hashlimit-rate-interval") given.interval = number();
}

Result<void> settle_bytes(const Given& given, hashlimit_cfg3& config) {
  config.avg = cost_of_bytes(given.rate.count);
  config.expire = given.burst ? kExpireOfBurst : kExpire;
  if (!given.burst) return {};
  const uint64_t least = bytes_of_cost(config.avg);
  if (*given.burst < least)
    return usage_error(fmt::format("burst cannot be smaller than {}b", least));
  config.burst = *given.burst / least + (*given.burst % least == 0 ? 0 : 1);
  return {};
}

Result<void> settle_packets(const Given& given, hashlimit_cfg3& config) {
  config.avg = cost_of_packets(given.rate);
  config.expire = given.rate.seconds * 1000;
  config.burst = given.burst.value_or(kDefaultBurst);
  if (config.burst > kMostPacketsAtOnce) {
    return usage_error(fmt::format(
        "bad value for option \"--hashlimit-burst\", or out of range (1-{}).", kMostPacketsAtOnce));
  }
  return {};
}

// The rate or, where rates are matched, that of one packet, and after which time its entry expires
// unless --hashlimit-htable-expire says so.
struct Shown {
  std::string rate;
  uint32_t expire = 0;
};

Shown shown(const hashlimit_cfg3& config, uint64_t period) {
  if ((config.mode & XT_HASHLIMIT_BYTES) != 0)
    return {byte_rate_text(config.avg), config.burst == 0 ? kExpire : kExpireOfBurst};
  const RateText text = rate_of_period(period, XT_HASHLIMIT_SCALE_v2);
  return {text.text, text.seconds * 1000};
}

// In whole k or m as iptables has it, where that is read as the same burst, else to the byte.
std::string burst_text(const hashlimit_cfg3& config) {
  const uint64_t least = bytes_of_cost(config.avg);
  std::string text = byte_burst_text(config.avg, config.burst);
  const uint64_t read = *read_hash_burst(text);
  if (read >= least && (read + least - 1) / least == config.burst) return text;
  return fmt::format("{}b", least * config.burst);
}

// xt_hashlimit.c's user2credits() for HZ of 250 and 1000, in credits a microsecond. It wraps.
constexpr uint64_t kCreditsPerUnit = 137438953;

}  // namespace

Result<std::string> parse_hash_mode(std::span<const std::string_view> words,
                                    const Context& context) {
  if (const std::optional<uint32_t> bits = mode_bits(words[0])) return mode_text(*bits, ',');
  return usage_error(fmt::format("{}: Bad value for \"--{}\" option: \"{}\"", context.row,
                                 context.option, words[0]));
}

Result<hashlimit_cfg3> hashlimit_config(std::span<const ir::Argument> arguments,
                                        const Context& context) {
  const auto bits = static_cast<uint8_t>(net::address_bits(context.family));
  hashlimit_cfg3 config{};
  config.gc_interval = kHashlimitGcInterval;
  config.srcmask = config.dstmask = bits;
  Given given;
  for (const ir::Argument& argument : arguments) take(argument, given, config);
  const bool bytes = given.rate.bytes;
  if (Result<void> settled = bytes ? settle_bytes(given, config) : settle_packets(given, config);
      !settled) {
    return settled.error();
  }
  if (given.expire) config.expire = *given.expire;
  if ((config.mode & XT_HASHLIMIT_RATE_MATCH) != 0) {
    // So many in an interval, which is the rate's unit unless given, cost what as many a second do.
    config.avg /= bytes ? 1 : given.rate.seconds;
    if (config.avg == 0) return kernel_refusal(ERANGE, "so fast a rate can't be matched");
    config.interval = given.interval.value_or(bytes ? 1 : given.rate.seconds);
  }
  return config;
}

std::vector<HashlimitOption> hashlimit_options(const hashlimit_cfg3& config,
                                               const Context& context) {
  std::vector<HashlimitOption> options;
  const auto add = [&](std::string_view name, std::string text) {
    options.push_back({name, std::move(text)});
  };
  const auto add_unless = [&](std::string_view name, uint32_t value, uint32_t fallback) {
    if (value != fallback) add(name, std::to_string(value));
  };
  const bool bytes = (config.mode & XT_HASHLIMIT_BYTES) != 0;
  const Shown rate = shown(config, config.avg);
  const unsigned bits = net::address_bits(context.family);

  add((config.mode & XT_HASHLIMIT_INVERT) != 0 ? "hashlimit-above" : "hashlimit-upto", rate.rate);
  if (!bytes) add("hashlimit-burst", std::to_string(config.burst));
  if (bytes && config.burst != 0) add("hashlimit-burst", burst_text(config));
  if (std::string mode = mode_text(config.mode, ','); !mode.empty())
    add("hashlimit-mode", std::move(mode));
  add("hashlimit-name", "");
  add_unless("hashlimit-htable-size", config.size, 0);
  add_unless("hashlimit-htable-max", config.max, 0);
  add_unless("hashlimit-htable-gcinterval", config.gc_interval, kHashlimitGcInterval);
  add_unless("hashlimit-htable-expire", config.expire, rate.expire);
  add_unless("hashlimit-srcmask", config.srcmask, bits);
  add_unless("hashlimit-dstmask", config.dstmask, bits);
  if ((config.mode & XT_HASHLIMIT_RATE_MATCH) != 0) {
    add("hashlimit-rate-match", "");
    add_unless("hashlimit-rate-interval", config.interval, 1);
  }
  return options;
}

std::string list_hashlimit(const hashlimit_cfg3& config, const Context& context) {
  const bool bytes = (config.mode & XT_HASHLIMIT_BYTES) != 0;
  const bool matches_rate = (config.mode & XT_HASHLIMIT_RATE_MATCH) != 0;
  const unsigned bits = net::address_bits(context.family);
  const Shown rate = shown(config, matches_rate ? config.avg * config.interval : config.avg);

  std::string text = (config.mode & XT_HASHLIMIT_INVERT) != 0 ? "limit: above " : "limit: up to ";
  text += rate.rate;
  if (!bytes) text += fmt::format(" burst {}", config.burst);
  if (bytes && config.burst != 0) text += " burst " + byte_burst_text(config.avg, config.burst);
  if (const std::string mode = mode_text(config.mode, '-'); !mode.empty())
    text += fmt::format(" mode {}", mode);
  const auto add_unless = [&](std::string_view name, uint32_t value, uint32_t fallback) {
    if (value != fallback) text += fmt::format(" {} {}", name, value);
  };
  add_unless("htable-size", config.size, 0);
  add_unless("htable-max", config.max, 0);
  add_unless("htable-gcinterval", config.gc_interval, kHashlimitGcInterval);
  add_unless("htable-expire", config.expire, rate.expire);
  add_unless("srcmask", config.srcmask, bits);
  add_unless("dstmask", config.dstmask, bits);
  if (!matches_rate) return text;
  text += " rate-match";
  add_unless("rate-interval", config.interval, 1);
  return text;
}

Result<void> check_hashlimit(const hashlimit_cfg3& config) {
  if (config.gc_interval == 0 || config.expire == 0)
    return kernel_refusal(EINVAL,
                          "entries can't be looked after every 0 ms, nor expire after 0 ms");
  if ((config.mode & XT_HASHLIMIT_RATE_MATCH) != 0) {
    if (config.avg > UINT32_MAX) return kernel_refusal(ERANGE, "so slow a rate can't be matched");
  } else if ((config.mode & XT_HASHLIMIT_BYTES) != 0) {
    // user2credits_byte(): nothing is left of the cost.
    if (config.avg == 1) return kernel_refusal(EINVAL, "so many bytes a second can't be counted");
  } else if (config.avg * config.burst * kCreditsPerUnit < config.avg * kCreditsPerUnit) {
    return kernel_refusal(ERANGE, "so slow a rate needs a smaller --hashlimit-burst");
  }
  return {};
}

}  // namespace bulkhead::ext
