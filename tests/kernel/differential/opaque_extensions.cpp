// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/opaque_extensions.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "support/packet_builder.h"

namespace bulkhead::testing {
namespace {

using Arguments = std::span<const ir::Argument>;
using Answer = std::optional<bool>;

constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kEsp = 50, kAuthentication = 51,
                  kNoNextHeader = 59, kDestination = 60, kMobility = 135;

struct Header {
  uint8_t protocol;
  Bytes bytes;  // from its start to the packet's end
  size_t length;
  uint8_t next;
};

// ipv6_find_hdr(): what it finds before a later fragment's data.
struct Walk {
  std::vector<Header> headers;
  uint8_t last = 0;  // the protocol behind them
  bool cut = false;
  size_t end = 0;

  const Header* find(uint8_t protocol) const {
    const auto found = std::ranges::find(headers, protocol, &Header::protocol);
    return found == headers.end() ? nullptr : &*found;
  }
};

Walk walk(const Bytes& packet) {
  Walk out{.last = packet[6], .end = 40};
  const auto is_extension = [](uint8_t protocol) {
    return protocol == kHopByHop || protocol == kRouting || protocol == kFragment ||
           protocol == kAuthentication || protocol == kDestination;
  };
  while (is_extension(out.last)) {
    if (packet.size() < out.end + 8) {
      out.cut = true;
      return out;
    }
    const auto from = packet.begin() + static_cast<std::ptrdiff_t>(out.end);
    const size_t length = out.last == kFragment         ? 8
                          : out.last == kAuthentication ? (from[1] + 2) * size_t{4}
                                                        : (from[1] + 1) * size_t{8};
    out.headers.push_back({out.last, Bytes(from, packet.end()), length, from[0]});
    const bool later = out.last == kFragment && ((from[2] << 8 | from[3]) & 0xfff8) != 0;
    out.last = from[0];
    out.end += length;
    if (later) return out;
  }
  return out;
}

uint64_t number(std::string_view text) {
  return std::strtoull(std::string(text).c_str(), nullptr, 10);
}

uint32_t word_at(const Bytes& bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
}

bool in_range(uint64_t value, std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return value == number(text);
  return value >= number(text.substr(0, colon)) && value <= number(text.substr(colon + 1));
}

std::vector<std::string> parts(std::string_view text) {
  std::vector<std::string> out{""};
  for (const char c : text) {
    if (c == ',') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// Whether each argument holds, or, negated, doesn't.
bool all_hold(Arguments arguments, const std::function<bool(const ir::Argument&)>& holds) {
  return std::ranges::all_of(arguments,
                             [&](const ir::Argument& each) { return holds(each) != each.negated; });
}

bool authentication(const Header& header, Arguments arguments) {
  return all_hold(arguments, [&](const ir::Argument& each) {
    if (each.option == "ahspi") return in_range(word_at(header.bytes, 4), each.text);
    if (each.option == "ahlen") return header.length == number(each.text);
    return header.bytes[2] == 0 && header.bytes[3] == 0;
  });
}

bool fragment(const Header& header, Arguments arguments) {
  const bool more = (header.bytes[3] & 1) != 0;
  return all_hold(arguments, [&](const ir::Argument& each) {
    if (each.option == "fragid") return in_range(word_at(header.bytes, 4), each.text);
    if (each.option == "fragres") return header.bytes[1] == 0 && (header.bytes[3] & 6) == 0;
    if (each.option == "fragfirst") return header.bytes[2] == 0 && (header.bytes[3] & 0xf8) == 0;
    if (each.option == "fragmore") return more;
    if (each.option == "fraglast") return !more;
    return !each.negated;  // --fraglen is never asked
  });
}

// The list begins with these, each with its length if one is given.
bool begin_with(const Header& header, std::string_view wanted) {
  size_t at = 2;
  for (const std::string& one : parts(wanted)) {
    const size_t colon = one.find(':');
    if (at >= header.length || header.bytes[at] != number(one.substr(0, colon))) return false;
    if (header.bytes[at] == 0) {
      ++at;
      continue;
    }
    const size_t length = header.bytes[at + 1];
    if (colon != std::string::npos && length != number(one.substr(colon + 1))) return false;
    at += 2 + length;
  }
  return true;
}

bool options(const Header& header, Arguments arguments) {
  return all_hold(arguments, [&](const ir::Argument& each) {
    if (each.option.ends_with("-len")) return header.length == number(each.text);
    return begin_with(header, each.text);
  });
}

bool is_address(const Header& header, size_t index, const std::string& address) {
  const Bytes wanted = address_bytes(address);
  const size_t at = 8 + 16 * index;
  return at + 16 <= header.length &&
         std::equal(wanted.begin(), wanted.end(),
                    header.bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

// Strictly: the header names just these. Otherwise they stand in it in this order.
bool names(const Header& header, const std::vector<std::string>& addresses, bool strictly) {
  const size_t count = (header.length - 8) / 16;
  if (addresses.size() > count) return false;
  size_t found = 0;
  for (size_t i = 0; i < count && found < addresses.size(); ++i) {
    if (is_address(header, i, addresses[found])) {
      ++found;
    } else if (strictly) {
      return false;
    }
  }
  return found == addresses.size() && (!strictly || addresses.size() == count);
}

bool routing(const Header& header, Arguments arguments) {
  const bool strictly =
      std::ranges::find(arguments, "rt-0-not-strict", &ir::Argument::option) == arguments.end();
  return all_hold(arguments, [&](const ir::Argument& each) {
    if (each.option == "rt-type") return header.bytes[2] == number(each.text);
    if (each.option == "rt-segsleft") return in_range(header.bytes[3], each.text);
    if (each.option == "rt-len") return header.length == number(each.text);
    if (each.option == "rt-0-res") return word_at(header.bytes, 4) == 0;
    if (each.option == "rt-0-addrs") return names(header, parts(each.text), strictly);
    return true;
  });
}

bool in_network(const Header& header, size_t index, const std::string& network) {
  const size_t slash = network.find('/');
  const Bytes wanted = address_bytes(network.substr(0, slash));
  const size_t bits = number(network.substr(slash + 1));
  for (size_t bit = 0; bit < bits; ++bit) {
    const unsigned differ = wanted[bit / 8] ^ header.bytes[8 + 16 * index + bit / 8];
    if ((differ & 0x80u >> bit % 8) != 0) return false;
  }
  return true;
}

// srh1_mt6() of ip6t_srh.c.
bool segments(const Header& header, Arguments arguments) {
  const uint8_t left = header.bytes[3], last = header.bytes[4];
  if (header.bytes[2] != 4 || left > last) return false;
  const auto compare = [](uint64_t value, const ir::Argument& each) {
    if (each.option.ends_with("-gt")) return value > number(each.text);
    if (each.option.ends_with("-lt")) return value < number(each.text);
    return value == number(each.text);
  };
  for (const ir::Argument& each : arguments) {
    // Without such a segment the rule doesn't hold, negated or not.
    if (each.option == "srh-psid" && left == last) return false;
    if (each.option == "srh-nsid" && left == 0) return false;
  }
  return all_hold(arguments, [&](const ir::Argument& each) {
    const std::string_view option = each.option;
    if (option == "srh-next-hdr") return compare(header.next, each);
    if (option.starts_with("srh-hdr-len")) return compare(header.bytes[1], each);
    if (option.starts_with("srh-segs-left")) return compare(left, each);
    if (option.starts_with("srh-last-entry")) return compare(last, each);
    // The kernel takes the two bytes as they are: on this host the lower one stands first.
    if (option == "srh-tag")
      return number(each.text) == (unsigned{header.bytes[7]} << 8 | header.bytes[6]);
    const size_t index = option == "srh-psid" ? left + 1u : option == "srh-nsid" ? left - 1u : 0u;
    return in_network(header, index, each.text);
  });
}

// ipv6header_mt6(), which walks on behind a later fragment's header.
bool which_headers(const Walk& walk, Arguments arguments) {
  const std::vector<std::pair<std::string_view, uint8_t>> known = {
      {"hop-by-hop", kHopByHop},    {"ipv6-opts", kDestination}, {"ipv6-route", kRouting},
      {"ipv6-frag", kFragment},     {"ah", kAuthentication},     {"esp", kEsp},
      {"ipv6-nonxt", kNoNextHeader}};
  std::vector<std::string_view> there;
  for (const auto& [name, protocol] : known) {
    if (walk.find(protocol) != nullptr || walk.last == protocol) there.push_back(name);
  }
  if (walk.last != kEsp && walk.last != kNoNextHeader) there.push_back("protocol");
  const ir::Argument& asked = arguments.front();
  const std::vector<std::string> wanted = parts(asked.text);
  const auto is_there = [&](const std::string& name) {
    return std::ranges::find(there, std::string_view(name)) != there.end();
  };
  if (arguments.size() > 1) {  // --soft
    return asked.negated ? std::ranges::none_of(wanted, is_there)
                         : std::ranges::all_of(wanted, is_there);
  }
  const bool same = wanted.size() == there.size() && std::ranges::all_of(wanted, is_there);
  return same != asked.negated;
}

// eui64_mt6(): the address of the link, where it is Ethernet, and the source's lower half.
bool eui64(const Event& event) {
  const Mac& mac = event.step.source_mac;
  const Bytes expected = {
      static_cast<uint8_t>(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
  return std::equal(expected.begin(), expected.end(), event.step.packet.begin() + 16);
}

}  // namespace

Answer extension_truth(const Event& event, std::string_view match, Arguments arguments) {
  const Bytes& packet = event.step.packet;
  if (packet[0] >> 4 != 6) return std::nullopt;
  const Walk headers = walk(packet);
  if (match == "eui64") {
    if (event.in == "lan0" || event.in == "br0") return eui64(event);
    // It drops a later fragment that came over no Ethernet.
    return headers.find(kFragment) == nullptr ? Answer(false) : std::nullopt;
  }
  if (headers.cut) return std::nullopt;
  if (match == "ipv6header") return which_headers(headers, arguments);
  if (match == "mh") {
    const bool there = headers.last == kMobility && headers.find(kFragment) == nullptr;
    return there && all_hold(arguments, [&](const ir::Argument& each) {
             return in_range(packet[headers.end + 2], each.text);
           });
  }
  struct Asked {
    std::string_view match;
    uint8_t protocol;
    bool (*holds)(const Header&, Arguments);
  };
  constexpr Asked kAsked[] = {
      {"ah", kAuthentication, authentication},
      {"frag", kFragment, fragment},
      {"hbh", kHopByHop, options},
      {"dst", kDestination, options},
      {"rt", kRouting, routing},
      {"srh", kRouting, segments},
  };
  const auto* asked = std::ranges::find(kAsked, match, &Asked::match);
  if (asked == std::end(kAsked)) return std::nullopt;
  const Header* header = headers.find(asked->protocol);
  return header != nullptr && asked->holds(*header, arguments);
}

}  // namespace bulkhead::testing
