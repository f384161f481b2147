// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/xt_conntrack.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_conntrack.h>

#include "core/byte_order.h"
#include "ext/argument/connection.h"
#include "ext/argument/host_mask.h"
#include "ext/argument/number.h"
#include "ext/argument/number_range.h"
#include "ext/argument/state.h"
#include "ext/opaque.h"

namespace bulkhead::ext {
namespace {

using Info = xt_conntrack_mtinfo3;

struct Addresses {
  std::string_view option;
  uint16_t flag;
  nf_inet_addr Info::*address;
  nf_inet_addr Info::*mask;
};
constexpr Addresses kAddresses[] = {
    {"ctorigsrc", XT_CONNTRACK_ORIGSRC, &Info::origsrc_addr, &Info::origsrc_mask},
    {"ctorigdst", XT_CONNTRACK_ORIGDST, &Info::origdst_addr, &Info::origdst_mask},
    {"ctreplsrc", XT_CONNTRACK_REPLSRC, &Info::replsrc_addr, &Info::replsrc_mask},
    {"ctrepldst", XT_CONNTRACK_REPLDST, &Info::repldst_addr, &Info::repldst_mask},
};

struct Ports {
  std::string_view option;
  uint16_t flag;
  uint16_t Info::*low;
  uint16_t Info::*high;
};
constexpr Ports kPorts[] = {
    {"ctorigsrcport", XT_CONNTRACK_ORIGSRC_PORT, &Info::origsrc_port, &Info::origsrc_port_high},
    {"ctorigdstport", XT_CONNTRACK_ORIGDST_PORT, &Info::origdst_port, &Info::origdst_port_high},
    {"ctreplsrcport", XT_CONNTRACK_REPLSRC_PORT, &Info::replsrc_port, &Info::replsrc_port_high},
    {"ctrepldstport", XT_CONNTRACK_REPLDST_PORT, &Info::repldst_port, &Info::repldst_port_high},
};

// Not the bits of nf_tables' `ct state`: UNTRACKED is another here.
uint16_t state_mask(uint32_t states) {
  constexpr struct {
    uint32_t state;
    uint16_t bit;
  } kBits[] = {
      {static_cast<uint32_t>(ir::CtState::kInvalid), XT_CONNTRACK_STATE_INVALID},
      {static_cast<uint32_t>(ir::CtState::kNew), XT_CONNTRACK_STATE_BIT(IP_CT_NEW)},
      {static_cast<uint32_t>(ir::CtState::kRelated), XT_CONNTRACK_STATE_BIT(IP_CT_RELATED)},
      {static_cast<uint32_t>(ir::CtState::kEstablished), XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED)},
      {static_cast<uint32_t>(ir::CtState::kUntracked), XT_CONNTRACK_STATE_UNTRACKED},
      {kSourceTranslated, XT_CONNTRACK_STATE_SNAT},
      {kDestinationTranslated, XT_CONNTRACK_STATE_DNAT},
  };
  uint16_t mask = 0;
  for (const auto& [state, bit] : kBits) {
    if ((states & state) != 0) mask |= bit;
  }
  return mask;
}

// In network order, at the union's beginning.
void store(U128 value, net::Family family, nf_inet_addr& to) {
  store_be(value, std::span(reinterpret_cast<uint8_t*>(&to), net::address_bits(family) / 8));
}

// Sets what the option says, and gives its flag.
uint16_t set(Info& info, const ir::Argument& argument, net::Family family) {
  const std::string_view option = argument.option;
  const std::string_view text = argument.text;
  for (const Addresses& each : kAddresses) {
    if (each.option != option) continue;
    const HostMask host = read_host_mask(text, family);
    store(host.address.value, family, info.*each.address);
    store(host.mask, family, info.*each.mask);
    return each.flag;
  }
  for (const Ports& each : kPorts) {
    if (each.option != option) continue;
    const NumberRange range = read_number_range(text);
    info.*each.low = static_cast<uint16_t>(range.first);
    info.*each.high = static_cast<uint16_t>(range.last);
    return each.flag;
  }
  if (option == "ctstate") {
    info.state_mask = state_mask(read_states(text));
    return XT_CONNTRACK_STATE;
  }
  if (option == "ctproto") {
    info.l4proto = static_cast<uint16_t>(canonical_number(text));
    return XT_CONNTRACK_PROTO;
  }
  if (option == "ctstatus") {
    info.status_mask = static_cast<uint16_t>(read_status(text));
    return XT_CONNTRACK_STATUS;
  }
  if (option == "ctexpire") {
    const NumberRange range = read_number_range(text);
    info.expires_min = static_cast<uint32_t>(range.first);
    info.expires_max = static_cast<uint32_t>(range.last);
    return XT_CONNTRACK_EXPIRES;
  }
  // --ctdir, which has no negation: the bit of one says REPLY.
  if (is_reply(text)) info.invert_flags |= XT_CONNTRACK_DIRECTION;
  return XT_CONNTRACK_DIRECTION;
}

}  // namespace

ir::Opaque xt_conntrack(std::span<const ir::Argument> arguments, const Context& context) {
  return xt_match<Info>("conntrack", 3, [&](Info& info) {
    for (const ir::Argument& argument : arguments) {
      const uint16_t flag = set(info, argument, context.family);
      info.match_flags |= flag;
      if (argument.negated) info.invert_flags |= flag;
    }
  });
}

}  // namespace bulkhead::ext
