// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/ip6_headers.h"

#include <linux/netfilter_ipv6/ip6t_ipv6header.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/split.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

struct Header {
  std::string_view name;  // of /etc/protocols, where that has one; what is printed
  std::string_view short_names[2];
  uint8_t number;
  uint8_t bit;
};

// In the order of -S.
constexpr Header kHeaders[] = {
    {"hop-by-hop", {"hop", "0"}, IPPROTO_HOPOPTS, MASK_HOPOPTS},
    {"ipv6-opts", {"dst", "60"}, IPPROTO_DSTOPTS, MASK_DSTOPTS},
    {"ipv6-route", {"route", "43"}, IPPROTO_ROUTING, MASK_ROUTING},
    {"ipv6-frag", {"frag", "44"}, IPPROTO_FRAGMENT, MASK_FRAGMENT},
    {"ah", {"auth", "51"}, IPPROTO_AH, MASK_AH},
    {"esp", {"esp", "50"}, IPPROTO_ESP, MASK_ESP},
    {"ipv6-nonxt", {"none", "59"}, IPPROTO_NONE, MASK_NONE},
    {"protocol", {"prot", "255"}, IPPROTO_RAW, MASK_PROTO},
};

const Header* find_header(std::string_view word) {
  const auto* found = std::ranges::find_if(kHeaders, [&](const Header& header) {
    return header.name == word || std::ranges::count(header.short_names, word) != 0;
  });
  return found == std::end(kHeaders) ? nullptr : found;
}

// Another name of /etc/protocols: "IPv6-Opts", "hopopt".
Result<const Header*> find_by_number(std::string_view word, const Context& context) {
  const std::optional<uint8_t> number = context.names->protocol(word);
  if (!number) return usage_error(fmt::format("unknown header `{}' specified", word));
  const auto* found = std::ranges::find(kHeaders, *number, &Header::number);
  if (found == std::end(kHeaders))
    return usage_error(fmt::format("unknown header `{}' specified", *number));
  return found;
}

}  // namespace

Result<std::string> parse_ip6_headers(std::span<const std::string_view> words,
                                      const Context& context) {
  uint8_t bits = 0;
  for (const std::string_view word : split(words[0], ',')) {
    if (word.empty()) continue;  // as strtok(3) does
    const Header* header = find_header(word);
    if (header == nullptr) {
      const Result<const Header*> found = find_by_number(word, context);
      if (!found) return found.error();
      header = *found;
    }
    bits |= header->bit;
  }
  if (bits == 0) return usage_error("ip6t_ipv6header: cannot parse header names");
  std::string text;
  for (const Header& header : kHeaders) {
    if ((bits & header.bit) == 0) continue;
    if (!text.empty()) text += ',';
    text += header.name;
  }
  return text;
}

std::string list_ip6_headers(std::string_view canonical, bool numeric, const Context&) {
  if (!numeric) return std::string(canonical);
  return fmt::format("0x{:02X}", ip6_header_bits(canonical));
}

std::string ip6_header_choices() {
  std::string text = "Headers:";
  for (const Header& header : kHeaders)
    text += fmt::format(" {} ({})", header.name, header.short_names[0]);
  return text + '\n';
}

uint8_t ip6_header_bits(std::string_view canonical) {
  uint8_t bits = 0;
  for (const std::string_view name : split(canonical, ',')) bits |= find_header(name)->bit;
  return bits;
}

}  // namespace bulkhead::ext
