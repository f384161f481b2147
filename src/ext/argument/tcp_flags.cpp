// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/tcp_flags.h"

#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/split.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

struct Flag {
  std::string_view name;
  uint8_t bits;
};

// The bits of the header's byte 13 (RFC 9293, 3.1), in the order of -S. ECE and CWR have no name in
// iptables.
constexpr Flag kFlags[] = {{"FIN", 0x01}, {"SYN", 0x02}, {"RST", 0x04},
                           {"PSH", 0x08}, {"ACK", 0x10}, {"URG", 0x20}};
constexpr Flag kAll{"ALL", 0x3f};
constexpr Flag kNone{"NONE", 0};

Result<uint8_t> parse_flags(std::string_view word) {
  uint8_t bits = 0;
  for (const std::string_view part : split(word, ',')) {
    if (part.empty()) continue;
    const Flag* found = nullptr;
    for (const Flag& flag : kFlags) {
      if (same_word(part, flag.name)) found = &flag;
    }
    if (same_word(part, kAll.name)) found = &kAll;
    if (same_word(part, kNone.name)) found = &kNone;
    if (found == nullptr) return usage_error(fmt::format("Unknown TCP flag `{}'", part));
    bits |= found->bits;
  }
  return bits;
}

std::string print_flags(uint8_t bits) {
  std::string text;
  for (const Flag& flag : kFlags) {
    if ((bits & flag.bits) == 0) continue;
    if (!text.empty()) text += ',';
    text += flag.name;
  }
  return text.empty() ? std::string(kNone.name) : text;
}

struct Flags {
  uint8_t mask;
  uint8_t set;
};

Flags read_flags(std::string_view canonical) {
  const size_t space = canonical.find(' ');
  const Result<uint8_t> mask = parse_flags(canonical.substr(0, space));
  const Result<uint8_t> set = parse_flags(canonical.substr(space + 1));
  return {*mask, *set};
}

}  // namespace

Result<std::string> parse_tcp_flags(std::span<const std::string_view> words, const Context&) {
  if (words.size() < 2) return usage_error("--tcp-flags requires two args.");
  const Result<uint8_t> mask = parse_flags(words[0]);
  if (!mask) return mask.error();
  const Result<uint8_t> set = parse_flags(words[1]);
  if (!set) return set.error();
  return fmt::format("{} {}", print_flags(*mask), print_flags(*set));
}

Values tcp_flags_values(std::string_view canonical, const Context&) {
  const Flags flags = read_flags(canonical);
  // A flag that must be set but isn't looked at never is.
  if ((flags.set & ~flags.mask) != 0) return {.mask = flags.mask, .values = {}};
  return {.mask = flags.mask, .values = ir::ValueSet::of(flags.set)};
}

std::string list_tcp_flags(std::string_view canonical, bool numeric, const Context&) {
  const Flags flags = read_flags(canonical);
  if (numeric) return fmt::format("0x{:02X}/0x{:02X}", flags.mask, flags.set);
  return fmt::format("{}/{}", print_flags(flags.mask), print_flags(flags.set));
}

std::string say_tcp_flags(std::string_view canonical, const Context&) {
  const Flags flags = read_flags(canonical);
  return fmt::format("{} of {}", flags.set == 0 ? "none" : print_flags(flags.set),
                     print_flags(flags.mask));
}

}  // namespace bulkhead::ext
