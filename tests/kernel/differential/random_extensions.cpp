// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/random_extensions.h"

#include <initializer_list>

#include <fmt/format.h>

namespace bulkhead::testing {
namespace {

constexpr uint8_t kUdp = 17, kRouting = 43, kFragment = 44, kEsp = 50, kAuthentication = 51;
constexpr uint8_t kNoNextHeader = 59, kIpcomp = 108, kMobility = 135;
// No rule of the tests asks for this protocol: nf_tables takes AH for the last header of an IPv6
// packet and ip6_tables looks on, so what stands behind one must make no difference.
constexpr uint8_t kNobodys = 254;  // RFC 3692: for experiments

class ExtensionDrawer {
 public:
  ExtensionDrawer(Random& random, bool ip6) : random_(random), ip6_(ip6) {}

  Extensions draw() {
    switch (random_.below(ip6_ ? 22 : 3)) {
      case 0: return esp();
      case 1:
      case 3:
      case 4: return authentication();
      case 2: return compressed();
      case 5:
      case 6: return mobility();
      case 7:
      case 8: return fragment();
      case 9:
      case 10:
      case 11: return options(true);
      case 12:
      case 13:
      case 14: return options(false);
      case 15:
      case 16:
      case 17: return routing();
      default: return segments();
    }
  }

 private:
  template <class T> T pick(std::initializer_list<T> all) { return random_.pick(all); }
  uint8_t byte(uint64_t last) { return static_cast<uint8_t>(random_.between(0, last)); }
  static void append(Bytes& bytes, uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<uint8_t>(number >> shift));
  }
  static void append(Bytes& bytes, const Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  }

  Extensions esp() {
    const auto spi = pick<uint32_t>({0, 1, 256, 257, 0xffffffff});
    Bytes bytes;
    append(bytes, spi);
    append(bytes, 1);
    return {{Raw{.protocol = kEsp, .bytes = bytes}}, fmt::format("esp spi {}", spi)};
  }
  Extensions authentication() {
    const auto spi = pick<uint32_t>({0, 1, 256, 257, 0xffffffff});
    const auto check = pick<size_t>({12, 20});  // bytes of the integrity check value
    const uint8_t reserved = byte(1);
    Bytes bytes = {kNobodys, static_cast<uint8_t>((12 + check) / 4 - 2), 0, reserved};
    append(bytes, spi);
    append(bytes, 1);
    append(bytes, Bytes(check));
    return {{Raw{.protocol = kAuthentication, .bytes = bytes}},
            fmt::format("ah spi {} of {} bytes, reserved {}", spi, bytes.size(), reserved)};
  }
  Extensions compressed() {
    const auto index = pick<uint16_t>({0, 1, 18, 256, 65535});
    const Bytes bytes = {4, byte(1), static_cast<uint8_t>(index >> 8), static_cast<uint8_t>(index)};
    return {{Raw{.protocol = kIpcomp, .bytes = bytes}}, fmt::format("ipcomp index {}", index)};
  }
  Extensions mobility() {
    const uint8_t type = byte(7);
    return {{Raw{.protocol = kMobility, .bytes = {kNoNextHeader, 0, type, 0, 0, 0, 0, 0}}},
            fmt::format("mobility type {}", type)};
  }
  Extensions fragment() {
    const auto offset = pick<uint8_t>({0, 0, 2});
    const uint8_t more = byte(1), reserved = random_.one_in(3) ? 1 : 0;
    const auto id = pick<uint32_t>({7, 8, 9, 100});
    Bytes bytes = {kNobodys, reserved, 0, static_cast<uint8_t>(offset << 3 | more)};
    append(bytes, id);
    append(bytes, Bytes(24, 'x'));
    return {{Raw{.protocol = kFragment, .bytes = bytes}},
            fmt::format("fragment {} of {}, more: {}, reserved {}", offset, id, more, reserved)};
  }
  // Options that hosts skip which don't know them: 30 (RFC 4727), padding.
  Extensions options(bool hop_by_hop) {
    Bytes list = pick<Bytes>({{30, 4, 0, 0, 0, 0}, {30, 2, 0, 0, 1, 0}, {0, 30, 3, 0, 0, 0}, {}});
    // More than seven bytes of padding in a row and the stack refuses the packet.
    if (random_.one_in(3)) append(list, Bytes{30, 6, 0, 0, 0, 0, 0, 0});
    const std::string what =
        fmt::format("options, {} bytes, first {}", list.size(), list.empty() ? 1 : list.front());
    const Udp udp{.sport = 4000, .dport = 53};
    if (hop_by_hop) return {HopByHop{.options = list} / udp, "hop-by-hop " + what};
    return {DestinationOptions{.options = list} / udp, "destination " + what};
  }

  Extensions routing() {
    const auto count = static_cast<uint8_t>(random_.between(1, 3));
    const auto type = pick<uint8_t>({0, 0, 2});
    return with_segments(type, byte(count), {0, 0, 0, byte(1)}, count, 2);
  }
  // RFC 8754, 2: last entry, flags, tag. Every tenth claims more segments left than it has.
  Extensions segments() {
    const auto count = static_cast<uint8_t>(random_.between(1, 4));
    const auto last = static_cast<uint8_t>(count - 1);
    const uint8_t left = random_.one_in(10) ? count : byte(last);
    return with_segments(4, left, {last, 0, byte(1), byte(1)}, count, 4);
  }
  Extensions with_segments(uint8_t type, uint8_t left, const Bytes& fixed, uint8_t count,
                           unsigned addresses) {
    const auto next = pick<uint8_t>({kUdp, kNobodys});
    Bytes bytes = {next, static_cast<uint8_t>(2 * count), type, left};
    append(bytes, fixed);
    std::string what =
        fmt::format("routing header of type {}, {:02x}{:02x}{:02x}{:02x}, {} left of", type,
                    fixed[0], fixed[1], fixed[2], fixed[3], left);
    for (uint8_t i = 0; i < count; ++i) {
      const auto number = static_cast<unsigned>(random_.between(1, addresses));
      const std::string address = fmt::format("2001:db8:{}::{}", number / 3, number);
      append(bytes, address_bytes(address));
      what += ' ' + address;
    }
    append(bytes, Bytes{0x0f, 0xa0, 0, 53, 0, 8, 0, 0});  // a UDP header
    return {{Raw{.protocol = kRouting, .bytes = bytes}}, what};
  }

  Random& random_;
  bool ip6_;
};

}  // namespace

Extensions draw_extensions(Random& random, bool ip6) { return ExtensionDrawer(random, ip6).draw(); }

}  // namespace bulkhead::testing
