// SPDX-License-Identifier: GPL-2.0-or-later
#include <string>

#include "core/source.h"
#include "fuzz/fuzz.h"
#include "fuzz/host.h"
#include "net/packet.h"
#include "net/packet_text.h"

namespace bulkhead::fuzz {

namespace {

void require_stable(const net::PacketText& packet) {
  const std::string words = net::to_string(packet);
  const Result<net::PacketText> again = net::parse_packet(words, kNames);
  require(again.ok(), "a packet's words can be read", words);
  require(net::to_string(*again) == words, "a packet's words are stable", words);
  const std::vector<uint8_t> bytes = packet.bytes();
  require(again->bytes() == bytes, "the words say all of the packet", words);
  const auto layout = net::parse_layout(bytes);
  require(layout && layout->family == packet.family(), "a packet that is built is one", words);
}

}  // namespace

void packet_words(std::string_view text) {
  const Result<net::PacketText> packet = net::parse_packet(text, kNames);
  if (!packet) {
    require_showable(packet.error(), Source("packet", std::string(text)));
    return;
  }
  require_stable(*packet);
  require_stable(net::reply_to(*packet));
}

}  // namespace bulkhead::fuzz
