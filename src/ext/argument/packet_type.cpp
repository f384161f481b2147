// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/packet_type.h"

#include <linux/if_packet.h>

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

struct NamedType {
  std::string_view name;
  std::string_view other_name;
  uint8_t value;
  std::string_view help;
};

constexpr NamedType kPacketTypes[] = {
    {"unicast", "host", PACKET_HOST, "to this host"},
    {"broadcast", "bcast", PACKET_BROADCAST, "to all"},
    {"multicast", "mcast", PACKET_MULTICAST, "to a group"},
    {"otherhost", "", PACKET_OTHERHOST, "to another host"},
};

const NamedType* find(std::string_view word) {
  const auto* found = std::ranges::find_if(kPacketTypes, [&](const NamedType& type) {
    return same_word(word, type.name) || (!word.empty() && same_word(word, type.other_name));
  });
  return found == std::end(kPacketTypes) ? nullptr : found;
}

}  // namespace

Result<std::string> parse_packet_type(std::span<const std::string_view> words, const Context&) {
  const NamedType* type = find(words[0]);
  if (type == nullptr) return usage_error(fmt::format("Bad packet type '{}'", words[0]));
  return std::string(type->name);
}

Values packet_type_values(std::string_view canonical, const Context&) {
  return {.values = ir::ValueSet::of(find(canonical)->value)};
}

std::string packet_type_choices() {
  std::string text = "Valid packet types:\n";
  for (const NamedType& type : kPacketTypes) {
    const std::string names = type.other_name.empty()
                                  ? std::string(type.name)
                                  : fmt::format("{} ({})", type.name, type.other_name);
    text += fmt::format("    {:<24} {}\n", names, type.help);
  }
  return text;
}

}  // namespace bulkhead::ext
