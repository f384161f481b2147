// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/xt_srh.h"

#include <linux/netfilter_ipv6/ip6t_srh.h>

#include <fmt/format.h>

#include "core/byte_order.h"
#include "ext/argument/given.h"
#include "ext/argument/host_mask.h"
#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"

namespace bulkhead::ext {
namespace {

// The bit of its negation is the same in another member (IP6T_SRH_INV_*).
struct Byte {
  std::string_view option;
  uint16_t bit;
  uint8_t ip6t_srh1::*number;
};

constexpr Byte kSrhBytes[] = {
    {"srh-next-hdr", IP6T_SRH_NEXTHDR, &ip6t_srh1::next_hdr},
    {"srh-hdr-len-eq", IP6T_SRH_LEN_EQ, &ip6t_srh1::hdr_len},
    {"srh-hdr-len-gt", IP6T_SRH_LEN_GT, &ip6t_srh1::hdr_len},
    {"srh-hdr-len-lt", IP6T_SRH_LEN_LT, &ip6t_srh1::hdr_len},
    {"srh-segs-left-eq", IP6T_SRH_SEGS_EQ, &ip6t_srh1::segs_left},
    {"srh-segs-left-gt", IP6T_SRH_SEGS_GT, &ip6t_srh1::segs_left},
    {"srh-segs-left-lt", IP6T_SRH_SEGS_LT, &ip6t_srh1::segs_left},
    {"srh-last-entry-eq", IP6T_SRH_LAST_EQ, &ip6t_srh1::last_entry},
    {"srh-last-entry-gt", IP6T_SRH_LAST_GT, &ip6t_srh1::last_entry},
    {"srh-last-entry-lt", IP6T_SRH_LAST_LT, &ip6t_srh1::last_entry},
};

struct Segment {
  std::string_view option;
  uint16_t bit;
  in6_addr ip6t_srh1::*address;
  in6_addr ip6t_srh1::*mask;
};

constexpr Segment kSegments[] = {
    {"srh-psid", IP6T_SRH_PSID, &ip6t_srh1::psid_addr, &ip6t_srh1::psid_msk},
    {"srh-nsid", IP6T_SRH_NSID, &ip6t_srh1::nsid_addr, &ip6t_srh1::nsid_msk},
    {"srh-lsid", IP6T_SRH_LSID, &ip6t_srh1::lsid_addr, &ip6t_srh1::lsid_msk},
};

// The kernel's match has one number for -eq, -gt and -lt: the last one given would be that of all.
Result<void> check_numbers(std::span<const ir::Argument> arguments) {
  for (const Byte& one : kSrhBytes) {
    for (const Byte& other : kSrhBytes) {
      const ir::Argument* first = given(arguments, one.option);
      const ir::Argument* second = given(arguments, other.option);
      if (one.number != other.number || first == nullptr || second == nullptr) continue;
      if (first->text == second->text) continue;
      return usage_error(fmt::format("srh: \"--{}\" and \"--{}\" can only ask for the same number",
                                     one.option, other.option));
    }
  }
  return {};
}

}  // namespace

Result<ir::Predicate> lower_srh(std::span<const ir::Argument> arguments, const Context& context) {
  if (Result<void> checked = check_numbers(arguments); !checked) return checked.error();
  return ir::Predicate{xt_match<ip6t_srh1>("srh", 1, [&](ip6t_srh1& info) {
    const auto set = [&](const ir::Argument& argument, uint16_t bit) {
      info.mt_flags |= bit;
      if (argument.negated) info.mt_invflags |= bit;
    };
    for (const Byte& byte : kSrhBytes) {
      const ir::Argument* argument = given(arguments, byte.option);
      if (argument == nullptr) continue;
      set(*argument, byte.bit);
      info.*byte.number = static_cast<uint8_t>(canonical_number(argument->text));
    }
    if (const ir::Argument* tag = given(arguments, "srh-tag")) {
      set(*tag, IP6T_SRH_TAG);
      info.tag = static_cast<uint16_t>(canonical_number(tag->text));
    }
    for (const Segment& segment : kSegments) {
      const ir::Argument* argument = given(arguments, segment.option);
      if (argument == nullptr) continue;
      set(*argument, segment.bit);
      const HostMask meant = read_host_mask(argument->text, context.family);
      store_be(meant.address.value, (info.*segment.address).s6_addr);
      store_be(meant.mask, (info.*segment.mask).s6_addr);
    }
  })};
}

}  // namespace bulkhead::ext
