// SPDX-License-Identifier: GPL-2.0-or-later
#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_classify {
namespace {

struct Class {
  uint16_t major = 0;
  uint16_t minor = 0;
};

// Hexadecimal, with or without 0x.
std::optional<uint16_t> half(std::string_view word) {
  if (word.starts_with("0x") || word.starts_with("0X")) word.remove_prefix(2);
  uint16_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::optional<Class> read(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major = half(text.substr(0, colon));
  const auto minor = half(text.substr(colon + 1));
  if (!major || !minor) return std::nullopt;
  return Class{*major, *minor};
}

// iptables takes more than 16 bits, signs, and whatever follows, and cuts it off.
Result<std::string> parse(std::span<const std::string_view> words, const Context&) {
  const std::optional<Class> given = read(words[0]);
  if (!given) return usage_error(fmt::format("Bad class value \"{}\"", words[0]));
  return fmt::format("{:04x}:{:04x}", given->major, given->minor);
}

std::string list_class(std::string_view canonical, bool, const Context&) {
  const Class given = *read(canonical);
  return fmt::format("{:x}:{:x}", given.major, given.minor);
}

constexpr ArgumentType kClass{.words = "major:minor", .parse = parse, .list = list_class};

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  const Class given = *read(arguments.front().text);
  return ir::Action{ir::Assign{
      .field = &ir::kPriority, .keep = 0, .flip = uint32_t{given.major} << 16 | given.minor}};
}

constexpr Option kOptions[] = {
    {
        .name = "set-class",
        .type = &kClass,
        .negation = Negation::kRefused,
        .required = true,
        .list = "set {}",
        .help = "the class of traffic control, two hexadecimal numbers",
        .sentence = "{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j CLASSIFY --set-class 1:a",
        .canonical = "-p tcp -j CLASSIFY --set-class 0001:000a",
        .nft = "[ immediate 0x0a000100 => reg 1 ]\n"
               "[ meta set priority with reg 1 ]",
        .hit = "tcp 192.0.2.2:40000 > 192.0.2.1:22 out eth0",
        .miss = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .table = "mangle",
        .chain = "POSTROUTING",
    },
    {
        .rule = "-p tcp -j CLASSIFY --set-class 0xFFFF:0",
        .canonical = "-p tcp -j CLASSIFY --set-class ffff:0000",
        .nft = "[ immediate 0x0000ffff => reg 1 ]\n"
               "[ meta set priority with reg 1 ]",
        .hit = "tcp [2001:db8::2]:40000 > [2001:db8::1]:22 out eth0",
        .miss = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
    },
};

constexpr Target kClassify{
    .name = "CLASSIFY",
    .hooks = "FORWARD OUTPUT POSTROUTING",
    .options = kOptions,
    .list_name = "CLASSIFY",
    .summary =
        "Puts the packet into a class of traffic control (tc(8)) and goes on with the next rule.",
    .sentence = "its class of traffic control becomes",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kClassify));

}  // namespace

const Target& row() { return kClassify; }

}  // namespace bulkhead::ext::target_classify
