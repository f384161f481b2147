// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/icmp_type.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/icmp_names.h"
#include "ext/argument/number.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint8_t kAnyType = 255;

std::string_view protocol_word(const Context& context) {
  return context.family == net::Family::kIpv4 ? "ICMP" : "ICMPv6";
}

std::string canonical_text(const IcmpType& type, const Context& context) {
  if (type.type == kAnyType && context.family == net::Family::kIpv4) return "any";
  if (type.first_code == 0 && type.last_code == 255) return fmt::format("{}", type.type);
  if (type.first_code == type.last_code) return fmt::format("{}/{}", type.type, type.first_code);
  return fmt::format("{}/{}:{}", type.type, type.first_code, type.last_code);
}

Result<const IcmpName*> find_name(std::string_view word, const Context& context) {
  const IcmpName* found = nullptr;
  for (const IcmpName& name : icmp_names(context.family)) {
    if (!begins_with(name.name, word)) continue;
    if (found != nullptr) {
      return usage_error(fmt::format("Ambiguous {} type `{}': `{}' or `{}'?",
                                     protocol_word(context), word, found->name, name.name));
    }
    found = &name;
  }
  return found;
}

struct ByteRange {
  uint8_t first;
  uint8_t last;
  std::string_view rest;
};

// "3" or "3:5".
std::optional<ByteRange> read_range(std::string_view text) {
  const std::optional<Number> first = leading_number(text, 255);
  if (!first) return std::nullopt;
  if (!first->rest.starts_with(':')) {
    const auto value = static_cast<uint8_t>(first->value);
    return ByteRange{value, value, first->rest};
  }
  const std::optional<Number> last = leading_number(first->rest.substr(1), 255);
  if (!last) return std::nullopt;
  return ByteRange{static_cast<uint8_t>(first->value), static_cast<uint8_t>(last->value),
                   last->rest};
}

Result<IcmpType> parse_numbers(std::string_view word, const Context& context) {
  const std::string_view protocol = protocol_word(context);
  const std::optional<ByteRange> type = read_range(word);
  if (!type) return usage_error(fmt::format("Unknown {} type `{}'", protocol, word));
  IcmpType result{type->first, 0, 255};
  std::string_view rest = type->rest;
  if (rest.starts_with('/')) {
    const std::optional<ByteRange> code = read_range(rest.substr(1));
    if (!code) return usage_error(fmt::format("Unknown {} code `{}'", protocol, word));
    result.first_code = code->first;
    result.last_code = code->last;
    rest = code->rest;
  }
  if (!rest.empty()) return usage_error(fmt::format("unknown character {}", rest.front()));
  if (type->first != type->last)
    return usage_error(fmt::format("{} type range not supported", protocol));
  return result;
}

const IcmpName* name_of(const IcmpType& type, const Context& context) {
  for (const IcmpName& name : icmp_names(context.family)) {
    if (name.type == type) return &name;
  }
  return nullptr;
}

IcmpType read_icmp_type(std::string_view canonical, const Context& context) {
  if (canonical == "any") return {kAnyType, 0, 255};
  const Result<IcmpType> type = parse_numbers(canonical, context);
  return *type;
}

}  // namespace

Result<std::string> parse_icmp_type(std::span<const std::string_view> words,
                                    const Context& context) {
  const Result<const IcmpName*> name = find_name(words[0], context);
  if (!name) return name.error();
  if (*name != nullptr) return canonical_text((*name)->type, context);
  const Result<IcmpType> type = parse_numbers(words[0], context);
  if (!type) return type.error();
  return canonical_text(*type, context);
}

Values icmp_type_values(std::string_view canonical, const Context& context) {
  if (canonical == "any") return {.values = ir::ValueSet::range(0, 0xffff)};
  const IcmpType type = read_icmp_type(canonical, context);
  // The kernel takes codes from high to low and then finds none (icmp_type_code_match of
  // ip_tables.c).
  if (type.first_code > type.last_code) return {.values = {}};
  const unsigned base = type.type * 256u;
  return {.values = ir::ValueSet::range(base + type.first_code, base + type.last_code)};
}

std::string list_icmp_type(std::string_view canonical, bool numeric, const Context& context) {
  const IcmpType type = read_icmp_type(canonical, context);
  if (!numeric) {
    if (const IcmpName* name = name_of(type, context)) return std::string(name->name);
  }
  if (type.first_code == type.last_code)
    return fmt::format("type {} code {}", type.type, type.first_code);
  if (type.first_code == 0 && type.last_code == 255) return fmt::format("type {}", type.type);
  return fmt::format("type {} codes {}-{}", type.type, type.first_code, type.last_code);
}

std::string say_icmp_type(std::string_view canonical, const Context& context) {
  const IcmpType type = read_icmp_type(canonical, context);
  if (const IcmpName* name = name_of(type, context)) return std::string(name->name);
  if (type.first_code == 0 && type.last_code == 255) return fmt::format("{}", type.type);
  if (type.first_code == type.last_code)
    return fmt::format("{} with code {}", type.type, type.first_code);
  return fmt::format("{} with codes {} to {}", type.type, type.first_code, type.last_code);
}

std::string list_icmp_match(std::string_view prefix, std::span<const ir::Argument> arguments,
                            bool numeric, const Context& context) {
  const ir::Argument& type = arguments.front();
  const std::string text = list_icmp_type(type.text, numeric, context);
  // iptables forgets the space before a number that isn't negated.
  const bool glued = !type.negated && text.starts_with("type ");
  return fmt::format("{}{}{}{}", prefix, glued ? "" : " ", type.negated ? "!" : "", text);
}

std::string icmp_type_choices() {
  return "Valid ICMP Types:\n" + icmp_name_tree(net::Family::kIpv4);
}
std::string icmp6_type_choices() {
  return "Valid ICMPv6 Types:\n" + icmp_name_tree(net::Family::kIpv6);
}

}  // namespace bulkhead::ext
