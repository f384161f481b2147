// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit/packets.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "app/witness_packet.h"
#include "policy/own_connection.h"
#include "set/witness.h"

namespace bulkhead::app::audit {

namespace {

using ir::Constraint;
using ir::CtState;
using ir::ValueSet;
using net::Direction;
using net::Family;
using set::Node;

constexpr Ports kAdminPorts[] = {
    {22, 22},     {23, 23},       {111, 111},     {135, 135},     {137, 139},   {445, 445},
    {512, 514},   {873, 873},     {2049, 2049},   {2375, 2376},   {2379, 2379}, {3306, 3306},
    {3389, 3389}, {5432, 5432},   {5900, 5903},   {5985, 5986},   {6379, 6379}, {6443, 6443},
    {9200, 9200}, {10250, 10250}, {11211, 11211}, {27017, 27017},
};
constexpr uint16_t kLateralPorts[] = {22, 135, 445, 3389, 5985, 5986};

// The bits of TCP's flags that a firewall asks for.
constexpr U128 kFlagBits = 0x3f;
constexpr uint8_t kFirstFlags[] = {net::kSyn};
constexpr uint8_t kLaterFlags[] = {
    net::kAck, net::kPsh | net::kAck, net::kFin | net::kAck, net::kSyn | net::kAck,
    net::kRst, net::kRst | net::kAck};

// Hosts of clusters have an interface for each container; a witness needs no more than a few.
constexpr size_t kFewInterfaces = 4;

Constraint network_constraint(const ir::Field& field, const net::Network& network) {
  return {&field, network.mask, ValueSet::of(network.address.value)};
}

U128 all_bits(const ir::Field& field, Family family) {
  return low_bits(field.location(family).width);
}

ValueSet without(const ValueSet& values, const ValueSet& others, Family family) {
  return values.intersected(others.complement(net::address_bits(family)));
}

// "This network", multicast and above; of IPv6, :: and multicast.
std::vector<ValueSet> odd_addresses(Family family) {
  if (family == Family::kIpv6)
    return {ValueSet::of(0), ValueSet::range(U128{0xff} << 120, low_bits(128))};
  return {ValueSet::range(0, low_bits(24)), ValueSet::range(U128{224} << 24, low_bits(32))};
}

bool link_local(const net::Address& address) {
  return address.family == Family::kIpv6 && address.value >> 118 == U128{0xfe80} >> 6;
}

// A network that the host is in, and who else may be there.
struct Neighbourhood {
  std::string interface;
  net::Address own;
  ValueSet others;
};

std::vector<Neighbourhood> neighbourhoods(Family family, const HostFacts* host) {
  std::vector<Neighbourhood> found;
  if (host == nullptr) return found;
  for (const bool local : {false, true}) {
    for (const Interface& interface : host->interfaces) {
      if (interface.name == "lo" || found.size() == kFewInterfaces) continue;
      for (const Interface::Own& own : interface.addresses) {
        if (own.address.family != family || link_local(own.address) != local) continue;
        const ValueSet subnet = values_of(own.subnet);
        const ir::Interval ends = subnet.intervals().front();
        ValueSet others = without(
            subnet, ValueSet({{ends.first, ends.first}, {own.address.value, own.address.value}}),
            family);
        if (family == Family::kIpv4) others = without(others, ValueSet::of(ends.last), family);
        if (!others.empty()) found.push_back({interface.name, own.address, std::move(others)});
        break;
      }
    }
  }
  return found;
}

// How a packet's point answers to questions of the kernel's and to those for routes.
backend::sim::Oracle known_at(const set::Space& space, const set::Point& point) {
  using backend::sim::Truth;
  const auto truth = [](bool holds) { return holds ? Truth::kYes : Truth::kNo; };
  std::map<std::string, U128> answers;
  std::map<uint16_t, U128> routes;
  for (size_t i = 0; i < point.values.size(); ++i) {
    const set::Dimension& dimension = space.dimensions()[i];
    if (dimension.kind == set::Dimension::Kind::kAnswer)
      answers[dimension.question] = point.values[i];
    if (dimension.base == ir::Base::kRoute) routes[dimension.key] = point.values[i];
  }
  const Family family = space.family();
  return [=](const ir::Rule&, const ir::Condition& condition) {
    if (const auto* const opaque = std::get_if<ir::Opaque>(&condition)) {
      const auto at = opaque->stateful ? answers.end() : answers.find(set::question_of(*opaque));
      return at == answers.end() ? Truth::kUnknown : truth(at->second != 0);
    }
    const auto* const asked = std::get_if<Constraint>(&condition);
    if (asked == nullptr || asked->field->location(family).base != ir::Base::kRoute)
      return Truth::kUnknown;
    const auto at = routes.find(asked->field->location(family).offset);
    return at == routes.end() ? Truth::kUnknown
                              : truth(asked->values.contains(at->second & asked->mask));
  };
}

ValueSet interface_values(const std::string& name) {
  return ValueSet::of(set::interface_value(name));
}

}  // namespace

std::span<const Ports> admin_ports() { return kAdminPorts; }
std::span<const uint16_t> lateral_ports() { return kLateralPorts; }

net::Network loopback_network(Family family) {
  if (family == Family::kIpv4) return {{family, U128{127} << 24}, net::prefix_mask(family, 8)};
  return {{family, 1}, net::prefix_mask(family, 128)};
}

net::Network link_local_network() {
  return {{Family::kIpv6, U128{0xfe80} << 112}, net::prefix_mask(Family::kIpv6, 10)};
}

net::Network all_nodes_network() {
  return {{Family::kIpv6, U128{0xff02} << 112 | 1}, net::prefix_mask(Family::kIpv6, 128)};
}

net::Network all_routers_network() {
  return {{Family::kIpv6, U128{0xff02} << 112 | 2}, net::prefix_mask(Family::kIpv6, 128)};
}

net::Network solicited_nodes_network() {
  return {{Family::kIpv6, U128{0xff02} << 112 | U128{0x1ff000000}},
          net::prefix_mask(Family::kIpv6, 104)};
}

net::Network unspecified_network() {
  return {{Family::kIpv6, 0}, net::prefix_mask(Family::kIpv6, 128)};
}

std::vector<std::string> interfaces_with_addresses(Family family, const HostFacts* host) {
  std::vector<std::string> found;
  if (host == nullptr) return found;
  for (const Interface& interface : host->interfaces) {
    const bool has = std::ranges::any_of(interface.addresses, [&](const Interface::Own& own) {
      return own.address.family == family;
    });
    if (has && interface.name != "lo") found.push_back(interface.name);
  }
  return found;
}

ValueSet values_of(const net::Network& network) {
  const U128 rest = low_bits(net::address_bits(network.address.family)) & ~network.mask;
  return ValueSet::range(network.address.value, network.address.value | rest);
}

std::vector<net::Network> subnets(Family family, const Declared& declared, const HostFacts* host) {
  std::vector<net::Network> found;
  const auto add = [&](const net::Network& network) {
    if (network.address.family == family && std::ranges::find(found, network) == found.end())
      found.push_back(network);
  };
  for (const net::Network& network : declared.subnets) add(network);
  if (host == nullptr || !found.empty()) return found;
  for (const Interface& interface : host->interfaces) {
    if (interface.name == "lo") continue;
    for (const Interface::Own& own : interface.addresses) add(own.subnet);
  }
  return found;
}

std::string_view protocol_word(uint8_t protocol) { return protocol == net::kTcp ? "tcp" : "udp"; }

std::string dport_words(const ir::Interval& ports) {
  const auto first = static_cast<unsigned>(ports.first);
  const auto last = static_cast<unsigned>(ports.last);
  return first == last ? std::to_string(first) : fmt::format("{}:{}", first, last);
}

std::string port_words(uint8_t protocol, const ValueSet& ports) {
  std::string words;
  for (const ir::Interval& range : ports.intervals()) {
    const auto first = static_cast<unsigned>(range.first);
    const auto last = static_cast<unsigned>(range.last);
    words += fmt::format("{}{}/{}", words.empty() ? "" : ", ", protocol_word(protocol), first);
    if (last != first) words += fmt::format("-{}", last);
  }
  return words;
}

std::vector<Constraint> Packets::asked(const ir::Ruleset& rules, const Declared& declared,
                                       const HostFacts* host, const Openings* ip4) {
  const Family family = rules.family;
  std::vector<Constraint> all = policy::asked_of_connections(rules);
  const auto ask = [&](const ir::Field& field, ValueSet values) {
    all.push_back({&field, all_bits(field, family), std::move(values)});
  };
  for (const ir::Field* field : {&ir::kInInterface, &ir::kOutInterface}) {
    ask(*field, ValueSet::of(0));
    ask(*field, interface_values("lo"));
  }
  for (const uint8_t protocol : {net::kTcp, net::kUdp, net::kIcmp, net::kIcmp6})
    ask(ir::kProtocol, ValueSet::of(protocol));
  for (const CtState state : {CtState::kInvalid, CtState::kEstablished, CtState::kRelated,
                              CtState::kNew, CtState::kUntracked})
    ask(ir::kCtState, ValueSet::of(static_cast<U128>(state)));
  for (const uint8_t flags : kFirstFlags)
    all.push_back({&set::kTcpFlags, kFlagBits, ValueSet::of(flags)});
  for (const uint8_t flags : kLaterFlags)
    all.push_back({&set::kTcpFlags, kFlagBits, ValueSet::of(flags)});
  all.push_back({&set::kTcpFlags, kFlagBits, ValueSet::of(kXmasFlags)});
  for (const Ports& ports : kAdminPorts)
    ask(ir::kDestinationPort, ValueSet::range(ports.first, ports.last));
  for (const uint16_t port : kLateralPorts) ask(ir::kDestinationPort, ValueSet::of(port));
  for (const uint16_t port : declared.ssh_ports) ask(ir::kDestinationPort, ValueSet::of(port));
  for (const uint16_t port : declared.egress) ask(ir::kDestinationPort, ValueSet::of(port));
  ask(ir::kDestinationPort, ValueSet::range(32768, 60999));
  ask(ir::kSourcePort, ValueSet::range(32768, 60999));
  for (const uint16_t port : declared.ssh_ports) ask(ir::kSourcePort, ValueSet::of(port));
  for (const ir::Field* field : {&ir::kPacketMark, &ir::kConnectionMark})
    ask(*field, ValueSet::of(0));
  all.push_back({&ir::kCtStatus, ir::kTranslatedStatus, ValueSet::of(0)});
  for (const ir::Field* field : {&ir::kInInterface, &ir::kOutInterface})
    ask(*field, interface_values(std::string(kUnnamedInterface)));
  for (const std::string& interface : interfaces_with_addresses(family, host)) {
    ask(ir::kInInterface, interface_values(interface));
    ask(ir::kOutInterface, interface_values(interface));
  }

  // Addresses that no packet comes from: a witness has others.
  for (const ir::Field* field : {&ir::kSource, &ir::kDestination}) {
    for (const ValueSet& odd : odd_addresses(family)) ask(*field, odd);
  }
  const net::Network loopback = loopback_network(family);
  std::vector<net::Network> networks = subnets(family, declared, host);
  for (const net::Network& network : declared.management)
    if (network.address.family == family) networks.push_back(network);
  networks.push_back(loopback);
  for (const net::Network& network : networks) {
    all.push_back(network_constraint(ir::kSource, network));
    all.push_back(network_constraint(ir::kDestination, network));
  }
  if (host != nullptr) {
    for (const Interface& interface : host->interfaces) {
      for (const Interface::Own& own : interface.addresses) {
        if (own.address.family != family) continue;
        ask(ir::kSource, ValueSet::of(own.address.value));
        ask(ir::kDestination, ValueSet::of(own.address.value));
      }
    }
  }
  for (const Neighbourhood& there : neighbourhoods(family, host)) {
    ask(ir::kSource, there.others);
    ask(ir::kDestination, there.others);
    ask(ir::kInInterface, interface_values(there.interface));
    ask(ir::kOutInterface, interface_values(there.interface));
  }
  if (host != nullptr && host->listeners) {
    for (const Listener& listener : *host->listeners) {
      ask(ir::kDestinationPort, ValueSet::of(listener.port));
      if (listener.address && listener.address->family == family)
        ask(ir::kDestination, ValueSet::of(listener.address->value));
    }
  }
  ask(set::kIcmpTypeAndCode, family == Family::kIpv4 ? ValueSet::range(3 << 8, 3 << 8 | 255)
                                                     : ValueSet::range(1 << 8, 1 << 8 | 255));
  if (family == Family::kIpv6) {
    if (ip4 != nullptr) {
      for (const auto* const ports : {&ip4->some, &ip4->any}) {
        for (const ValueSet& each : *ports) ask(ir::kDestinationPort, each);
      }
    }
    ask(ir::kHopLimit, ValueSet::of(255));
    for (const unsigned type : {2U, 133U, 134U, 135U, 136U})
      ask(set::kIcmpTypeAndCode, ValueSet::of(type << 8));
    for (const net::Network& network :
         {link_local_network(), global_network(), unspecified_network()})
      all.push_back(network_constraint(ir::kSource, network));
    for (const net::Network& network : {link_local_network(), global_network(), all_nodes_network(),
                                        all_routers_network(), solicited_nodes_network()})
      all.push_back(network_constraint(ir::kDestination, network));
  }
  return all;
}

Packets::Packets(set::Model& model, const ir::Ruleset& rules, const Declared& declared,
                 const HostFacts* host)
    : model_(model), declared_(declared), host_(host), rules_(rules), functions_(model, rules) {}

Node Packets::all(std::initializer_list<Node> sets) {
  Node result = set::kEverything;
  for (const Node set : sets) result = arena().intersect(result, set);
  return result;
}

Node Packets::of(const ir::Field& field, const ValueSet& values) {
  return model_.of({&field, all_bits(field, family()), values});
}

Node Packets::states(std::initializer_list<CtState> states) {
  ValueSet values;
  for (const CtState state : states) values = values.united(ValueSet::of(static_cast<U128>(state)));
  return of(ir::kCtState, values);
}

Node Packets::source_in(std::span<const net::Network> networks) {
  Node result = set::kNothing;
  for (const net::Network& network : networks) {
    if (network.address.family == family())
      result = arena().unite(result, model_.of(network_constraint(ir::kSource, network)));
  }
  return result;
}

Node Packets::destination_in(std::span<const net::Network> networks) {
  Node result = set::kNothing;
  for (const net::Network& network : networks) {
    if (network.address.family == family())
      result = arena().unite(result, model_.of(network_constraint(ir::kDestination, network)));
  }
  return result;
}

Node Packets::by_loopback(Direction direction) {
  const bool in = direction == Direction::kInput;
  return all({model_.of_shapes({set::Shape::kWhole}),
              model_.at_hook(in ? ir::Hook::kInput : ir::Hook::kOutput),
              of(in ? ir::kInInterface : ir::kOutInterface, interface_values("lo"))});
}

Node Packets::at(Direction direction) {
  const ir::Hook hook = direction == Direction::kInput     ? ir::Hook::kInput
                        : direction == Direction::kForward ? ir::Hook::kForward
                                                           : ir::Hook::kOutput;
  Node here = all({model_.of_shapes({set::Shape::kWhole}), model_.at_hook(hook)});
  for (const ir::Field* field : {&ir::kInInterface, &ir::kOutInterface})
    here = arena().subtract(here, of(*field, interface_values("lo")));
  // A program of this host may mark what it sends.
  return direction == Direction::kOutput ? arena().subtract(here, policy::not_its_own(model_))
                                         : all({here, fresh()});
}

Node Packets::usual() {
  const auto tcp = [&](std::span<const uint8_t> flags) {
    Node result = set::kNothing;
    for (const uint8_t each : flags)
      result = arena().unite(result, model_.of({&set::kTcpFlags, kFlagBits, ValueSet::of(each)}));
    return all({of(ir::kProtocol, ValueSet::of(net::kTcp)), result});
  };
  const Node first = states({CtState::kNew});
  return arena().unite_all({all({tcp(kFirstFlags), first}),
                            arena().subtract(tcp(kLaterFlags), first),
                            of(ir::kProtocol, ValueSet::of(net::kUdp))});
}

Node Packets::xmas() {
  return all({of(ir::kProtocol, ValueSet::of(net::kTcp)),
              model_.of({&set::kTcpFlags, kFlagBits, ValueSet::of(kXmasFlags)})});
}

Node Packets::newcomers() { return all({at(Direction::kInput), states({CtState::kNew})}); }

Node Packets::way(Direction direction) {
  auto& known = ways_[static_cast<size_t>(direction)];
  if (!known) known = functions_.on_the_way(direction, pass::HostFunctions::Written::kKept);
  return *known;
}

Node Packets::may_pass(Direction direction) {
  return model_.where(way(direction), [&](std::span<const set::Outcome> possible) {
    return std::ranges::any_of(
        possible, [&](const set::Outcome& it) { return set::may_pass(it, model_.outcomes()); });
  });
}

Node Packets::may_stop(Direction direction) {
  return model_.where(way(direction), [&](std::span<const set::Outcome> possible) {
    return std::ranges::any_of(
        possible, [&](const set::Outcome& it) { return set::may_stop(it, model_.outcomes()); });
  });
}

std::optional<ValueSet> Packets::values(Node set, const ir::Field& field) {
  return set::values(model_, set, field);
}

// Those that the host's interfaces and neighbours make, the likeliest first.
std::vector<Node> Packets::likely(Direction direction) {
  const std::vector<Neighbourhood> places = neighbourhoods(family(), host_);
  std::vector<Node> found;
  const auto from = [&](const Neighbourhood& it) {
    return all({of(ir::kInInterface, interface_values(it.interface)), of(ir::kSource, it.others)});
  };
  const auto to = [&](const Neighbourhood& it) {
    return all(
        {of(ir::kOutInterface, interface_values(it.interface)), of(ir::kDestination, it.others)});
  };
  for (const Neighbourhood& here : places) {
    const ValueSet own = ValueSet::of(here.own.value);
    switch (direction) {
      case Direction::kInput: found.push_back(all({from(here), of(ir::kDestination, own)})); break;
      case Direction::kForward:
        for (const Neighbourhood& there : places)
          if (there.interface != here.interface) found.push_back(all({from(here), to(there)}));
        // What is translated comes for the host.
        for (const Neighbourhood& there : places) {
          if (there.interface == here.interface) continue;
          found.push_back(all({from(here), of(ir::kDestination, own),
                               of(ir::kOutInterface, interface_values(there.interface))}));
        }
        break;
      case Direction::kOutput: found.push_back(all({of(ir::kSource, own), to(here)})); break;
    }
  }
  if (direction == Direction::kInput) {
    // From further away, or to all of the link.
    for (const Neighbourhood& here : places) {
      found.push_back(all({of(ir::kInInterface, interface_values(here.interface)),
                           of(ir::kDestination, ValueSet::of(here.own.value))}));
    }
    for (const Neighbourhood& here : places)
      found.push_back(of(ir::kInInterface, interface_values(here.interface)));
  }
  return found;
}

std::optional<Witness> Packets::witness(Node set, Direction direction, About about) {
  for (const Node wanted : likely(direction)) {
    const Node narrowed = arena().intersect(set, wanted);
    if (narrowed == set::kNothing || arena().exhausted()) continue;
    set = narrowed;
    break;
  }
  const auto point = set::witness(model_, set);
  if (!point || arena().exhausted()) return {};
  const auto possible = model_.outcomes().possible(set::at(model_, way(direction), *point));
  const auto any = [&](bool (*what)(const set::Outcome&, const set::Outcomes&)) {
    return std::ranges::any_of(possible,
                               [&](const set::Outcome& it) { return what(it, model_.outcomes()); });
  };
  const bool passes = any(set::may_pass);
  const bool certain = !(passes && any(set::may_stop));
  return Witness{.packet = packet_of(model_.space(), *point),
                 .certain = certain,
                 .known = known_at(model_.space(), *point),
                 .passes = certain ? passes : about == About::kPassing,
                 .verdict = {},
                 .decided = {},
                 .rule = {}};
}

}  // namespace bulkhead::app::audit
