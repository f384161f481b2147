// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/letters.h"

#include <arpa/inet.h>

#include <utility>

#include <fmt/format.h>

#include "kernel/differential/random_paths.h"
#include "support/packet_builder.h"
#include "support/rejection.h"

namespace bulkhead::testing {
namespace {

constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;

class LetterDrawer : PathDrawer {
 public:
  LetterDrawer(Random& random, bool ip6)
      : PathDrawer(random, ip6),
        last_port_(static_cast<uint16_t>(random.between(1024, 60000))),
        last_echo_(static_cast<uint16_t>(random.bits())) {}

  std::vector<Letter> draw(size_t count) {
    while (letters_.size() < count) add_some();
    return std::move(letters_);
  }

 private:
  // Never the same twice: where two connections would come to have the same ends, the kernel
  // chooses at random.
  uint16_t own_port() { return ++last_port_; }
  uint16_t port() {
    const std::vector<uint16_t> known = {22, 80, 80, 443, 53};
    return random_.one_in(3) ? static_cast<uint16_t>(random_.between(1000, 2000))
                             : random_.pick(known);
  }
  uint8_t hops() {
    const std::vector<uint8_t> all = {64, 64, 64, 255, 33, 2, 1};
    return random_.pick(all);
  }
  uint8_t service() {
    const std::vector<uint8_t> all = {0, 0, 0, 46 << 2, 10 << 2 | 1, 3, 0x10};
    return random_.pick(all);
  }
  std::string with_ecn(std::string flags) {
    const std::vector<std::string> bits = {"", "E", "C", "EC"};
    return std::move(flags) + random_.pick(bits);
  }
  // One of each kind at most (docs/differences.md).
  Bytes syn_options() {
    const std::vector<Bytes> all = {
        {2, 4, 5, 180},
        {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7},
        {1, 3, 3, 7, 2, 4, 2, 24},
        {1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0},
        {},
    };
    return random_.pick(all);
  }
  Payload payload() {
    return {.text = std::string(random_.one_in(2) ? random_.below(60) : 0, 'x')};
  }

  // Also to hosts that are nowhere.
  Path way() {
    Path path = this->path();
    const std::string nowhere = ip6_ ? "2001:db8:7::9" : "198.18.7.9";
    if (path.in != "lan0" && random_.one_in(5)) {
      path.destination = nowhere;
      path.out = "eth0";
    }
    return path;
  }
  Packet ip(const Path& path) {
    if (ip6_) {
      return {Ip6{.saddr = path.source,
                  .daddr = path.destination,
                  .traffic_class = service(),
                  .hop_limit = hops()}};
    }
    return {Ip4{.saddr = path.source, .daddr = path.destination, .tos = service(), .ttl = hops()}};
  }

  Letter& add(Letter letter) {
    letter.number = letters_.size() + 1;
    letters_.push_back(std::move(letter));
    return letters_.back();
  }
  // Gives its number.
  size_t send(const Path& path, const Packet& rest, const std::string& what) {
    return add({.interface = path.in,
                .packet = build(ip(path) / rest),
                .what = fmt::format("{} > {}{}{}: {}", path.source, path.destination,
                                    path.in.empty() ? "" : " in ", path.in, what)})
        .number;
  }
  Letter& about(size_t number, Letter::Kind kind) {
    return add({.kind = kind,
                .about = number,
                .id = next_packet_id(),
                .ttl = hops(),
                .tos = service(),
                .what = fmt::format(
                    "{} {}", kind == Letter::Kind::kError ? "error about" : "answer to", number)});
  }
  void answer(size_t number, std::string flags = "", Bytes options = {}) {
    Letter& letter = about(number, Letter::Kind::kAnswer);
    letter.flags = std::move(flags);
    letter.options = std::move(options);
  }
  void complain(size_t number) {
    about(number, Letter::Kind::kError).unreachable_code =
        static_cast<uint8_t>(random_.one_in(2) ? (ip6_ ? 4 : 3) : 1);
  }

  void add_some() {
    switch (random_.below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: return add_tcp();
      case 6:
      case 7:
      case 8:
      case 9: return add_udp();
      case 10:
      case 11: return add_echo();
      case 12:
      case 13: return add_syn();
      case 14:
      case 15: return add_odd();
      case 16: return add_untracked();
      case 17: return add_fragment();
      case 18: return add_sctp();
      default: return add_unknown();
    }
  }

  void add_tcp() {
    const Path path = way();
    Tcp tcp{.sport = own_port(), .dport = port(), .flags = with_ecn("S"), .options = syn_options()};
    const std::string what = fmt::format("tcp {} > {} ", tcp.sport, tcp.dport);
    const size_t first = send(path, {tcp}, what + "S");
    if (random_.one_in(6)) send(path, {tcp}, what + "S again");
    if (random_.one_in(8)) return complain(first);
    answer(first, with_ecn("SA"), syn_options());
    tcp.flags = with_ecn("A");
    tcp.seq = 1001;
    tcp.ack = 5001;
    tcp.options = {};
    if (!random_.one_in(3)) send(path, {tcp}, what + "A");
  }

  void add_syn() {
    const Tcp tcp{
        .sport = own_port(), .dport = port(), .flags = with_ecn("S"), .options = syn_options()};
    send(way(), {tcp}, fmt::format("tcp {} > {} S", tcp.sport, tcp.dport));
  }

  void add_udp() {
    const Path path = way();
    const Udp udp{.sport = own_port(), .dport = port()};
    const std::string what = fmt::format("udp {} > {}", udp.sport, udp.dport);
    const size_t first = send(path, udp / payload(), what);
    // No answer then: where only one of the two is tracked, or each in a zone of its own, it would
    // begin a connection with the ends of the other.
    if (random_.one_in(3)) {
      send(path, udp / payload(), what + " again");
      return;
    }
    if (random_.one_in(4)) return complain(first);
    for (uint64_t left = random_.below(3); left > 0; --left) answer(first);
  }

  void add_echo() {
    const uint32_t rest = uint32_t{++last_echo_} << 16 | 1;
    const Packet request = ip6_ ? Packet{Icmp6{.rest = rest}} : Packet{Icmp{.rest = rest}};
    const size_t first = send(way(), request / payload(), "echo request");
    if (!random_.one_in(3)) answer(first);
  }

  // Part of no connection that there is.
  void add_odd() {
    const std::vector<std::string> odds = {"SA", "A", "PA", "FA", "R", "", "FPU"};
    const Tcp tcp{.sport = own_port(), .dport = port(), .flags = random_.pick(odds)};
    const size_t first =
        send(way(), {tcp}, fmt::format("tcp {} > {} {}", tcp.sport, tcp.dport, tcp.flags));
    if (random_.one_in(3)) answer(first, "A");
  }

  Path untracked_way() {
    if (random_.one_in(2)) return {untracked(), host(false), "eth0", ""};
    return {untracked(), behind(), "eth0", "eth1"};
  }
  void add_untracked() {
    const uint16_t from = own_port(), to = port();
    const Packet header = random_.one_in(2)
                              ? Packet{Tcp{.sport = from, .dport = to, .options = syn_options()}}
                              : Packet{Udp{.sport = from, .dport = to}};
    send(untracked_way(), header, fmt::format("{} > {} untracked", from, to));
  }
  // Of UDP: of TCP's iptables changes what isn't a header (docs/differences.md).
  void add_fragment() {
    const Path path = {untracked(), behind(), "eth0", "eth1"};
    const auto offset = static_cast<uint16_t>(random_.below(3));
    const Packet carried =
        offset == 0 ? Udp{.sport = own_port(), .dport = port()} / Payload{"16 bytes of data"}
                    : Packet{Raw{.protocol = kUdp, .bytes = Bytes(24, 0x16)}};
    Packet header = ip(path);
    if (ip6_) {
      header = header / Fragment6{.offset = offset, .more = true};
    } else {
      std::get<Ip4>(header[0]).more_fragments = true;
      std::get<Ip4>(header[0]).fragment_offset = offset;
    }
    add({.interface = path.in,
         .packet = build(header / carried),
         .what = fmt::format("{} > {}: udp fragment {}", path.source, path.destination, offset)});
  }

  void add_sctp() {
    const Sctp init{.sport = own_port(),
                    .dport = port(),
                    .chunks = {{.value = {0, 0, 0, 9, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1}}}};
    send(way(), {init}, fmt::format("sctp {} > {} INIT", init.sport, init.dport));
  }
  void add_unknown() {
    send(way(), {Raw{.protocol = 253, .bytes = Bytes(random_.below(30), 0x50)}}, "protocol 253");
  }

  std::vector<Letter> letters_;
  uint16_t last_port_;
  uint16_t last_echo_;
};

std::string address_at(const Bytes& packet, size_t at, bool ip6) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(ip6 ? AF_INET6 : AF_INET, packet.data() + at, text, sizeof text);
  return text;
}

uint16_t word_at(const Bytes& packet, size_t at) {
  return static_cast<uint16_t>(packet[at] << 8 | packet[at + 1]);
}

// From its destination to its source.
Packet head_back(const Bytes& packet, const Letter& letter, bool ip6) {
  if (ip6) {
    return {Ip6{.saddr = address_at(packet, 24, true),
                .daddr = address_at(packet, 8, true),
                .flow_label = letter.id,
                .traffic_class = letter.tos,
                .hop_limit = letter.ttl}};
  }
  return {Ip4{.saddr = address_at(packet, 16, false),
              .daddr = address_at(packet, 12, false),
              .id = letter.id,
              .tos = letter.tos,
              .ttl = letter.ttl}};
}

std::optional<Packet> answer_to(const Bytes& packet, size_t header, const Letter& letter) {
  switch (packet[packet[0] >> 4 == 6 ? 6 : 9]) {
    case kTcp:
      return Packet{Tcp{.sport = word_at(packet, header + 2),
                        .dport = word_at(packet, header),
                        .flags = letter.flags,
                        .seq = 5000,
                        .ack = 1001,
                        .options = letter.options}};
    case kUdp:
      return Packet{Udp{.sport = word_at(packet, header + 2), .dport = word_at(packet, header)}};
    case kIcmp:
    case kIcmp6: {
      const uint32_t rest =
          uint32_t{word_at(packet, header + 4)} << 16 | word_at(packet, header + 6);
      if (packet[header] == 8) return Packet{Icmp{.type = 0, .rest = rest}};
      if (packet[header] == 128) return Packet{Icmp6{.type = 129, .rest = rest}};
      return std::nullopt;
    }
    default: return std::nullopt;
  }
}

}  // namespace

std::vector<Letter> draw_letters(Random& random, bool ip6, size_t count) {
  return LetterDrawer(random, ip6).draw(count);
}

std::optional<Step> Deliveries::step_of(const Letter& letter) const {
  if (letter.kind == Letter::Kind::kPacket)
    return Step{.interface = letter.interface, .packet = letter.packet};
  const auto found = all_.find(letter.about);
  if (found == all_.end()) return std::nullopt;
  const auto& [interface, packet] = found->second;
  const bool ip6 = packet[0] >> 4 == 6;
  const size_t header = ip6 ? 40 : (packet[0] & 15u) * 4u;
  if (packet.size() < header + 8) return std::nullopt;
  const Packet head = head_back(packet, letter, ip6);
  if (letter.kind == Letter::Kind::kError) {
    const Raw quoted{.bytes = packet};
    return Step{
        .interface = interface,
        .packet = build(
            ip6 ? head / (Icmp6{.type = 1, .code = letter.unreachable_code, .rest = 0} / quoted)
                : head / (Icmp{.type = 3, .code = letter.unreachable_code, .rest = 0} / quoted))};
  }
  const std::optional<Packet> answer = answer_to(packet, header, letter);
  if (!answer) return std::nullopt;
  return Step{.interface = interface, .packet = build(head / *answer)};
}

void Deliveries::add(const Letter& letter, const Step& step, const Outcome& outcome) {
  if (outcome.input) all_[letter.number] = {"", outcome.received};
  for (const Emitted& each : outcome.emitted) {
    if (each.interface != "lo" && same_packet(step.packet, each.packet))
      all_[letter.number] = {each.interface, each.packet};
  }
}

}  // namespace bulkhead::testing
