// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "net/packet_text.h"
#include "support/rig_fixture.h"

// Packets in the words of `bulkhead explain`, sent so that the kernel calls them what the words
// say.
namespace bulkhead::testing {

// What connection tracking says of a packet that belongs to no connection (icmp_new and
// tcp_conntracks of the kernel, nf_conntrack_proto_{icmp,icmpv6,tcp}.c).
inline net::PacketState state_alone(const net::PacketFields& fields) {
  using net::PacketState;
  const unsigned type = fields.icmp_type;
  switch (fields.protocol) {
    case net::kTcp: {
      const unsigned flags = fields.tcp_flags & (net::kFin | net::kSyn | net::kRst | net::kAck);
      return flags == net::kSyn || flags == net::kAck ? PacketState::kNew : PacketState::kInvalid;
    }
    case net::kIcmp:
      return type == 8 || type == 13 || type == 15 || type == 17 ? PacketState::kNew
                                                                 : PacketState::kInvalid;
    case net::kIcmp6:
      if (type == 128) return PacketState::kNew;
      return (type >= 130 && type <= 136) || type == 143 ? PacketState::kUntracked
                                                         : PacketState::kInvalid;
    default: return PacketState::kNew;
  }
}

inline bool is_icmp_error(const net::PacketFields& fields) {
  const unsigned type = fields.icmp_type;
  if (fields.protocol == net::kIcmp6) return type < 128;
  return fields.protocol == net::kIcmp &&
         (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

// Does the kernel never answer it with an ICMP error? It takes unknown types for errors
// (icmp_send of the kernel, net/ipv4/icmp.c).
inline bool gets_no_icmp_error(const net::PacketFields& fields) {
  constexpr unsigned kLastKnownType = 18;  // NR_ICMP_TYPES
  return is_icmp_error(fields) ||
         (fields.protocol == net::kIcmp && fields.icmp_type > kLastKnownType);
}

struct Witness {
  net::PacketText packet;
  std::optional<size_t> header = {};  // cut off: so many bytes of the transport header are there
};

// The addresses in rulesets of a RulesetDrawer, and those that witnesses have besides, as one host
// sees them: its own, or reached by whatever interface the packet is said to leave by.
class WitnessTest : public RigTest {
 protected:
  // Whose the networks are: of what comes to INPUT and PREROUTING the destinations are the host's,
  // of what it sends the sources.
  void start_for(net::Direction direction) {
    direction_ = direction;
    RigOptions options{.interfaces = {}, .untracked = {}};
    for (const char* name : kInterfaces) options.interfaces.push_back({.name = name});
    start(std::move(options));
    std::string commands;
    // Nothing is too long for a link: some rules ask for the length.
    for (const char* name : kInterfaces)
      commands += fmt::format("link set dev {} mtu 65535\n", name);
    const auto own = [&](std::initializer_list<const char*> networks) {
      for (const char* network : networks)
        commands += fmt::format("route add local {} dev lo\n", network);
    };
    if (direction == net::Direction::kInput)
      own({"192.0.2.0/24", "2001:db8::10/124", "2001:db8::20/124"});
    if (direction == net::Direction::kOutput)
      own({"10.0.0.0/24", "198.51.100.0/24", "2001:db8::/124", "2001:db8::66/128"});
    // A host with no address of its own has none to refuse from.
    commands += "address add 203.0.113.1/32 dev lo\naddress add 2001:db8:1::1/128 dev lo\n";
    net_->must_exec({"ip", "-batch", "-"}, {.input = commands});
    out_ = kInterfaces[0];
    net_->must_exec({"nft", "-f", "-"},
                    {.input = "table inet bulkhead_untracked {\n"
                              "  chain arrive { type filter hook prerouting priority raw; }\n"
                              "  chain leave { type filter hook output priority raw; }\n}\n"});
  }

  // Why the packet can't be sent as the words have it; nothing if it can. `refused`: by one of the
  // rulesets, so that an answer must be seen.
  std::optional<std::string> obstacle(const Witness& witness, bool refused) const {
    using net::PacketState;
    const net::PacketText& packet = witness.packet;
    const net::PacketFields& fields = packet.fields;
    for (const std::string* name : {&packet.in_interface, &packet.out_interface})
      if (!name->empty() && !has(*name)) return "an interface that the host hasn't";
    if (fields.fragment_offset != 0) return "a later fragment";
    if (refused && gets_no_icmp_error(fields)) return "ICMP errors get no answer (RFC 1122)";
    // Seen with ICMPv6 only, and only of what the host sends.
    if (refused && net::to_string(fields.source) == "2001:db8::")
      return "no answer goes to a network's own address";
    if (refused && witness.header) return "a header that is cut off gets no answer";
    const PacketState alone =
        witness.header && has_checksum(fields) ? PacketState::kInvalid : state_alone(fields);
    if (witness.header && packet.state != alone && packet.state != PacketState::kUntracked)
      return "cut off, but not invalid";
    switch (packet.state) {
      case PacketState::kUntracked: return std::nullopt;
      case PacketState::kNew:
        return alone == packet.state ? std::nullopt : std::optional("new, but begins nothing");
      case PacketState::kInvalid:
        if (alone == packet.state) return std::nullopt;
        // A wrong checksum makes it invalid, but only where it arrives.
        if (!has_checksum(fields) || direction_ == net::Direction::kOutput)
          return "invalid, and nothing is wrong with it";
        if (refused) return "a wrong checksum gets no answer";
        return std::nullopt;
      case PacketState::kRelated:
        return is_icmp_error(fields) ? std::nullopt : std::optional("expected by no helper");
      case PacketState::kEstablished:
        return answers(fields) ? std::nullopt : std::optional("established, but no answer");
    }
    return "a state that isn't known";
  }

  // What becomes of the packet, in the words of `bulkhead diff`. Its connection is made if it needs
  // one; the chain under test isn't on the way of that.
  std::string fate(const Witness& witness) {
    net::PacketText packet = with_header(witness.packet);
    rig_->flush_conntrack();
    leave_by(packet.out_interface);
    track(packet.state != net::PacketState::kUntracked);
    if (packet.state == net::PacketState::kEstablished ||
        packet.state == net::PacketState::kRelated) {
      net::PacketText first = opposite(packet);
      const Bytes bytes = stamped(first.bytes());
      const bool arrives = direction_ == net::Direction::kOutput;
      const Outcome outcome = rig_->run(std::vector{Step{
          .interface = arrives ? kInterfaces[0] : "", .packet = bytes, .mark = packet.mark}})[0];
      if (outcome.verdict != Verdict::kAccepted)
        return "no connection: " + text(outcome) + " " + net::to_string(first);
      if (packet.state == net::PacketState::kRelated) packet.fields.data = bytes;
    }
    Bytes bytes = stamped(packet.bytes());
    const size_t ip_header = packet.family() == net::Family::kIpv6 ? 40 : 20;
    if (witness.header)
      bytes = truncate(bytes, ip_header + *witness.header);
    else if (packet.state == net::PacketState::kInvalid &&
             state_alone(packet.fields) != net::PacketState::kInvalid)
      spoil_checksum(bytes, packet.fields);
    const Step step{.interface = packet.in_interface, .packet = bytes, .mark = packet.mark};
    return words(step, rig_->run({&step, 1})[0], packet.mark);
  }

 private:
  static constexpr const char* kInterfaces[] = {"eth0", "eth1", "eth2", "ens3"};

  static bool has(const std::string& name) {
    for (const char* each : kInterfaces)
      if (name == each) return true;
    return false;
  }

  static bool has_checksum(const net::PacketFields& fields) {
    return fields.protocol == net::kTcp || fields.protocol == net::kUdp ||
           fields.protocol == net::kIcmp || fields.protocol == net::kIcmp6;
  }

  // Of a protocol whose header isn't built here, some of it: NAT drops GRE without its 8 bytes, and
  // IPv6 refuses no packet that ends with its own header.
  static net::PacketText with_header(net::PacketText packet) {
    net::PacketFields& fields = packet.fields;
    constexpr uint32_t kSome = 8;
    if (!has_checksum(fields) && fields.length == 0)
      fields.length = net::minimum_length(fields) + kSome;
    return packet;
  }

  // Whether it may be the second packet of a connection, the other way.
  static bool answers(const net::PacketFields& fields) {
    if (fields.protocol == net::kTcp) {
      const unsigned flags = fields.tcp_flags & (net::kFin | net::kSyn | net::kRst | net::kAck);
      return flags == net::kSyn || flags == net::kAck || flags == (net::kSyn | net::kAck) ||
             flags == net::kRst;
    }
    if (fields.protocol == net::kIcmp) return fields.icmp_type == 0;
    if (fields.protocol == net::kIcmp6) return fields.icmp_type == 129;
    return true;
  }

  // The packet that the packet answers, or tells of an error.
  static net::PacketText opposite(const net::PacketText& packet) {
    net::PacketText first = packet;
    first.state = net::PacketState::kNew;
    std::swap(first.fields.source, first.fields.destination);
    std::swap(first.fields.source_port, first.fields.destination_port);
    first.fields.length = 0;
    first.fields.tcp_flags = net::kSyn;
    if (packet.fields.protocol == net::kIcmp) first.fields.icmp_type = 8;
    if (packet.fields.protocol == net::kIcmp6) first.fields.icmp_type = 128;
    if (packet.state != net::PacketState::kRelated) return first;
    first.fields.protocol = net::kUdp;
    first.fields.source_port = 40000;
    first.fields.destination_port = 53;
    return first;
  }

  static void spoil_checksum(Bytes& bytes, const net::PacketFields& fields) {
    const size_t header = bytes.at(0) >> 4 == 6 ? 40 : 20;
    const size_t at = fields.protocol == net::kTcp ? 16 : fields.protocol == net::kUdp ? 6 : 2;
    bytes.at(header + at) ^= 0x55;
  }

  void leave_by(const std::string& name) {
    if (name.empty() || name == out_) return;
    net_->must_exec({"ip", "-batch", "-"},
                    {.input = fmt::format("route replace 0.0.0.0/0 dev {0}\n"
                                          "route del ::/0\nroute add ::/0 dev {0}\n",
                                          name)});
    out_ = name;
  }

  void track(bool tracked) {
    if (tracked == tracked_) return;
    std::string commands;
    for (const char* chain : {"arrive", "leave"}) {
      commands += tracked ? fmt::format("flush chain inet bulkhead_untracked {}\n", chain)
                          : fmt::format("add rule inet bulkhead_untracked {} notrack\n", chain);
    }
    net_->must_exec({"nft", "-f", "-"}, {.input = commands});
    tracked_ = tracked;
  }

  static std::string destination(const Bytes& packet) {
    const bool v6 = packet.at(0) >> 4 == 6;
    net::Address address{v6 ? net::Family::kIpv6 : net::Family::kIpv4, 0};
    for (size_t i = v6 ? 24 : 16; i < (v6 ? 40 : 20); ++i)
      address.value = address.value << 8 | packet.at(i);
    return net::to_string(address);
  }

  static std::string words(const Step& step, const Outcome& outcome, uint32_t mark) {
    if (!outcome.arrived) return fmt::format("never arrived (errno {})", outcome.error);
    if (outcome.verdict != Verdict::kAccepted) {
      // What OUTPUT refuses itself, it may refuse the answer to, too.
      const auto& answer = outcome.rejection ? outcome.rejection : outcome.meant;
      if (!answer) return "dropped";
      if (answer->tcp_reset) return "rejected (tcp-reset)";
      return fmt::format("rejected (icmp code {})", unsigned{answer->icmp_code});
    }
    std::string to = destination(step.packet);
    if (outcome.input) to = destination(outcome.received);
    for (const Emitted& each : outcome.emitted)
      if (same_packet(step.packet, each.packet)) to = destination(each.packet);
    if (to != destination(step.packet)) return fmt::format("dnat {0}-{0}", to);
    return outcome.mark == mark ? "accepted" : fmt::format("accepted, mark {:#x}", outcome.mark);
  }

  net::Direction direction_ = net::Direction::kInput;
  std::string out_;  // where what isn't for the host goes
  bool tracked_ = true;
};

}  // namespace bulkhead::testing
