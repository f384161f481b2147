// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/event.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/byte_order.h"

namespace bulkhead::testing {
namespace {

using ir::CtState;

struct Marked {
  std::string_view source;
  uint32_t mark;
  uint32_t connection_mark;
};

constexpr Marked kMarked[] = {
    {"192.0.2.10", 0x17, 0x5},  {"203.0.113.77", 0x1, 0x105},   {"192.0.2.1", 0x20, 0x1},
    {"2001:db8::a", 0x17, 0x5}, {"2001:db8:1::4d", 0x1, 0x105}, {"2001:db8::1", 0x20, 0x1},
    {"198.51.100.7", 0x2, 0},   {"2001:db8:ffff::7", 0x2, 0},
};

const Marked* find_marked(std::string_view source) {
  const auto* found = std::ranges::find(kMarked, source, &Marked::source);
  return found == std::end(kMarked) ? nullptr : found;
}

bool is_ip6(std::string_view address) { return address.find(':') != std::string_view::npos; }

U128 number(const std::string& address) { return load_be(address_bytes(address)); }

// linux/rtnetlink.h. The kernel looks into its table of local addresses and nowhere else
// (inet_addr_type); IPv6 is asked otherwise (xt_addrtype), see opaque_truth.
enum AddressType : uint32_t { kUnicast = 1, kLocal = 2, kBroadcast = 3, kMulticast = 5 };

AddressType type_of(const std::string& address, std::string_view only_on) {
  struct Special {
    std::string_view address;
    std::string_view interface;
    AddressType type;
  };
  constexpr Special kSpecial[] = {
      {"192.0.2.1", "eth0", kLocal},     {"192.0.2.255", "eth0", kBroadcast},
      {"203.0.113.1", "eth1", kLocal},   {"203.0.113.255", "eth1", kBroadcast},
      {"198.18.0.1", "lan0", kLocal},    {"198.18.0.255", "lan0", kBroadcast},
      {"2001:db8::1", "eth0", kLocal},   {"2001:db8:1::1", "eth1", kLocal},
      {"2001:db8:2::1", "lan0", kLocal},
  };
  if (address.starts_with("224.") || address.starts_with("ff")) return kMulticast;
  const auto* found = std::ranges::find(kSpecial, address, &Special::address);
  if (found == std::end(kSpecial)) return kUnicast;
  return only_on.empty() || only_on == found->interface ? found->type : kUnicast;
}

}  // namespace

RigOptions differential_network() {
  RigOptions options;
  options.interfaces.push_back(
      {.name = "lan0", .addresses = {"198.18.0.1/24", "2001:db8:2::1/64"}, .ethernet = true});
  options.interfaces.push_back({.name = "p0", .bridge = "br0"});
  options.interfaces.push_back({.name = "p1", .bridge = "br0"});
  return options;
}

std::string differential_marks() {
  std::string packets, connections;
  for (const Marked& each : kMarked) {
    const std::string from =
        fmt::format("{} saddr {}", is_ip6(each.source) ? "ip6" : "ip", each.source);
    packets += fmt::format("    {} meta mark set {}\n", from, each.mark);
    if (each.connection_mark != 0)
      connections +=
          fmt::format("    {} ct state new ct mark set {}\n", from, each.connection_mark);
  }
  std::string text = "table inet differential_marks {\n";
  // Behind the observer (-500) and, for connections, behind conntrack (-200).
  for (const char* hook : {"prerouting", "output"}) {
    text +=
        fmt::format("  chain {0} {{ type filter hook {0} priority -490;\n{1}  }}\n", hook, packets);
    text += fmt::format("  chain {0}_connections {{ type filter hook {0} priority -190;\n{1}  }}\n",
                        hook, connections);
  }
  return text + "}\n";
}

uint32_t mark_of(std::string_view source) {
  const Marked* marked = find_marked(source);
  return marked ? marked->mark : 0;
}

uint32_t connection_mark_of(std::string_view source) {
  const Marked* marked = find_marked(source);
  return marked ? marked->connection_mark : 0;
}

CtState ConnectionModel::state(const Event& event) {
  using Role = Event::Role;
  const auto known = known_.find(event.flow);
  const bool exists = known != known_.end();
  switch (event.role) {
    case Role::kUntracked: return CtState::kUntracked;
    case Role::kInvalid: return CtState::kInvalid;
    case Role::kError: return exists ? CtState::kRelated : CtState::kInvalid;
    case Role::kReply:
      // UDP can't tell a reply from a first packet; TCP and ICMP can.
      if (!exists) return event.flow.starts_with("udp") ? CtState::kNew : CtState::kInvalid;
      known->second.replied = true;
      return CtState::kEstablished;
    case Role::kFollow:
      // To an unanswered SYN the ACK doesn't fit; without anything it is picked up (tcp_loose).
      if (!exists) return CtState::kNew;
      if (!known->second.replied) return CtState::kInvalid;
      known->second.assured = true;
      return CtState::kEstablished;
    case Role::kStart:
      return exists && known->second.replied ? CtState::kEstablished : CtState::kNew;
  }
  return CtState::kInvalid;
}

std::map<ir::Conntrack, U128> ConnectionModel::facts(const Event& event, CtState state) const {
  using Key = ir::Conntrack;
  if (state == CtState::kInvalid || state == CtState::kUntracked) return {};
  // linux/netfilter/nf_conntrack_common.h
  constexpr uint32_t kSeenReply = 2, kAssured = 4, kConfirmed = 8;
  const Connection* connection = find(event.flow);
  const bool answers =
      connection && (event.role == Event::Role::kReply || event.role == Event::Role::kError);
  // A reply to nothing begins a connection of its own, or goes on with it.
  if (!connection) connection = find(own_flow(event));
  const Connection fresh{.tuple = own_tuple(event)};
  const bool confirmed = connection != nullptr;
  const Connection& it = connection ? *connection : fresh;
  std::map<Key, U128> facts;
  facts[Key::kDirection] = answers ? 1 : 0;
  facts[Key::kStatus] =
      !confirmed ? 0 : kConfirmed | (it.replied ? kSeenReply : 0) | (it.assured ? kAssured : 0);
  if (!it.tuple) return facts;
  const Tuple& tuple = *it.tuple;
  facts[Key::kMark] = connection_mark_of(tuple.source);
  facts[Key::kProtocol] = tuple.protocol;
  facts[Key::kOriginalSource] = facts[Key::kReplyDestination] = number(tuple.source);
  facts[Key::kOriginalDestination] = facts[Key::kReplySource] = number(tuple.destination);
  // ICMP's ids and types are there too, in forms of their own.
  constexpr uint8_t kTcp = 6, kUdp = 17;
  if (tuple.protocol != kTcp && tuple.protocol != kUdp) return facts;
  facts[Key::kOriginalSourcePort] = facts[Key::kReplyDestinationPort] = tuple.sport;
  facts[Key::kOriginalDestinationPort] = facts[Key::kReplySourcePort] = tuple.dport;
  // A little less than the timeout that it was given; of an unconfirmed one nobody can say.
  constexpr uint32_t kUdpTimeout = 599'000, kTcpEstablished = 431'999'000;
  if (confirmed && tuple.protocol == kUdp) facts[Key::kExpiration] = kUdpTimeout;
  if (confirmed && tuple.protocol == kTcp && it.assured) facts[Key::kExpiration] = kTcpEstablished;
  return facts;
}

void ConnectionModel::accepted(const Event& event, CtState state) {
  if (state == CtState::kNew)
    known_.emplace(own_flow(event), Connection{.tuple = own_tuple(event)});
}

const ConnectionModel::Connection* ConnectionModel::find(const std::string& flow) const {
  const auto known = known_.find(flow);
  return known == known_.end() ? nullptr : &known->second;
}

std::string ConnectionModel::own_flow(const Event& event) {
  return event.role == Event::Role::kReply ? "reply of " + event.flow : event.flow;
}

std::optional<Tuple> ConnectionModel::own_tuple(const Event& event) {
  std::optional<Tuple> tuple = event.tuple;
  if (tuple && event.role == Event::Role::kReply) {
    std::swap(tuple->source, tuple->destination);
    std::swap(tuple->sport, tuple->dport);
  }
  return tuple;
}

backend::sim::Packet simulated(const Event& event, ConnectionModel& connections) {
  constexpr uint16_t kEthernet = 1, kNoLink = 0xfffe;  // ARPHRD_ETHER, ARPHRD_NONE
  const CtState state = connections.state(event);
  // A router has taken one off before the hook (ip_forward, ip6_forward); a bridge hasn't.
  Bytes bytes = event.step.packet;
  if (event.hook == ir::Hook::kForward && event.physical_in.empty())
    --bytes[bytes[0] >> 4 == 4 ? 8 : 7];
  const bool ethernet = event.in == "lan0" || event.in == "br0";
  backend::sim::Packet packet{.bytes = std::move(bytes),
                              .hook = event.hook,
                              .in_interface = event.in,
                              .out_interface = event.out,
                              .state = state,
                              .mark = mark_of(event.source),
                              .connection = connections.facts(event, state),
                              .routes = {},
                              .packet_type = 0,
                              .in_device_type = ethernet ? kEthernet : kNoLink,
                              .link = std::vector<uint8_t>()};
  if (ethernet) {
    const Mac to = event.step.destination_mac.value_or(Mac{});
    for (const Mac& address : {to, event.step.source_mac}) {
      for (const uint8_t byte : address) packet.link->push_back(byte);
    }
    packet.link->resize(14);
    const bool everybody = std::ranges::all_of(to, [](uint8_t byte) { return byte == 0xff; });
    const bool group = (to[0] & 1) != 0;
    // linux/if_packet.h: PACKET_BROADCAST, PACKET_MULTICAST, PACKET_HOST; br_netfilter shows what a
    // bridge passes on as if it were for this host.
    packet.packet_type = everybody ? 1 : group ? 2 : 0;
  }
  for (const auto& [key, address, on] :
       {std::tuple{ir::Route::kSource, event.source, std::string()},
        std::tuple{ir::Route::kDestination, event.destination, std::string()},
        std::tuple{ir::Route::kSourceOnIn, event.source, event.in},
        std::tuple{ir::Route::kDestinationOnIn, event.destination, event.in},
        std::tuple{ir::Route::kSourceOnOut, event.source, event.out},
        std::tuple{ir::Route::kDestinationOnOut, event.destination, event.out}}) {
    packet.routes[key] = type_of(address, on);
  }
  return packet;
}

}  // namespace bulkhead::testing
