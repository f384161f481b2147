// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/connection.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>

#include <algorithm>

#include <fmt/format.h>

#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

// In the order of -S.
constexpr BitName kStatusNames[] = {
    {"EXPECTED", IPS_EXPECTED},
    {"SEEN_REPLY", IPS_SEEN_REPLY},
    {"ASSURED", IPS_ASSURED},
    {"CONFIRMED", IPS_CONFIRMED},
    {"NONE", 0},
};

constexpr std::string_view kOriginal = "ORIGINAL";
constexpr std::string_view kReply = "REPLY";

}  // namespace

Result<std::string> parse_status(std::span<const std::string_view> words, const Context&) {
  std::string_view wrong;
  const auto status = parse_bits(kStatusNames, words[0], wrong);
  if (!status) return usage_error(fmt::format("Bad ctstatus \"{}\"", wrong));
  return *status == 0 ? "NONE" : print_bits(kStatusNames, *status);
}

uint32_t read_status(std::string_view canonical) {
  std::string_view wrong;
  return parse_bits(kStatusNames, canonical, wrong).value_or(0);
}

// Any of the bits; of none, there never is one.
Values status_values(std::string_view canonical, const Context&) {
  return {.mask = read_status(canonical), .values = ir::ValueSet::range(1, UINT32_MAX)};
}

Result<std::string> parse_direction(std::span<const std::string_view> words,
                                    const Context& context) {
  for (const std::string_view name : {kOriginal, kReply}) {
    if (same_word(words[0], name)) return std::string(name);
  }
  return usage_error(fmt::format("{}: Bad value for \"--{}\" option: \"{}\"", context.row,
                                 context.option, words[0]));
}

bool is_reply(std::string_view canonical) { return canonical == kReply; }

Values direction_values(std::string_view canonical, const Context&) {
  return {.values = ir::ValueSet::of(is_reply(canonical) ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL)};
}

// A lifetime has 32 bits of milliseconds (49 days) in nf_tables. xt_conntrack would tell longer
// ones apart; no timeout of the kernel's own comes near.
Values lifetime_values(std::string_view canonical, const Context& context) {
  constexpr U128 kMost = UINT32_MAX;
  const Values seconds = number_range_values(canonical, context);
  if (seconds.values.empty()) return {};
  const auto [first, last] = seconds.values.intervals().front();
  if (first * 1000 > kMost) return {};
  return {.values = ir::ValueSet::range(first * 1000, std::min(last * 1000 + 999, kMost))};
}

}  // namespace bulkhead::ext
