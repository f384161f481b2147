// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/lower.h"

#include <algorithm>
#include <iterator>

#include "net/packet_build.h"
#include "policy/own_connection.h"
#include "set/extension_headers.h"
#include "set/witness.h"

namespace bulkhead::policy {

namespace {

using ir::Constraint;
using ir::CtState;
using ir::ValueSet;

constexpr ir::Field kIcmpType{"type", "ICMP type", ir::Kind::kIcmpType,
                              ir::at(ir::Base::kTransport, 0, 8),
                              ir::at(ir::Base::kTransport, 0, 8)};

Constraint on(const ir::Field& field, net::Family family, ValueSet values) {
  return {&field, low_bits(field.location(family).width), std::move(values)};
}

ValueSet states(std::initializer_list<CtState> which) {
  ValueSet values;
  for (const CtState state : which) values = values.united(ValueSet::of(static_cast<U128>(state)));
  return values;
}

net::Direction opposite(net::Direction direction) {
  switch (direction) {
    case net::Direction::kInput: return net::Direction::kOutput;
    case net::Direction::kOutput: return net::Direction::kInput;
    case net::Direction::kForward: break;
  }
  return net::Direction::kForward;
}

bool of_other_family(uint8_t protocol, net::Family family) {
  return protocol == (family == net::Family::kIpv4 ? net::kIcmp6 : net::kIcmp);
}

class Lowering {
 public:
  Lowering(const Description& said, net::Family family, bool turned)
      : said_(said), family_(family), turned_(turned) {
    packets_.direction = turned ? opposite(said.direction) : said.direction;
  }

  Packets packets(const ValueSet& states) {
    addresses(said_.source, turned_ ? ir::kDestination : ir::kSource);
    addresses(said_.destination, turned_ ? ir::kSource : ir::kDestination);
    services();
    if (said_.protocols) add({on(ir::kProtocol, family_, *said_.protocols)});
    if (said_.source_ports) add({on(source_port(), family_, *said_.source_ports)});
    if (said_.destination_ports) add({on(destination_port(), family_, *said_.destination_ports)});
    interfaces();
    add({on(ir::kCtState, family_, states)});
    marks();
    new_by_tcp();
    new_by_icmp();
    return packets_;
  }

 private:
  const ir::Field& source_port() const { return turned_ ? ir::kDestinationPort : ir::kSourcePort; }
  const ir::Field& destination_port() const {
    return turned_ ? ir::kSourcePort : ir::kDestinationPort;
  }

  void add(std::vector<Constraint> all) { packets_.parts.push_back({false, {std::move(all)}}); }

  void addresses(const std::optional<Addresses>& of, const ir::Field& field) {
    if (of) add({on(field, family_, of->of(family_))});
  }

  void services() {
    if (!said_.services) return;
    Part part{.negated = said_.services->negated, .any_of = {}};
    for (const Service& service : said_.services->any_of) {
      // ICMP of the other family is no packet of this one.
      if (service.protocol && of_other_family(*service.protocol, family_)) continue;
      std::vector<Constraint> all;
      if (service.protocol)
        all.push_back(on(ir::kProtocol, family_, ValueSet::of(*service.protocol)));
      const bool icmp = service.protocol == net::kIcmp || service.protocol == net::kIcmp6;
      // An answer's type isn't that of the request.
      if (service.ports && !(icmp && turned_))
        all.push_back(on(icmp ? kIcmpType : destination_port(), family_, *service.ports));
      part.any_of.push_back(std::move(all));
    }
    packets_.parts.push_back(std::move(part));
  }

  void interfaces() {
    constexpr unsigned kBits = 128;
    const ValueSet usual = ValueSet::of(set::interface_value("lo")).complement(kBits);
    const bool in = said_.direction != net::Direction::kOutput;
    const bool out = said_.direction != net::Direction::kInput;
    if (in)
      add({on(turned_ ? ir::kOutInterface : ir::kInInterface, family_,
              said_.in_interfaces.value_or(usual))});
    if (out)
      add({on(turned_ ? ir::kInInterface : ir::kOutInterface, family_,
              said_.out_interfaces.value_or(usual))});
  }

  // No packet arrives with a mark, and no new connection has one: they are this host's own. A local
  // socket may mark what it sends (SO_MARK).
  // What comes through lo has been through OUTPUT, and keeps what it was given there.
  void marks() {
    const Constraint through_lo =
        on(ir::kInInterface, family_, ValueSet::of(set::interface_value("lo")));
    if (packets_.direction != net::Direction::kOutput) {
      packets_.parts.push_back(
          {false, {{on(ir::kPacketMark, family_, ValueSet::of(0))}, {through_lo}}});
    }
    packets_.parts.push_back(
        {false, {{not_new()}, {on(ir::kConnectionMark, family_, ValueSet::of(0))}, {through_lo}}});
    // Nobody has translated it yet.
    packets_.parts.push_back(
        {false,
         {{not_new()}, {{&ir::kCtStatus, ir::kTranslatedStatus, ValueSet::of(0)}}, {through_lo}}});
  }

  Constraint not_new() const {
    constexpr unsigned kBits = 32;
    return on(ir::kCtState, family_, states({CtState::kNew}).complement(kBits));
  }

  // Of ICMP only requests begin a connection; neighbours and multicast groups are talked of without
  // one (icmp_new and icmpv6_nf_state of the kernel's nf_conntrack_proto_icmp.c and _icmpv6.c:
  // valid_new, noct_valid_new).
  void new_by_icmp() {
    const bool ip6 = family_ == net::Family::kIpv6;
    const unsigned protocol = ip6 ? net::kIcmp6 : net::kIcmp;
    const ValueSet requests =
        ip6 ? ValueSet({{128, 128}, {139, 139}}) : ValueSet({{8, 8}, {13, 13}, {15, 15}, {17, 17}});
    const Constraint another = on(ir::kProtocol, family_, ValueSet::of(protocol).complement(8));
    packets_.parts.push_back({false, {{another}, {not_new()}, {on(kIcmpType, family_, requests)}}});
  }

  // With any other flags connection tracking calls a packet without a connection invalid
  // (tcp_conntracks in the kernel's nf_conntrack_proto_tcp.c: a SYN begins one, an ACK is taken for
  // one that began before).
  void new_by_tcp() {
    packets_.parts.push_back({false,
                              {{on(ir::kProtocol, family_, ValueSet::of(net::kTcp).complement(8))},
                               {on(ir::kCtState, family_, states({CtState::kNew}).complement(32))},
                               {{&set::kTcpFlags, set::kTellingFlags,
                                 ValueSet::of(net::kSyn).united(ValueSet::of(net::kAck))}}}});
  }

  const Description& said_;
  net::Family family_;
  bool turned_;
  Packets packets_;
};

// Of TCP only packets with these flags; ECE and CWR are as they like.
Part tcp_flags(net::Family family, const ValueSet& flags) {
  constexpr U128 kAsked = 0x3f;
  return {false,
          {{on(ir::kProtocol, family, ValueSet::of(net::kTcp).complement(8))},
           {{&set::kTcpFlags, kAsked, flags}}}};
}

ValueSet flags(std::initializer_list<unsigned> which) {
  ValueSet values;
  for (const unsigned each : which) values = values.united(ValueSet::of(each));
  return values;
}

// Of other protocols connection tracking takes any whole packet for a connection's first.
Part invalid_by_protocol(net::Family family) {
  const ValueSet protocols({{net::kIcmp, net::kIcmp},
                            {net::kTcp, net::kTcp},
                            {net::kDccp, net::kDccp},
                            {net::kIcmp6, net::kIcmp6},
                            {net::kSctp, net::kSctp}});
  return {false,
          {{on(ir::kProtocol, family, protocols)},
           {on(ir::kCtState, family, states({CtState::kNew}))}}};
}

Packets with(Packets packets, Part part) {
  packets.parts.push_back(std::move(part));
  packets.whole = true;
  return packets;
}

// Untracked of these only what the kernel never tracks: ICMPv6's talk of neighbours and groups.
Packets without_connection(Packets packets, net::Family family) {
  const Constraint tracked = on(ir::kCtState, family, states({CtState::kUntracked}).complement(32));
  Part part{false, {{tracked}}};
  if (family == net::Family::kIpv6) {
    part.any_of.push_back({on(ir::kProtocol, family, ValueSet::of(net::kIcmp6)),
                           on(kIcmpType, family, ValueSet({{130, 136}, {143, 143}}))});
  }
  packets.parts.push_back(std::move(part));
  return packets;
}

}  // namespace

std::vector<Step> steps_of(const Claim& claim, net::Family family) {
  using What = Step::What;
  const auto lowered = [&](bool turned, const ValueSet& states) {
    return Lowering(claim.packets, family, turned).packets(states);
  };
  const auto first = [&] {
    return with(
        without_connection(lowered(false, states({CtState::kNew, CtState::kUntracked})), family),
        tcp_flags(family, flags({net::kSyn})));
  };
  const std::optional<ValueSet>& said = claim.packets.states;
  switch (claim.kind) {
    case Claim::Kind::kBlocked: {
      // Whoever is connected already has passed before.
      const ValueSet usual = states({CtState::kNew, CtState::kInvalid, CtState::kUntracked});
      return {{What::kPackets, lowered(false, said.value_or(usual))}};
    }
    case Claim::Kind::kPasses: {
      if (!said) return {{What::kPackets, first()}};
      Packets packets = lowered(false, *said);
      packets.whole = true;
      return {{What::kPackets, std::move(packets)}};
    }
    case Claim::Kind::kWorks: {
      const ValueSet known = states({CtState::kEstablished});
      const ValueSet unknown = states({CtState::kNew, CtState::kInvalid});
      const unsigned data = net::kPsh | net::kAck;
      const Part answers =
          tcp_flags(family, flags({net::kSyn | net::kAck, net::kAck, data, net::kFin | net::kAck}));
      const Part later = tcp_flags(family, flags({net::kAck, data, net::kFin | net::kAck}));
      const auto lost = [&](bool turned, const Part& with_flags) {
        return with(with(lowered(turned, unknown), with_flags), invalid_by_protocol(family));
      };
      return {{What::kFirst, first()},
              {What::kAnswer, with(lowered(true, known), answers), lost(true, answers)},
              {What::kFollowing, with(lowered(false, known), later), lost(false, later)}};
    }
    case Claim::Kind::kSame: {
      Packets packets = lowered(false, said.value_or(states({CtState::kNew})));
      packets.whole = true;
      return {{What::kPackets, std::move(packets)}};
    }
  }
  return {};
}

std::vector<ir::Constraint> constraints_of(const Packets& packets) {
  std::vector<ir::Constraint> all;
  for (const Part& part : packets.parts)
    for (const auto& list : part.any_of) all.insert(all.end(), list.begin(), list.end());
  return all;
}

ir::Hook hook_of(net::Direction direction) {
  switch (direction) {
    case net::Direction::kInput: return ir::Hook::kInput;
    case net::Direction::kForward: return ir::Hook::kForward;
    case net::Direction::kOutput: break;
  }
  return ir::Hook::kOutput;
}

set::Node node_of(set::Model& model, const Packets& packets) {
  set::Arena& arena = model.arena();
  set::Node all = model.at_hook(hook_of(packets.direction));
  // Whose headers are all there, and of IPv6 no more than these.
  if (packets.whole) {
    all = arena.intersect(all, model.of_shapes({set::Shape::kWhole}));
    all = arena.intersect(all, set::without_extension_headers(model));
  }
  for (const Part& part : packets.parts) {
    std::vector<set::Node> any;
    for (const auto& list : part.any_of) {
      set::Node one = set::kEverything;
      for (const ir::Constraint& constraint : list)
        one = arena.intersect(one, model.of(constraint));
      any.push_back(one);
    }
    const set::Node held = arena.unite_all(std::move(any));
    all = part.negated ? arena.subtract(all, held) : arena.intersect(all, held);
  }
  return arena.subtract(all, not_its_own(model));
}

}  // namespace bulkhead::policy
