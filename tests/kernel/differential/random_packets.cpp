// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/random_packets.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernel/differential/random_extensions.h"
#include "kernel/differential/random_paths.h"
#include "support/packet_builder.h"

namespace bulkhead::testing {
namespace {

class PacketDrawer : PathDrawer {
 public:
  PacketDrawer(Random& random, bool ip6) : PathDrawer(random, ip6) {}

  std::vector<Event> draw(size_t count) {
    std::vector<Event> events;
    while (events.size() < count) add_some(events);
    return events;
  }

 private:
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

  Packet ip(const Path& path) {
    const std::vector<uint8_t> hops = {64, 64, 255, 33, 2},
                               classes = {0, 0, 0, 46 << 2, 10 << 2, 1};
    const uint8_t left = random_.pick(hops), service = random_.pick(classes);
    if (ip6_) {
      return {Ip6{.saddr = path.source,
                  .daddr = path.destination,
                  .traffic_class = service,
                  .hop_limit = left}};
    }
    return {Ip4{.saddr = path.source, .daddr = path.destination, .tos = service, .ttl = left}};
  }
  Payload payload() {
    return {.text = std::string(random_.one_in(2) ? random_.below(120) : 0, 'x')};
  }
  Packet echo(bool request, uint32_t rest) const {
    if (ip6_) return {Icmp6{.type = static_cast<uint8_t>(request ? 128 : 129), .rest = rest}};
    return {Icmp{.type = static_cast<uint8_t>(request ? 8 : 0), .rest = rest}};
  }

  Event event(const Path& path, Bytes bytes, Event::Role role, std::string flow, std::string what) {
    what = fmt::format("{} > {} {}{}{}{}: {}", path.source, path.destination,
                       path.in.empty() ? "" : " in ", path.in, path.out.empty() ? "" : " out ",
                       path.out, what);
    Event event{.step = {.interface = path.bridged() ? "p0" : path.in,
                         .packet = std::move(bytes),
                         .destination_mac = path.to},
                .hook = path.hook(),
                .source = path.source,
                .destination = path.destination,
                .in = path.in,
                .out = path.out,
                .physical_in = path.bridged() ? "p0" : "",
                .physical_out = path.bridged() ? "p1" : "",
                .role = role,
                .flow = std::move(flow),
                .tuple = {},
                .chunks = {},
                .dccp_options = {},
                .what = std::move(what)};
    if (random_.one_in(2)) event.step.source_mac[5] = 8;
    if (path.in.empty() && random_.one_in(2)) event.step.user = event.step.group = 1000;
    return event;
  }
  Event& add(std::vector<Event>& events, const Path& path, const Packet& rest, Event::Role role,
             std::string flow, std::string what, std::optional<Tuple> tuple = {}) {
    events.push_back(event(path, build(ip(path) / rest), role, std::move(flow), std::move(what)));
    events.back().tuple = std::move(tuple);
    return events.back();
  }
  static Tuple tuple_of(const Path& path, uint8_t protocol, uint16_t sport = 0,
                        uint16_t dport = 0) {
    return {path.source, path.destination, protocol, sport, dport};
  }

  void add_some(std::vector<Event>& events) {
    // So often that each option is met both ways (OptionCoverage).
    switch (random_.below(ip6_ ? 38 : 29)) {
      case 0:
      case 1:
      case 2: return add_tcp(events);
      case 3: return add_udp(events);
      case 4: return add_echo(events);
      case 5: return add_odd_tcp(events);
      case 6: return add_odd_icmp(events);
      case 7: return add_error(events);
      case 8: return add_cut(events);
      case 9:
      case 10: return add_untracked(events);
      case 11: return ip6_ ? add_extensions(events) : add_options(events);
      case 12: return add_unknown_protocol(events);
      case 13:
      case 14: return add_sctp(events);
      case 15:
      case 16:
      case 17: return add_dccp(events);
      case 18: return add_to_many(events);
      case 19:
      case 20:
      case 21:
      case 22: return add_bridged(events);
      case 23:
      case 24:
      case 25: return add_single(events);
      default: return add_ipsec(events);
    }
  }

  // With bits that conntrack doesn't look at.
  std::string with_ecn(std::string flags) {
    const std::vector<std::string> bits = {"", "E", "C", "EC"};
    return std::move(flags) + random_.pick(bits);
  }
  static Bytes segment_size() { return {2, 4, 5, 180}; }

  void add_single(std::vector<Event>& events) {
    const Path way = path();
    const Tcp tcp{.sport = own_port(),
                  .dport = port(),
                  .flags = with_ecn("S"),
                  .options = !random_.one_in(3) ? Bytes{2, 4, 5, 180, 1, 3, 3, 7} : Bytes{}};
    add(events, way, tcp / payload(), Event::Role::kStart,
        fmt::format("tcp {} {}", way.source, tcp.sport),
        fmt::format("tcp {} > {} S", tcp.sport, tcp.dport), tuple_of(way, 6, tcp.sport, tcp.dport));
  }

  void add_tcp(std::vector<Event>& events) {
    const Path way = path();
    const uint16_t from = own_port(), to = port();
    const std::string flow = fmt::format("tcp {} {} {} {}", way.source, from, way.destination, to);
    const Tuple tuple = tuple_of(way, 6, from, to);
    add(events, way,
        {Tcp{.sport = from,
             .dport = to,
             .flags = with_ecn("S"),
             .seq = 1000,
             .options = segment_size()}},
        Event::Role::kStart, flow, fmt::format("tcp {} > {} S", from, to), tuple);
    add(events, way.back(),
        {Tcp{.sport = to,
             .dport = from,
             .flags = with_ecn("SA"),
             .seq = 5000,
             .ack = 1001,
             .options = segment_size()}},
        Event::Role::kReply, flow, fmt::format("tcp {} > {} SA", to, from), tuple);
    add(events, way,
        // Data that nobody has acknowledged would shorten the connection's life.
        {Tcp{.sport = from, .dport = to, .flags = with_ecn("A"), .seq = 1001, .ack = 5001}},
        Event::Role::kFollow, flow, fmt::format("tcp {} > {} A", from, to), tuple);
  }

  void add_udp(std::vector<Event>& events) {
    const Path way = path();
    const uint16_t from = own_port(), to = port();
    const std::string flow = fmt::format("udp {} {} {} {}", way.source, from, way.destination, to);
    const std::string there = fmt::format("udp {} > {}", from, to);
    const std::string back = fmt::format("udp {} > {}", to, from);
    const Tuple tuple = tuple_of(way, 17, from, to);
    add(events, way, Udp{.sport = from, .dport = to} / payload(), Event::Role::kStart, flow, there,
        tuple);
    if (random_.one_in(3)) return;
    add(events, way.back(), Udp{.sport = to, .dport = from} / payload(), Event::Role::kReply, flow,
        back, tuple);
    if (random_.one_in(2)) return;
    // If the first was not accepted, the second began a connection of its own; too clever to guess
    // at here.
    if (random_.one_in(4))
      add(events, way.back(), {Udp{.sport = to, .dport = from}}, Event::Role::kReply, flow, back,
          tuple);
  }

  void add_echo(std::vector<Event>& events) {
    const Path way = path();
    const auto rest = static_cast<uint32_t>(random_.bits());
    const std::string flow = fmt::format("icmp {} {}", way.source, rest);
    const Tuple tuple = tuple_of(way, ip6_ ? 58 : 1);
    add(events, way, echo(true, rest) / payload(), Event::Role::kStart, flow, "echo request",
        tuple);
    if (random_.one_in(2))
      add(events, way.back(), echo(false, rest), Event::Role::kReply, flow, "echo reply", tuple);
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
        fmt::format("tcp {} > {} flags \"{}\"", from, to, odd.flags), tuple_of(way, 6, from, to));
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
        fmt::format("icmp type {}", type), tuple_of(way, ip6_ ? 58 : 1));
  }

  // Someone sends UDP, and whom it was for, or nobody, is told that there is no such port.
  void add_error(std::vector<Event>& events) {
    const Path way = path();
    const Udp udp{.sport = own_port(), .dport = port()};
    const std::string flow =
        fmt::format("udp {} {} {} {}", way.source, udp.sport, way.destination, udp.dport);
    const Tuple tuple = tuple_of(way, 17, udp.sport, udp.dport);
    if (!random_.one_in(3)) {
      add(events, way, {udp}, Event::Role::kStart, flow,
          fmt::format("udp {} > {}", udp.sport, udp.dport), tuple);
    }
    const auto code = static_cast<uint8_t>(random_.one_in(2) ? (ip6_ ? 4 : 3) : 1);
    const Packet quoted = ip(way) / Packet{udp};
    const Packet error = ip6_ ? Packet{Icmp6{.type = 1, .code = code, .rest = 0}} / quoted
                              : Packet{Icmp{.type = 3, .code = code, .rest = 0}} / quoted;
    add(events, way.back(), error, Event::Role::kError, flow,
        fmt::format("icmp error {} about udp", code), tuple);
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
    struct Cut {
      std::string what;
      Packet packet;
      size_t header;
    };
    const uint16_t from = own_port(), to = port();
    const std::vector<Cut> cuts = {{"tcp", {Tcp{.sport = from, .dport = to}}, 20},
                                   {"udp", {Udp{.sport = from, .dport = to}}, 8},
                                   {"icmp", echo(true, 7), 8},
                                   {"sctp", {Sctp{.sport = from, .dport = to}}, 12},
                                   {"dccp", {Dccp{.sport = from, .dport = to}}, 12}};
    // DCCP isn't tracked by its header, so what is left of it is just another packet.
    const Cut& cut = cuts[random_.below(tracked ? 4 : cuts.size())];
    const size_t headers = ip6_ ? 40 : 20;
    const size_t left = random_.below(cut.header);
    const Bytes bytes = truncate(build(ip(way) / cut.packet), headers + left);
    events.push_back(event(way, bytes, tracked ? Event::Role::kInvalid : Event::Role::kUntracked,
                           "", fmt::format("{} cut to {} bytes", cut.what, left)));
  }

  void add_untracked(std::vector<Event>& events) {
    const Path way = {untracked(), behind(), "eth0", "eth1"};
    const bool tcp = random_.one_in(2);
    const auto protocol = static_cast<uint8_t>(tcp ? 6 : 17);
    const uint16_t from = own_port(), to = port();
    const Packet header =
        tcp ? Packet{Tcp{.sport = from, .dport = to}} : Packet{Udp{.sport = from, .dport = to}};
    const std::string what = fmt::format("{} {} > {}", tcp ? "tcp" : "udp", from, to);
    if (random_.one_in(2)) {
      add(events, way, header, Event::Role::kUntracked, "", what + " untracked");
      return;
    }
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
    const Tuple tuple = tuple_of(way, 6, tcp.sport, tcp.dport);
    switch (random_.below(way.in.empty() ? 2 : 3)) {
      case 0:
        add(events, way, DestinationOptions{} / tcp, Event::Role::kStart, flow,
            what + " behind options", tuple);
        break;
      case 1:
        add(events, way, HopByHop{} / DestinationOptions{} / tcp, Event::Role::kStart, flow,
            what + " behind hop-by-hop and options", tuple);
        break;
      default: {
        const Bytes bytes = truncate(build(ip(way) / (DestinationOptions{} / tcp)), 41);
        events.push_back(
            event(way, bytes, Event::Role::kInvalid, "", "an extension header cut to 1 byte"));
      }
    }
  }

  // IPsec, and IPv6 packets with headers that make sense for those who look at them.
  void add_ipsec(std::vector<Event>& events) {
    const Extensions drawn = draw_extensions(random_, ip6_);
    add(events, untracked_path(), drawn.layers, Event::Role::kUntracked, "",
        drawn.what + " untracked");
  }

  void add_unknown_protocol(std::vector<Event>& events) {
    // Without ports all packets between two hosts are one connection: only ever in one direction.
    Path way = {peer(), host(false), "eth0", ""};
    if (random_.one_in(2)) way = {peer(), behind(), "eth0", "eth1"};
    add(events, way, {Raw{.protocol = 253, .bytes = Bytes(random_.below(30), 0x50)}},
        Event::Role::kStart, fmt::format("253 {} {}", way.source, way.destination), "protocol 253",
        tuple_of(way, 253));
  }

  // Router alert, no-ops, a recorded route.
  void add_options(std::vector<Event>& events) {
    const std::vector<Bytes> options = {{148, 4, 0, 0}, {1, 1, 1, 1}, {7, 7, 4, 0, 0, 0, 0, 0}};
    const Path way = path();
    const Tcp tcp{.sport = own_port(), .dport = port()};
    const Bytes bytes = build(
        Packet{
            Ip4{.saddr = way.source, .daddr = way.destination, .options = random_.pick(options)}} /
        Packet{tcp});
    events.push_back(event(way, bytes, Event::Role::kStart,
                           fmt::format("tcp options {} {}", way.source, tcp.sport),
                           fmt::format("tcp {} > {} S behind IP options", tcp.sport, tcp.dport)));
    events.back().tuple = tuple_of(way, 6, tcp.sport, tcp.dport);
  }

  // An association's first chunk; or any chunks where nothing is tracked, for there is no model of
  // SCTP's states here.
  void add_sctp(std::vector<Event>& events) {
    const uint16_t from = own_port(), to = port();
    if (random_.one_in(2)) {
      const Path way = path();
      add(events, way, {Sctp{.sport = from, .dport = to, .chunks = {{.value = init()}}}},
          Event::Role::kStart, fmt::format("sctp {} {}", way.source, from),
          fmt::format("sctp {} > {} INIT", from, to), tuple_of(way, 132, from, to))
          .chunks = {{.type = 1}};
      return;
    }
    const std::vector<uint8_t> types = {0, 0, 1, 3, 4, 7, 14};
    Sctp sctp{.sport = from, .dport = to, .verification_tag = 5, .chunks = {}};
    std::vector<Chunk> chunks;
    std::string what;
    for (uint64_t left = random_.between(1, 3); left > 0; --left) {
      const Chunk chunk{random_.pick(types), static_cast<uint8_t>(random_.below(8))};
      what += fmt::format(" {}:{}", chunk.type, chunk.flags);
      chunks.push_back(chunk);
      sctp.chunks.push_back(
          {.type = chunk.type, .flags = chunk.flags, .value = Bytes(4 * random_.below(5))});
    }
    add(events, untracked_path(), {sctp}, Event::Role::kUntracked, "",
        fmt::format("sctp {} > {} chunks{} untracked", from, to, what))
        .chunks = chunks;
  }
  // Initiate tag, window, streams out and in, first sequence number (RFC 9260, 3.3.2).
  static Bytes init() { return {0, 0, 0, 9, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1}; }

  // No kernel tracks DCCP's ports any more; UDP-Lite is tracked with a wrong checksum.
  void add_dccp(std::vector<Event>& events) {
    const uint16_t from = own_port(), to = port();
    if (random_.one_in(5)) {
      add(events, untracked_path(), {UdpLite{.sport = from, .dport = to}}, Event::Role::kUntracked,
          "", fmt::format("udplite {} > {} untracked", from, to));
      return;
    }
    Dccp dccp{.sport = from, .dport = to, .type = static_cast<uint8_t>(random_.below(10))};
    std::vector<uint8_t> options;
    if (!random_.one_in(4)) {
      // Timestamp of an option of 4 bytes, or four that are padding (RFC 4340, 5.8).
      options = random_.one_in(2) ? std::vector<uint8_t>{44} : std::vector<uint8_t>{1};
      dccp.rest = options[0] == 44 ? Bytes{44, 4, 0, 9} : Bytes{1, 1, 1, 1};
    }
    add(events, untracked_path(), {dccp}, Event::Role::kUntracked, "",
        fmt::format("dccp {} > {} type {} untracked", from, to, dccp.type))
        .dccp_options = options;
  }

  // To everybody on a link, by address or by the link alone.
  void add_to_many(std::vector<Event>& events) {
    constexpr Mac kEverybody = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    Path way = {peer(), ip6_ ? "ff02::1" : "192.0.2.255", "eth0", ""};
    if (random_.one_in(2)) way = {neighbour(), lan_host(), "lan0", "", kEverybody};
    if (random_.one_in(3)) {
      const Mac group = ip6_ ? Mac{0x33, 0x33, 0, 0, 0, 1} : Mac{1, 0, 0x5e, 0, 0, 1};
      way = {neighbour(), ip6_ ? "ff02::1" : "224.0.0.1", "lan0", "", group};
    }
    const uint16_t from = own_port(), to = port();
    add(events, way, Udp{.sport = from, .dport = to} / payload(), Event::Role::kStart,
        fmt::format("udp many {} {}", way.source, from), fmt::format("udp {} > {}", from, to),
        tuple_of(way, 17, from, to));
  }

  void add_bridged(std::vector<Event>& events) {
    // Of nobody that the bridge has heard of, so it goes out of the other port.
    constexpr Mac kBehind = {2, 0, 0, 0, 0, 7};
    const Path way = {neighbour(), ip6_ ? "2001:db8:2::a" : "198.18.0.10", "br0", "br0", kBehind};
    const uint16_t from = own_port(), to = port();
    add(events, way, {Udp{.sport = from, .dport = to}}, Event::Role::kStart,
        fmt::format("udp bridged {}", from), fmt::format("bridged udp {} > {}", from, to),
        tuple_of(way, 17, from, to));
  }

  Path untracked_path() {
    if (random_.one_in(2)) return {untracked(), host(false), "eth0", ""};
    return {untracked(), behind(), "eth0", "eth1"};
  }
};

}  // namespace

std::vector<Event> draw_packets(Random& random, bool ip6, size_t count) {
  return PacketDrawer(random, ip6).draw(count);
}

}  // namespace bulkhead::testing
