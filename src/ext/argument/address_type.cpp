// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/address_type.h"

#include <linux/netfilter/xt_addrtype.h>
#include <linux/rtnetlink.h>

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "ext/argument/word_list.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr BitName kAddressTypeNames[] = {
    {"UNSPEC", XT_ADDRTYPE_UNSPEC},
    {"UNICAST", XT_ADDRTYPE_UNICAST},
    {"LOCAL", XT_ADDRTYPE_LOCAL},
    {"BROADCAST", XT_ADDRTYPE_BROADCAST},
    {"ANYCAST", XT_ADDRTYPE_ANYCAST},
    {"MULTICAST", XT_ADDRTYPE_MULTICAST},
    {"BLACKHOLE", XT_ADDRTYPE_BLACKHOLE},
    {"UNREACHABLE", XT_ADDRTYPE_UNREACHABLE},
    {"PROHIBIT", XT_ADDRTYPE_PROHIBIT},
    {"THROW", XT_ADDRTYPE_THROW},
    {"NAT", XT_ADDRTYPE_NAT},
    {"XRESOLVE", XT_ADDRTYPE_XRESOLVE},
};
static_assert(XT_ADDRTYPE_UNSPEC == 1 << RTN_UNSPEC && XT_ADDRTYPE_XRESOLVE == 1 << RTN_XRESOLVE);

}  // namespace

Result<std::string> parse_address_types(std::span<const std::string_view> words, const Context&) {
  std::string_view wrong;
  if (const std::optional<uint32_t> bits = parse_bits(kAddressTypeNames, words[0], wrong))
    return print_bits(kAddressTypeNames, *bits);
  // iptables shows all that is left, in other quotes if it was the last.
  if (wrong.find(',') == std::string_view::npos)
    return usage_error(fmt::format("addrtype: bad type \"{}\"", wrong));
  return usage_error(fmt::format("addrtype: bad type `{}'", wrong));
}

uint16_t address_type_bits(std::string_view canonical) {
  std::string_view wrong;
  return static_cast<uint16_t>(*parse_bits(kAddressTypeNames, canonical, wrong));
}

Values address_type_values(std::string_view canonical, const Context&) {
  const unsigned bits = address_type_bits(canonical);
  std::vector<ir::Interval> intervals;
  for (unsigned type = 0; type <= RTN_MAX; ++type) {
    if ((bits >> type & 1) != 0) intervals.push_back({type, type});
  }
  return {.values = ir::ValueSet(std::move(intervals))};
}

std::string address_type_choices() {
  std::string text = "Valid types:\n";
  for (const BitName& type : kAddressTypeNames) text += fmt::format("    {}\n", type.name);
  return text;
}

}  // namespace bulkhead::ext
