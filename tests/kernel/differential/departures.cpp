// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/departures.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/packet_bytes.h"
#include "support/rejection.h"

namespace bulkhead::testing {
namespace {

constexpr uint16_t kWatchGroup = 7702;

struct Layout {
  bool ip6 = false;
  size_t header = 0;  // bytes
  uint8_t protocol = 0;
  size_t length = 0;  // as the header says
  bool later_fragment = false;
};

Layout layout_of(const Bytes& packet, size_t at) {
  Layout layout{.ip6 = packet[at] >> 4 == 6};
  layout.header = layout.ip6 ? 40 : (packet[at] & 15u) * 4u;
  layout.protocol = packet[at + (layout.ip6 ? 6 : 9)];
  const auto word = [&](size_t offset) {
    return static_cast<size_t>(packet[at + offset] << 8 | packet[at + offset + 1]);
  };
  layout.length = layout.ip6 ? word(4) + 40 : word(2);
  layout.later_fragment = !layout.ip6 && (word(6) & 0x1fff) != 0;
  return layout;
}

// Where the checksum is in the header; 0: none that is known here.
size_t checksum_offset(uint8_t protocol) {
  switch (protocol) {
    case 1:
    case 58: return 2;
    case 6: return 16;
    case 17: return 6;
    default: return 0;
  }
}

bool transport_is_right(const Bytes& packet, size_t at, const Layout& layout) {
  const auto begin = packet.begin() + static_cast<std::ptrdiff_t>(at);
  const Bytes segment(begin + static_cast<std::ptrdiff_t>(layout.header),
                      begin + static_cast<std::ptrdiff_t>(layout.length));
  Bytes all;
  if (layout.protocol != 1) {
    all.assign(begin + (layout.ip6 ? 8 : 12), begin + (layout.ip6 ? 40 : 20));
    put16(all, layout.protocol);
    put16(all, static_cast<unsigned>(segment.size()));
  }
  put(all, segment);
  return internet_checksum(all) == 0;
}

// The packet that begins there, and one that it quotes.
void settle(Bytes& packet, size_t at, bool kernels_own) {
  if (packet.size() < at + 20 || (packet[at] >> 4 == 6 && packet.size() < at + 40)) return;
  const Layout layout = layout_of(packet, at);
  const size_t transport = at + layout.header;
  if (packet.size() < transport) return;
  const size_t offset = layout.later_fragment ? 0 : checksum_offset(layout.protocol);
  const bool whole = packet.size() >= at + layout.length && layout.length >= layout.header;
  const bool there = offset != 0 && packet.size() >= transport + offset + 2;
  if (there) {
    const size_t sum = transport + offset;
    // nf_tables may write all bits for none.
    const bool same = whole ? transport_is_right(packet, at, layout)
                            : packet[sum] == 0xff && packet[sum + 1] == 0xff;
    if (same) set16(packet, sum, 0);
  }
  if (!layout.ip6) {
    const auto begin = packet.begin() + static_cast<std::ptrdiff_t>(at);
    const Bytes header(begin, begin + static_cast<std::ptrdiff_t>(layout.header));
    if (internet_checksum(header) == 0) set16(packet, at + 10, 0);
  }
  if (kernels_own && layout.ip6) {
    packet[at + 1] &= 0xf0;
    set16(packet, at + 2, 0);
  } else if (kernels_own) {
    set16(packet, at + 4, 0);
  }
  const bool quotes =
      there && (layout.protocol == 58
                    ? packet[transport] < 128
                    : layout.protocol == 1 && (packet[transport] == 3 || packet[transport] == 11 ||
                                               packet[transport] == 12));
  if (quotes) settle(packet, transport + 8, false);
}

}  // namespace

Bytes comparable(const Bytes& packet, bool kernels_own) {
  Bytes settled = packet;
  settle(settled, 0, kernels_own);
  return settled;
}

std::string departure(const Step& step, const Outcome& outcome) {
  std::string out = text(outcome);
  if (outcome.input)
    out += fmt::format("; here {:02x}", fmt::join(comparable(outcome.received, false), ""));
  for (const Emitted& each : outcome.emitted) {
    const Bytes bytes = comparable(each.packet, !same_packet(step.packet, each.packet));
    out += fmt::format("; {} {:02x}", each.interface, fmt::join(bytes, ""));
  }
  return out;
}

MarkWatch::MarkWatch(NetNamespace& net) {
  net.run([&] { log_ = std::make_unique<NflogReader>(kWatchGroup); });
  const auto log = [](const std::string& what) {
    return fmt::format("log group {} snaplen 20 queue-threshold 1 prefix \"{}\"", kWatchGroup,
                       what);
  };
  std::string classes;
  for (const char* each : {"1:a", "ffff:0", "0:6"}) {
    classes += fmt::format("    meta priority {} {}\n", each, log(fmt::format(", class {}", each)));
  }
  // Nothing reads the packet's own mark any more, so it carries what a log doesn't show. (A packet
  // without a connection isn't seen again.)
  std::string text = "table inet differential_watch {\n";
  for (const char* hook : {"postrouting", "input"}) {
    text += fmt::format(
        "  chain {0} {{ type filter hook {0} priority 400;\n    oifname \"lo\" return\n"
        "    {1}\n{2}    meta mark set ct mark {3}\n  }}\n",
        hook, log("; mark"), classes, log(", connection"));
  }
  net.must_exec({"nft", "-f", "-"}, {.input = text + "}\n"});
}

std::string MarkWatch::seen() {
  std::string text;
  log_->drain([&](const LogEvent& event) {
    text += event.prefix;
    if (!event.prefix.starts_with(", class")) text += fmt::format(" {:#x}", event.mark);
  });
  return text;
}

}  // namespace bulkhead::testing
