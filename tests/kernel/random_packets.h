// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backend/sim/simulator.h"
#include "ir/ruleset.h"
#include "support/packet_builder.h"
#include "support/random.h"
#include "support/rig.h"

// Packets for the rig's network, drawn at random, and what conntrack makes of them: a model of its
// own, so that the simulator can be told the states that the kernel finds by itself.
namespace bulkhead::testing {

struct Event {
  // What the packet is to its connection, whose key is `flow`.
  enum class Role {
    kStart,  // may begin one: a TCP SYN or (picked up) ACK, UDP, an ICMP request, an unknown
             // protocol
    kReply,
    kFollow,   // a TCP ACK after the reply
    kError,    // an ICMP error about it
    kInvalid,  // can be no part of any: no header, odd flags, an answer to nothing
    kUntracked,
  };

  Step step;
  ir::Hook hook = ir::Hook::kInput;
  std::string out;  // interface
  Role role = Role::kStart;
  std::string flow;
  std::string what;
};

// Connections as conntrack keeps them: made when their first packet has been accepted.
class ConnectionModel {
 public:
  ir::CtState state(const Event& event) {
    const auto known = replied_.find(event.flow);
    const bool exists = known != replied_.end();
    switch (event.role) {
      case Event::Role::kUntracked: return ir::CtState::kUntracked;
      case Event::Role::kInvalid: return ir::CtState::kInvalid;
      case Event::Role::kError: return exists ? ir::CtState::kRelated : ir::CtState::kInvalid;
      case Event::Role::kReply:
        if (!exists) return reply_without(event);
        known->second = true;
        return ir::CtState::kEstablished;
      case Event::Role::kFollow:
        // To an unanswered SYN the ACK doesn't fit; without anything it is picked up (tcp_loose).
        if (!exists) return ir::CtState::kNew;
        return known->second ? ir::CtState::kEstablished : ir::CtState::kInvalid;
      case Event::Role::kStart:
        return exists && known->second ? ir::CtState::kEstablished : ir::CtState::kNew;
    }
    return ir::CtState::kInvalid;
  }

  void accepted(const Event& event, ir::CtState state) {
    if (state != ir::CtState::kNew) return;
    replied_.emplace(event.role == Event::Role::kReply ? "reply of " + event.flow : event.flow,
                     false);
  }

 private:
  // UDP can't tell a reply from a first packet; TCP and ICMP can.
  static ir::CtState reply_without(const Event& event) {
    return event.flow.starts_with("udp") ? ir::CtState::kNew : ir::CtState::kInvalid;
  }

  std::map<std::string, bool> replied_;
};

class PacketDrawer {
 public:
  PacketDrawer(Random& random, bool ip6) : random_(random), ip6_(ip6) {}

  std::vector<Event> draw(size_t count) {
    std::vector<Event> events;
    while (events.size() < count) add_some(events);
    return events;
  }

 private:
  // From here to there, and through which hooks.
  struct Path {
    std::string source, destination;
    std::string in, out;  // interfaces; empty: the host
    ir::Hook hook() const {
      return in.empty() ? ir::Hook::kOutput : out.empty() ? ir::Hook::kInput : ir::Hook::kForward;
    }
    Path back() const { return {destination, source, out, in}; }
  };

  std::string host(bool second) {
    return ip6_ ? (second ? "2001:db8:1::1" : "2001:db8::1") : second ? "203.0.113.1" : "192.0.2.1";
  }
  std::string peer() {
    const std::vector<std::string> v4 = {"192.0.2.9", "192.0.2.10", "192.0.2.200"};
    const std::vector<std::string> v6 = {"2001:db8::9", "2001:db8::a", "2001:db8::1:8"};
    return random_.pick(ip6_ ? v6 : v4);
  }
  std::string behind() {
    const std::vector<std::string> v4 = {"203.0.113.9", "203.0.113.77"};
    const std::vector<std::string> v6 = {"2001:db8:1::9", "2001:db8:1::4d"};
    return random_.pick(ip6_ ? v6 : v4);
  }
  std::string untracked() { return ip6_ ? "2001:db8:ffff::7" : "198.51.100.7"; }

  Path path() {
    switch (random_.below(8)) {
      case 0: return {behind(), host(true), "eth1", ""};
      case 1:
      case 2: return {peer(), behind(), "eth0", "eth1"};
      case 3: return {behind(), peer(), "eth1", "eth0"};
      case 4: return {host(false), peer(), "", "eth0"};
      case 5: return {host(true), behind(), "", "eth1"};
      default: return {peer(), host(false), "eth0", ""};
    }
  }

  uint16_t port() {
    const std::vector<uint16_t> known = {22, 80, 443, 53, 0, 1023, 1024};
    switch (random_.below(4)) {
      case 0: return static_cast<uint16_t>(random_.between(1000, 2000));
      case 1: return static_cast<uint16_t>(random_.between(1, 65535));
      default: return random_.pick(known);
    }
  }
  // Hardly ever the same twice, so that connections stay apart.
  uint16_t own_port() { return static_cast<uint16_t>(random_.between(1, 65535)); }

  Packet ip(const Path& path) const {
    if (ip6_) return {Ip6{.saddr = path.source, .daddr = path.destination}};
    return {Ip4{.saddr = path.source, .daddr = path.destination}};
  }
  Packet echo(bool request, uint32_t rest) const {
    if (ip6_) return {Icmp6{.type = static_cast<uint8_t>(request ? 128 : 129), .rest = rest}};
    return {Icmp{.type = static_cast<uint8_t>(request ? 8 : 0), .rest = rest}};
  }

  Event event(const Path& path, Bytes bytes, Event::Role role, std::string flow,
              std::string what) const {
    what = fmt::format("{} > {} {}{}{}{}: {}", path.source, path.destination,
                       path.in.empty() ? "" : " in ", path.in, path.out.empty() ? "" : " out ",
                       path.out, what);
    return {.step = {.interface = path.in, .packet = std::move(bytes)},
            .hook = path.hook(),
            .out = path.out,
            .role = role,
            .flow = std::move(flow),
            .what = std::move(what)};
  }
  void add(std::vector<Event>& events, const Path& path, const Packet& rest, Event::Role role,
           std::string flow, std::string what) const {
    events.push_back(event(path, build(ip(path) / rest), role, std::move(flow), std::move(what)));
  }

  void add_some(std::vector<Event>& events) {
    switch (random_.below(12)) {
      case 0:
      case 1: return add_tcp(events);
      case 2: return add_udp(events);
      case 3: return add_echo(events);
      case 4: return add_odd_tcp(events);
      case 5: return add_odd_icmp(events);
      case 6: return add_error(events);
      case 7: return add_cut(events);
      case 8: return add_untracked(events);
      case 9: return ip6_ ? add_extensions(events) : add_unknown_protocol(events);
      case 10: return add_unknown_protocol(events);
      default: return add_single(events);
    }
  }

  void add_single(std::vector<Event>& events) {
    const Path way = path();
    const Tcp tcp{.sport = own_port(),
                  .dport = port(),
                  .options = random_.one_in(2) ? Bytes{2, 4, 5, 180, 1, 3, 3, 7} : Bytes{}};
    add(events, way, {tcp}, Event::Role::kStart, fmt::format("tcp {} {}", way.source, tcp.sport),
        fmt::format("tcp {} > {} S", tcp.sport, tcp.dport));
  }

  void add_tcp(std::vector<Event>& events) {
    const Path way = path();
    const uint16_t from = own_port(), to = port();
    const std::string flow = fmt::format("tcp {} {} {} {}", way.source, from, way.destination, to);
    add(events, way, {Tcp{.sport = from, .dport = to, .flags = "S", .seq = 1000}},
        Event::Role::kStart, flow, fmt::format("tcp {} > {} S", from, to));
    add(events, way.back(),
        {Tcp{.sport = to, .dport = from, .flags = "SA", .seq = 5000, .ack = 1001}},
        Event::Role::kReply, flow, fmt::format("tcp {} > {} SA", to, from));
    add(events, way, {Tcp{.sport = from, .dport = to, .flags = "A", .seq = 1001, .ack = 5001}},
        Event::Role::kFollow, flow, fmt::format("tcp {} > {} A", from, to));
  }

  void add_udp(std::vector<Event>& events) {
    const Path way = path();
    const uint16_t from = own_port(), to = port();
    const std::string flow = fmt::format("udp {} {} {} {}", way.source, from, way.destination, to);
    const std::string there = fmt::format("udp {} > {}", from, to);
    const std::string back = fmt::format("udp {} > {}", to, from);
    add(events, way, {Udp{.sport = from, .dport = to}}, Event::Role::kStart, flow, there);
    if (random_.one_in(3)) return;
    add(events, way.back(), {Udp{.sport = to, .dport = from}}, Event::Role::kReply, flow, back);
    if (random_.one_in(2)) return;
    // If the first was not accepted, the second began a connection of its own; too clever to guess
    // at here.
    if (random_.one_in(4))
      add(events, way.back(), {Udp{.sport = to, .dport = from}}, Event::Role::kReply, flow, back);
  }

  void add_echo(std::vector<Event>& events) {
    const Path way = path();
    const auto rest = static_cast<uint32_t>(random_.bits());
    const std::string flow = fmt::format("icmp {} {}", way.source, rest);
    add(events, way, echo(true, rest), Event::Role::kStart, flow, "echo request");
    if (random_.one_in(2))
      add(events, way.back(), echo(false, rest), Event::Role::kReply, flow, "echo reply");
  }

  void add_odd_tcp(std::vector<Event>& events) {
    struct Odd {
      std::string flags;
      bool starts;
    };
    const std::vector<Odd> odds = {{"SA", false}, {"A", true},      {"PA", true}, {"FA", false},
                                   {"R", false},  {"RA", false},    {"", false},  {"FPU", false},
                                   {"SEC", true}, {"FSRPAU", false}};
    const Odd& odd = random_.pick(odds);
    const Path way = path();
    const uint16_t from = own_port(), to = port();
    add(events, way, {Tcp{.sport = from, .dport = to, .flags = odd.flags}},
        odd.starts ? Event::Role::kStart : Event::Role::kInvalid,
        fmt::format("tcp odd {} {}", way.source, from),
        fmt::format("tcp {} > {} flags \"{}\"", from, to, odd.flags));
  }

  void add_odd_icmp(std::vector<Event>& events) {
    using Role = Event::Role;
    // RFC 4861's messages are never tracked; a request may begin a connection, an answer to nothing
    // is invalid.
    const std::vector<std::pair<uint8_t, Role>> v6 = {{129, Role::kInvalid},
                                                      {133, Role::kUntracked},
                                                      {134, Role::kUntracked},
                                                      {135, Role::kUntracked}};
    const std::vector<std::pair<uint8_t, Role>> v4 = {
        {0, Role::kInvalid}, {13, Role::kStart}, {14, Role::kInvalid}, {9, Role::kInvalid}};
    const auto [type, role] = random_.pick(ip6_ ? v6 : v4);
    const auto rest = static_cast<uint32_t>(random_.bits());
    const Path way = path();
    const Packet message =
        ip6_ ? Packet{Icmp6{.type = type, .rest = rest}} : Packet{Icmp{.type = type, .rest = rest}};
    add(events, way, message, role, fmt::format("icmp {} {} {}", type, way.source, rest),
        fmt::format("icmp type {}", type));
  }

  // Someone sends UDP, and whom it was for, or nobody, is told that there is no such port.
  void add_error(std::vector<Event>& events) {
    const Path way = path();
    const Udp udp{.sport = own_port(), .dport = port()};
    const std::string flow =
        fmt::format("udp {} {} {} {}", way.source, udp.sport, way.destination, udp.dport);
    if (!random_.one_in(3)) {
      add(events, way, {udp}, Event::Role::kStart, flow,
          fmt::format("udp {} > {}", udp.sport, udp.dport));
    }
    const auto code = static_cast<uint8_t>(random_.one_in(2) ? (ip6_ ? 4 : 3) : 1);
    const Packet quoted = ip(way) / Packet{udp};
    const Packet error = ip6_ ? Packet{Icmp6{.type = 1, .code = code, .rest = 0}} / quoted
                              : Packet{Icmp{.type = 3, .code = code, .rest = 0}} / quoted;
    add(events, way.back(), error, Event::Role::kError, flow,
        fmt::format("icmp error {} about udp", code));
  }

  void add_cut(std::vector<Event>& events) {
    Path way = path();
    while (way.in.empty()) way = path();
    const bool tracked = !random_.one_in(3);
    if (!tracked && random_.one_in(2)) {
      way = {untracked(), host(false), "eth0", ""};
    } else if (!tracked) {
      way = {untracked(), behind(), "eth0", "eth1"};
    }
    const std::vector<Packet> rests = {{Tcp{.sport = own_port(), .dport = port()}},
                                       {Udp{.sport = own_port(), .dport = port()}},
                                       echo(true, 7)};
    const size_t which = random_.below(rests.size());
    const size_t headers = ip6_ ? 40 : 20;
    const size_t left = random_.below(which == 0 ? 20 : 8);
    const Bytes bytes = truncate(build(ip(way) / rests[which]), headers + left);
    events.push_back(event(way, bytes, tracked ? Event::Role::kInvalid : Event::Role::kUntracked,
                           "",
                           fmt::format("{} cut to {} bytes",
                                       which == 0   ? "tcp"
                                       : which == 1 ? "udp"
                                                    : "icmp",
                                       left)));
  }

  void add_untracked(std::vector<Event>& events) {
    const Path way = {untracked(), behind(), "eth0", "eth1"};
    const bool tcp = random_.one_in(2);
    const auto protocol = static_cast<uint8_t>(tcp ? 6 : 17);
    const uint16_t from = own_port(), to = port();
    const Packet header =
        tcp ? Packet{Tcp{.sport = from, .dport = to}} : Packet{Udp{.sport = from, .dport = to}};
    const std::string what = fmt::format("{} {} > {}", tcp ? "tcp" : "udp", from, to);
    if (random_.one_in(2))
      return add(events, way, header, Event::Role::kUntracked, "", what + " untracked");

    const bool first = random_.one_in(3);
    const auto offset = static_cast<uint16_t>(first ? 0 : random_.between(1, 4));
    const Packet carried = first ? header / Payload{std::string(24 - (tcp ? 20 : 8) % 8, 'x')}
                                 : Packet{Raw{.protocol = protocol, .bytes = Bytes(24, 0x16)}};
    Bytes bytes;
    if (ip6_) {
      bytes = build(ip(way) / Packet{Fragment6{.offset = offset, .more = true}} / carried);
    } else {
      bytes = build(Packet{Ip4{.saddr = way.source,
                               .daddr = way.destination,
                               .more_fragments = true,
                               .fragment_offset = offset}} /
                    carried);
    }
    events.push_back(event(way, bytes, Event::Role::kUntracked, "",
                           fmt::format("{} fragment {}", what, offset)));
  }

  void add_extensions(std::vector<Event>& events) {
    const Path way = path();
    const Tcp tcp{.sport = own_port(), .dport = port()};
    const std::string flow = fmt::format("tcp ext {} {}", way.source, tcp.sport);
    const std::string what = fmt::format("tcp {} > {} S", tcp.sport, tcp.dport);
    switch (random_.below(way.in.empty() ? 2 : 3)) {
      case 0:
        return add(events, way, DestinationOptions{} / tcp, Event::Role::kStart, flow,
                   what + " behind options");
      case 1:
        return add(events, way, HopByHop{} / DestinationOptions{} / tcp, Event::Role::kStart, flow,
                   what + " behind hop-by-hop and options");
      default: {
        const Bytes bytes = truncate(build(ip(way) / (DestinationOptions{} / tcp)), 41);
        events.push_back(
            event(way, bytes, Event::Role::kInvalid, "", "an extension header cut to 1 byte"));
      }
    }
  }

  void add_unknown_protocol(std::vector<Event>& events) {
    // Without ports all packets between two hosts are one connection: only ever in one direction.
    Path way = {peer(), host(false), "eth0", ""};
    if (random_.one_in(2)) way = {peer(), behind(), "eth0", "eth1"};
    add(events, way, {Raw{.protocol = 253, .bytes = Bytes(random_.below(30), 0x50)}},
        Event::Role::kStart, fmt::format("253 {} {}", way.source, way.destination), "protocol 253");
  }

  Random& random_;
  bool ip6_;
};

}  // namespace bulkhead::testing
