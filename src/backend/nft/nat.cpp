// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/nat.h"

#include <netinet/in.h>

#include <cstdint>
#include <utility>
#include <variant>

namespace bulkhead::backend::nft {
namespace {

constexpr Register kFirstAddress = 0;
constexpr Register kLastAddress = 4;
constexpr Register kFirstPort = 8;
constexpr Register kLastPort = 12;

NatRange put_range(std::vector<Expr>& out, const Data& first, const Data& last, Register first_reg,
                   Register last_reg) {
  out.emplace_back(Immediate{first_reg, first});
  if (first == last) return {first_reg, first_reg};
  out.emplace_back(Immediate{last_reg, last});
  return {first_reg, last_reg};
}

Data port_data(uint16_t port) { return make_data(port, sizeof port); }

// The destination ports that a packet can have behind these conditions.
ir::ValueSet ports_let_through(std::span<const ir::Condition> conditions) {
  const U128 all = low_bits(16);
  auto ports = ir::ValueSet::range(0, UINT16_MAX);
  for (const ir::Condition& condition : conditions) {
    const auto* constraint = std::get_if<ir::Constraint>(&condition);
    if (constraint == nullptr || constraint->field != &ir::kDestinationPort) continue;
    if ((constraint->mask & all) == all) ports = ports.intersected(constraint->values);
  }
  return ports;
}

// The kernel's xt target counts from a base port (NF_NAT_RANGE_PROTO_OFFSET, nf_nat_core.c),
// nf_tables can't: so it looks up where each port goes. That port alone is the range: in a wider
// one a packet whose port happens to lie in it would keep it.
Result<NatRange> put_shifted(std::vector<Expr>& out, const ir::Nat::Ports& ports,
                             const ActionPlace& place) {
  if (place.protocol == 0) {
    return Error{.kind = ErrorKind::kRefused,
                 .message = "a base port needs one protocol that -p names"};
  }
  const bool icmp = place.protocol == IPPROTO_ICMP;
  constexpr uint32_t kDestinationPort = 2, kEchoId = 4;  // offsets
  Set map{.key_type = kPortKey, .key_size = 2, .value_type = kPortKey, .value_size = 2};
  const unsigned count = ports.last - ports.first + 1u;
  const ir::ValueSet keys =
      icmp ? ir::ValueSet::range(0, UINT16_MAX) : ports_let_through(place.conditions);
  for (const ir::Interval& interval : keys.intervals()) {
    for (auto port = static_cast<unsigned>(interval.first); port <= interval.last; ++port) {
      const auto distance = static_cast<uint16_t>(port - *ports.base);
      const Data key = port_data(static_cast<uint16_t>(port));
      map.elements.push_back(
          {key, key, port_data(static_cast<uint16_t>(ports.first + distance % count))});
    }
  }
  if (map.elements.empty()) {  // no packet gets here
    out.emplace_back(Immediate{kFirstPort, port_data(ports.first)});
  } else {
    out.emplace_back(
        Payload{PayloadBase::kTransport, icmp ? kEchoId : kDestinationPort, 2, kFirstPort});
    out.emplace_back(MapLookup{kFirstPort, kFirstPort, std::move(map)});
  }
  return NatRange{kFirstPort, kFirstPort};
}

// The host's part of the packet's address behind the network's. nf_tables' own flag for it
// (NF_NAT_RANGE_NETMAP, 6.18) leaves bytes undefined where an IPv4 address ends, so that an address
// which stays as it is counts as translated.
NatRange put_mapped(std::vector<Expr>& out, const ir::Nat::Addresses& network, bool source,
                    net::Family family) {
  const unsigned bytes = net::address_bits(family) / 8;
  const ir::Field& field = source ? ir::kSource : ir::kDestination;
  const U128 host = network.first.value ^ network.last.value;
  const Data fixed = make_data(network.first.value & ~host, bytes);
  if (host == 0) {
    out.emplace_back(Immediate{kFirstAddress, fixed});
  } else {
    out.emplace_back(
        Payload{PayloadBase::kNetwork, field.location(family).offset / 8u, bytes, kFirstAddress});
    out.emplace_back(Bitwise{kFirstAddress, make_data(host, bytes), fixed});
  }
  return {kFirstAddress, kFirstAddress};
}

}  // namespace

Result<std::vector<Expr>> lower(const ir::Nat& nat, const ActionPlace& place) {
  using Kind = ir::Nat::Kind;
  if (nat.kind == Kind::kNetmap && !place.behind_routing) {
    return Error{
        .kind = ErrorKind::kRefused,
        .message =
            "NETMAP would change the source of some packets and the destination of others: "
            "it can be reached from before and from behind routing"};
  }
  std::vector<Expr> out;
  NatRange addresses, ports;
  if (nat.addresses && nat.kind != Kind::kNetmap) {
    const unsigned bytes = net::address_bits(place.family) / 8;
    addresses = put_range(out, make_data(nat.addresses->first.value, bytes),
                          make_data(nat.addresses->last.value, bytes), kFirstAddress, kLastAddress);
  }
  if (nat.ports && nat.ports->base) {
    const Result<NatRange> shifted = put_shifted(out, *nat.ports, place);
    if (!shifted) return shifted.error();
    ports = *shifted;
  } else if (nat.ports) {
    ports = put_range(out, port_data(nat.ports->first), port_data(nat.ports->last), kFirstPort,
                      kLastPort);
  }
  uint32_t flags = 0;
  if (nat.random) flags |= kNatRandom;
  if (nat.fully_random) flags |= kNatFullyRandom;
  if (nat.persistent) flags |= kNatPersistent;
  switch (nat.kind) {
    case Kind::kMasquerade: out.emplace_back(Masquerade{ports, flags}); break;
    case Kind::kRedirect: out.emplace_back(Redirect{ports, flags}); break;
    case Kind::kNetmap: {
      const bool source = *place.behind_routing;
      const NatRange mapped = put_mapped(out, *nat.addresses, source, place.family);
      out.emplace_back(Nat{source, place.family, mapped, ports, flags});
      break;
    }
    case Kind::kSnat: out.emplace_back(Nat{true, place.family, addresses, ports, flags}); break;
    case Kind::kDnat: out.emplace_back(Nat{false, place.family, addresses, ports, flags}); break;
  }
  return out;
}

}  // namespace bulkhead::backend::nft
