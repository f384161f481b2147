// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// iptables drops a packet when a match asks for a header that isn't all there (hotdrop); an
// nf_tables expression just doesn't match. docs/kernel-table.md, "Cut-off headers".

#include <cstdint>
#include <string_view>
#include <vector>

#include "backend/nft/program.h"
#include "core/result.h"
#include "ir/condition.h"
#include "net/family.h"

namespace bulkhead::backend::nft {

// What a check chain makes sure of before it returns; otherwise it drops.
enum class Check : uint8_t {
  kProtocol,  // IPv6: the extension headers are there (ip6_tables.c: ip6_packet_match)
  kTcp,       // the header of ir::Header::Form is there, or the packet is a later fragment
  kUdp,
  kIcmp,
  kIcmp6,
  kPorts,
  kSctp,
  kDccp,
  kEsp,
  kAh,
  kIpcomp,
};
inline constexpr unsigned kChecks = 11;

Check check_for(ir::Header::Form form);
// "check/tcp"
std::string_view check_chain_name(Check check);
Chain check_chain(Check check, net::Family family);
// The checks that a packet which passed `check` need not be asked again: those that want no more
// bytes.
bool covers(Check check, Check other);

// That the whole header can be read, which it can't be in a later fragment. Any rule with a Header
// asks this: other loads from the transport header may give the payload of a later fragment.
std::vector<Expr> header_readable(ir::Header::Form form);

// That the packet is a later fragment, or (tcp_check) one that check/tcp lets through as such.
std::vector<Expr> later_fragment(net::Family family, bool tcp_check = false);

// The kernel's own match that does all of a Header condition: that of its protocol, with any
// arguments, or multiport with any port.
XtMatch xt_header(const ir::Header& header);

}  // namespace bulkhead::backend::nft
