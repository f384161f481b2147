// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/witness.h"

#include <net/if_arp.h>

#include <algorithm>
#include <array>

#include "core/byte_order.h"
#include "net/address.h"
#include "net/packet_build.h"

namespace bulkhead::set {

namespace {

using ir::Constraint;
using ir::ValueSet;

constexpr U128 v4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}
// 2001:db8::/32 with this behind it (RFC 3849).
constexpr U128 v6(unsigned last) { return U128{0x20010db8} << 96 | last; }

constexpr U128 kUsualFlags = 0x3f;  // all but those of congestion control

// The bits of a field that rules ask for.
U128 asked_bits(const Space& space, const ir::Field& field) {
  U128 bits = 0;
  for (const Segment& segment : space.segments(field))
    bits |= low_bits(segment.width) << segment.shift;
  return bits;
}

ValueSet prefix_of(U128 value, unsigned length, unsigned width) {
  return ValueSet::range(value, value | low_bits(width - length));
}

// A set of atoms holds what lies wholly in the values; so of what is avoided, only atoms that have
// nothing else.
struct Preference {
  Constraint values;
  bool avoided = false;
};

// What a person would rather see, in the order of importance. Each is asked for as long as some
// packet of the set is so.
std::vector<Preference> preferences(const Space& space) {
  const net::Family family = space.family();
  const bool ip6 = family == net::Family::kIpv6;
  const unsigned width = net::address_bits(family);
  const U128 all = low_bits(width);
  std::vector<Preference> wanted;
  const auto add = [&](const ir::Field& field, ValueSet values, bool avoided) {
    wanted.push_back(
        {{&field, low_bits(field.location(family).width), std::move(values)}, avoided});
  };
  const auto want = [&](const ir::Field& field, ValueSet values) {
    add(field, std::move(values), false);
  };
  const auto avoid = [&](const ir::Field& field, ValueSet values) {
    add(field, std::move(values), true);
  };
  want(ir::kProtocol, ValueSet({{net::kTcp, net::kTcp}, {net::kUdp, net::kUdp}}));
  want(ir::kProtocol, ValueSet::of(net::kTcp));
  want(ir::kProtocol, ValueSet::of(ip6 ? net::kIcmp6 : net::kIcmp));
  want(ir::kCtState, ValueSet::of(static_cast<U128>(ir::CtState::kNew)));
  want(ir::kCtState, ValueSet::of(static_cast<U128>(ir::CtState::kEstablished)));
  const U128 flags = kUsualFlags & asked_bits(space, kTcpFlags);
  for (const U128 each : {net::kSyn, net::kAck})
    wanted.push_back({{&kTcpFlags, flags, ValueSet::of(each & flags)}});
  want(ir::kPacketMark, ValueSet::of(0));
  want(ir::kConnectionMark, ValueSet::of(0));
  // Sources that can't be are no good examples.
  const ValueSet odd = ip6 ? ValueSet({{0, 1}, {U128{0xff} << 120, all}})
                           : prefix_of(v4(0, 0, 0, 0), 8, width)
                                 .united(prefix_of(v4(127, 0, 0, 0), 8, width))
                                 .united(prefix_of(v4(224, 0, 0, 0), 3, width));
  avoid(ir::kSource, odd);
  avoid(ir::kDestination, odd);
  avoid(ir::kSourcePort, ValueSet::range(0, 1023));
  avoid(ir::kDestinationPort, ValueSet::of(0));
  return wanted;
}

constexpr unsigned kRequest = 8, kReply = 0, kRequest6 = 128, kReply6 = 129;

// The types of ICMP that a packet of this state may have: what connection tracking lets begin a
// connection, what answers, and errors (icmp_new, nf_conntrack_icmpv6.c). The most usual first.
std::vector<U128> icmp_types(net::Family family, ir::CtState state) {
  const bool ip6 = family == net::Family::kIpv6;
  switch (state) {
    case ir::CtState::kNew: return {ip6 ? kRequest6 : kRequest};
    case ir::CtState::kEstablished: return {ip6 ? kReply6 : kReply, ip6 ? kRequest6 : kRequest};
    case ir::CtState::kRelated:
    case ir::CtState::kInvalid:
      return ip6 ? std::vector<U128>{1, 2, 3, 4} : std::vector<U128>{3, 11, 12};
    default: return {ip6 ? kRequest6 : kRequest, ip6 ? kReply6 : kReply};
  }
}

// Packets that connection tracking calls what their state says: with other flags a TCP packet
// without a connection is invalid (tcp_conntracks of nf_conntrack_proto_tcp.c: a SYN begins one, an
// ACK is taken for one that began before).
Node called_so(Model& model) {
  Arena& arena = model.arena();
  const Space& space = model.space();
  // What has no whole transport header belongs to no connection.
  const ValueSet without = ValueSet::of(static_cast<U128>(ir::CtState::kInvalid))
                               .united(ValueSet::of(static_cast<U128>(ir::CtState::kUntracked)));
  Node result = arena.unite(arena.complement(model.of_shapes({Shape::kPortsOnly, Shape::kCutOff})),
                            model.of({&ir::kCtState, UINT32_MAX, without}));
  const Node whole = model.of_shapes({Shape::kWhole});
  // Of the bits that rules ask for, those of one of the values.
  const auto require = [&](uint8_t protocol, ir::CtState state, const ir::Field& field, U128 mask,
                           const std::vector<U128>& values) {
    mask &= asked_bits(space, field);
    if (mask == 0) return;
    ValueSet any;
    for (const U128 value : values) any = any.united(ValueSet::of(value & mask));
    Node those = model.of({&ir::kProtocol, 0xff, ValueSet::of(protocol)});
    those = arena.intersect(
        those, model.of({&ir::kCtState, UINT32_MAX, ValueSet::of(static_cast<U128>(state))}));
    those = arena.intersect(those, whole);
    result = arena.intersect(result,
                             arena.unite(arena.complement(those), model.of({&field, mask, any})));
  };
  using enum ir::CtState;
  constexpr U128 kType = 0xff00;
  for (const ir::CtState state : {kNew, kEstablished, kRelated, kInvalid}) {
    const auto flags = usual_tcp_flags(state);
    require(net::kTcp, state, kTcpFlags, kTellingFlags, {flags.begin(), flags.end()});
    std::vector<U128> types;
    for (const U128 type : icmp_types(space.family(), state)) types.push_back(type << 8);
    const bool ip6 = space.family() == net::Family::kIpv6;
    require(ip6 ? net::kIcmp6 : net::kIcmp, state, kIcmpTypeAndCode, kType, types);
  }
  return result;
}

// Names that interfaces have.
constexpr std::string_view kInterfaces[] = {"eth0",  "eth1", "eth2",  "ens3", "enp1s0", "wlan0",
                                            "ppp0",  "tun0", "br0",   "lan0", "wan0",   "vlan1",
                                            "veth0", "wg0",  "bond0", "lo",   "docker0"};

// Which of the values that no rule tells apart to show, and how usual it is: 0 the most.
struct Usual {
  U128 value = 0;
  size_t rank = SIZE_MAX;
};

Usual first_of(const std::vector<U128>& wanted, const ir::Interval& atom) {
  for (size_t i = 0; i < wanted.size(); ++i)
    if (atom.first <= wanted[i] && wanted[i] <= atom.last) return {wanted[i], i};
  return {atom.first, SIZE_MAX};
}

Usual usual_interface(const ir::Interval& atom) {
  std::vector<U128> wanted;
  for (const std::string_view name : kInterfaces) wanted.push_back(interface_value(name));
  if (const Usual known = first_of(wanted, atom); known.rank != SIZE_MAX) return known;
  // `eth` of `eth+`, then a digit.
  for (const char digit : std::string_view("0123456789x")) {
    for (unsigned byte = 0; byte + 1 < 16; ++byte) {
      const unsigned shift = 8 * (15 - byte);
      const U128 kept = shift == 120 ? 0 : atom.first >> (shift + 8) << (shift + 8);
      const U128 value = kept | U128{static_cast<uint8_t>(digit)} << shift;
      if (atom.first <= value && value <= atom.last) return {value, wanted.size()};
    }
  }
  return {atom.first, SIZE_MAX};
}

// Of documentation's networks (RFC 5737, RFC 3849), then some above and below them.
std::vector<U128> usual_addresses(bool ip6, bool source) {
  const unsigned last = source ? 66 : 20;
  constexpr U128 kBenchmarks = U128{0x20010002} << 96;  // RFC 5180
  constexpr U128 kLocal = U128{0xfd} << 120;            // RFC 4193
  if (ip6) return {v6(source ? 0x66 : 0x20), kBenchmarks | last, kLocal | last};
  return {source ? v4(198, 51, 100, last) : v4(192, 0, 2, last), v4(203, 0, 113, last),
          v4(10, 0, 0, last)};
}

Usual usual_value(const Dimension& dimension, const ir::Interval& atom, net::Family family) {
  if (dimension.field == nullptr || dimension.kind != Dimension::Kind::kBits)
    return {atom.first, SIZE_MAX};
  constexpr unsigned kMacBits = 48;
  if (dimension.base == ir::Base::kLink && dimension.width == kMacBits)
    return first_of({0x02005e100001}, atom);  // one that nobody is given (RFC 7042)
  if (dimension.field == &ir::kHopLimit) return first_of({64, 1}, atom);
  if (dimension.field == &ir::kInDeviceType) return first_of({ARPHRD_ETHER}, atom);
  const bool ip6 = family == net::Family::kIpv6;
  switch (dimension.field->kind) {
    case ir::Kind::kInterface: return usual_interface(atom);
    case ir::Kind::kAddress: {
      const bool source = dimension.field == &ir::kSource;
      const std::vector<U128> wanted = usual_addresses(ip6, source);
      const Usual usual = first_of(wanted, atom);
      // Not the network's own address, where there is another.
      const bool whole = dimension.width == net::address_bits(family);
      if (usual.rank == SIZE_MAX && whole && atom.last - atom.first > 1)
        return {atom.first + 1, wanted.size()};
      return usual;
    }
    case ir::Kind::kPort: {
      const bool source = dimension.base == ir::Base::kTransport && dimension.first < 16;
      return first_of(
          source ? std::vector<U128>{40000, 1024} : std::vector<U128>{80, 443, 22, 8080, 1}, atom);
    }
    case ir::Kind::kProtocol: {
      constexpr U128 kExperimental = 253;  // RFC 3692
      const Usual usual =
          first_of({net::kTcp, net::kUdp, ip6 ? net::kIcmp6 : net::kIcmp, kExperimental}, atom);
      // Of IPv6, 0 is an extension header and no protocol.
      if (usual.rank == SIZE_MAX && atom.first == 0 && atom.last > 0) return {1, 4};
      return usual;
    }
    default: return {atom.first, SIZE_MAX};
  }
}

// The atom to take: the one with the most usual value, the first of equals.
uint32_t usual_atom(const Space& space, uint32_t dimension, const std::vector<bool>& allowed) {
  const Dimension& it = space.dimensions()[dimension];
  std::optional<uint32_t> best;
  size_t best_rank = SIZE_MAX;
  for (uint32_t i = 0; i < allowed.size(); ++i) {
    if (!allowed[i]) continue;
    const size_t rank = usual_value(it, it.atoms[i], space.family()).rank;
    if (best && rank >= best_rank) continue;
    best = i;
    best_rank = rank;
  }
  return best.value_or(0);
}

// Where ICMP has its type, other protocols have ports: of what no rule tells apart, a type.
void prefer_icmp_type(const Space& space, Point& point) {
  const auto protocol = static_cast<uint8_t>(value_of(space, point, ir::kProtocol));
  if (protocol != net::kIcmp && protocol != net::kIcmp6) return;
  const auto state = static_cast<ir::CtState>(value_of(space, point, ir::kCtState));
  for (const Segment& segment : space.segments(kIcmpTypeAndCode)) {
    const Dimension& dimension = space.dimensions()[segment.dimension];
    const unsigned end = dimension.first + dimension.width;
    constexpr unsigned kTypeBits = 8, kBits = 16;
    if (dimension.first != 0 || end < kTypeBits || end > kBits) continue;
    std::vector<U128> wanted;
    for (const U128 type : icmp_types(space.family(), state))
      wanted.push_back(type << (end - kTypeBits));
    U128& value = point.values[segment.dimension];
    const Usual usual = first_of(wanted, dimension.atoms[space.atom_of(segment.dimension, value)]);
    if (usual.rank != SIZE_MAX) value = usual.value;
  }
}

}  // namespace

std::span<const uint8_t> usual_tcp_flags(ir::CtState state) {
  using namespace net;
  static constexpr uint8_t kOfNew[] = {kSyn, kAck};
  static constexpr uint8_t kOfInvalid[] = {kRst, kSyn | kAck, kFin | kAck, 0};
  static constexpr uint8_t kOfOthers[] = {kAck, kSyn | kAck, kFin | kAck, kRst, kSyn};
  switch (state) {
    case ir::CtState::kNew: return kOfNew;
    case ir::CtState::kInvalid: return kOfInvalid;
    default: return kOfOthers;
  }
}

uint8_t usual_icmp_type(net::Family family, ir::CtState state) {
  return static_cast<uint8_t>(icmp_types(family, state).front());
}

std::string interface_name(U128 value) {
  std::string name;
  for (unsigned byte = 0; byte < 16; ++byte) {
    const auto letter = static_cast<unsigned char>(value >> (8 * (15 - byte)) & 0xff);
    if (letter == 0) break;
    name += letter > ' ' && letter < 0x7f ? static_cast<char>(letter) : '?';
  }
  return name;
}

U128 interface_value(std::string_view name) {
  std::array<uint8_t, 16> bytes{};
  std::ranges::copy(name.substr(0, bytes.size() - 1), bytes.begin());
  return load_be(bytes);
}

std::optional<Point> witness(Model& model, Node set) {
  Arena& arena = model.arena();
  if (set == kNothing) return std::nullopt;
  const auto prefer = [&](Node wanted) {
    const Node narrowed = arena.intersect(set, wanted);
    if (narrowed != kNothing && !arena.exhausted()) set = narrowed;
  };
  prefer(model.of_shapes({Shape::kWhole}));
  prefer(called_so(model));
  for (const Preference& it : preferences(model.space())) {
    const Node those = model.of(it.values);
    prefer(it.avoided ? arena.complement(those) : those);
  }

  Point point;
  const Space& space = model.space();
  for (uint32_t i = 0; i < space.dimensions().size(); ++i) {
    std::vector<bool> allowed(arena.atoms(i), true);
    const bool asks = arena.dimension(set) == i;
    if (asks) {
      uint32_t atom = 0;
      for (const Edge& edge : arena.edges(set)) {
        for (; atom <= edge.last; ++atom) allowed[atom] = edge.child != kNothing;
      }
    }
    const uint32_t atom = usual_atom(space, i, allowed);
    const Dimension& dimension = space.dimensions()[i];
    point.values.push_back(usual_value(dimension, dimension.atoms[atom], space.family()).value);
    if (asks) set = std::ranges::lower_bound(arena.edges(set), atom, {}, &Edge::last)->child;
  }
  prefer_icmp_type(space, point);
  return point;
}

Node at(Model& model, Node function, const Point& point) {
  while (!is_terminal(function)) {
    const uint32_t dimension = model.arena().dimension(function);
    const uint32_t atom = model.space().atom_of(dimension, point.values[dimension]);
    function =
        std::ranges::lower_bound(model.arena().edges(function), atom, {}, &Edge::last)->child;
  }
  return function;
}

U128 value_of(const Space& space, const Point& point, const ir::Field& field) {
  U128 value = 0;
  for (const Segment& segment : space.segments(field)) {
    const unsigned below = space.dimensions()[segment.dimension].width - segment.width;
    value |= point.values[segment.dimension] >> below << segment.shift;
  }
  return value;
}

bool is_like(const Space& space, const Point& point, const ir::Field& field, U128 value) {
  const auto segments = space.segments(field);
  return std::ranges::all_of(segments, [&](const Segment& segment) {
    const unsigned below = space.dimensions()[segment.dimension].width - segment.width;
    const U128 digits = (value >> segment.shift & low_bits(segment.width)) << below;
    const U128 is = point.values[segment.dimension];
    return space.atom_of(segment.dimension, digits | (is & low_bits(below))) ==
           space.atom_of(segment.dimension, is);
  });
}

Shape shape_of(const Space& space, const Point& point) {
  return static_cast<Shape>(point.values[space.shape()]);
}

}  // namespace bulkhead::set
