// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What connection tracking knows of an example's packet, from the packets before it: just enough
// of nf_conntrack for the examples, written without the rows.

#include <linux/netfilter/nf_conntrack_common.h>

#include <map>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "ext/argument/split.h"
#include "ir/field.h"
#include "net/packet_text.h"

namespace bulkhead::ext {

inline net::PacketText packet_of(std::string_view words, const net::Names& names) {
  const Result<net::PacketText> packet = net::parse_packet(words, names);
  EXPECT_TRUE(packet) << words << ": " << packet.error().message;
  return packet ? *packet : net::PacketText{};
}

inline bool same_flow(const net::PacketFields& a, const net::PacketFields& b) {
  return a.protocol == b.protocol && a.source == b.source && a.destination == b.destination &&
         a.source_port == b.source_port && a.destination_port == b.destination_port;
}

inline std::map<ir::Conntrack, U128> connection_of(const net::PacketText& packet,
                                                   std::string_view before,
                                                   const net::Names& names) {
  std::vector<net::PacketText> seen;
  for (const std::string_view words : split(before, ';')) {
    if (words.find_first_not_of(' ') != std::string_view::npos)
      seen.push_back(packet_of(words, names));
  }
  // Without address translation the answers are the first packet turned round.
  net::PacketFields turned = packet.fields;
  std::swap(turned.source, turned.destination);
  std::swap(turned.source_port, turned.destination_port);
  const net::PacketFields* original = &packet.fields;
  bool confirmed = false;
  bool replied = false;
  for (const net::PacketText& each : seen) {
    const bool forth = same_flow(each.fields, *original);
    const bool back = !confirmed && same_flow(each.fields, turned);
    if (back) original = &turned;
    replied |= confirmed && !forth && same_flow(each.fields, turned);
    confirmed |= forth || back;
  }
  const bool is_reply = original == &turned;
  replied |= is_reply;

  // The kernel tests' UDP timeout, and TCP's for an answered SYN.
  const unsigned seconds = packet.fields.protocol == net::kTcp ? 60 : 600;
  return {
      {ir::Conntrack::kStatus, (confirmed ? IPS_CONFIRMED : 0) | (replied ? IPS_SEEN_REPLY : 0)},
      {ir::Conntrack::kDirection, is_reply},
      {ir::Conntrack::kMark, packet.connection_mark},
      {ir::Conntrack::kExpiration, seconds * 1000},
      {ir::Conntrack::kProtocol, packet.fields.protocol},
      {ir::Conntrack::kOriginalSource, original->source.value},
      {ir::Conntrack::kOriginalDestination, original->destination.value},
      {ir::Conntrack::kReplySource, original->destination.value},
      {ir::Conntrack::kReplyDestination, original->source.value},
      {ir::Conntrack::kOriginalSourcePort, original->source_port},
      {ir::Conntrack::kOriginalDestinationPort, original->destination_port},
      {ir::Conntrack::kReplySourcePort, original->destination_port},
      {ir::Conntrack::kReplyDestinationPort, original->source_port},
  };
}

}  // namespace bulkhead::ext
