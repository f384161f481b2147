// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/opaque_bytes.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace bulkhead::testing {
namespace {

using Arguments = std::span<const ir::Argument>;
using Answer = std::optional<bool>;

const ir::Argument* find(Arguments arguments, std::string_view option) {
  const auto found = std::ranges::find(arguments, option, &ir::Argument::option);
  return found == arguments.end() ? nullptr : &*found;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// xt_string.c. The patterns of the tests have nothing that is escaped; those in hex stand between
// bars.
Answer string(const Bytes& packet, Arguments arguments) {
  const ir::Argument* pattern = find(arguments, "string");
  const ir::Argument* in_hex = find(arguments, "hex-string");
  if (pattern == nullptr && in_hex == nullptr) return std::nullopt;
  std::string wanted;
  if (pattern != nullptr) {
    wanted = pattern->text.substr(1, pattern->text.size() - 2);
  } else {
    for (size_t at = 2; at + 3 < in_hex->text.size(); at += 2)
      wanted += static_cast<char>(std::stoi(in_hex->text.substr(at, 2), nullptr, 16));
  }
  std::string bytes(packet.begin(), packet.end());
  if (find(arguments, "icase") != nullptr) {
    wanted = lower(wanted);
    bytes = lower(bytes);
  }
  const ir::Argument* from = find(arguments, "from");
  const size_t start = from == nullptr ? 0 : std::stoul(from->text);
  const bool found = start <= bytes.size() && bytes.find(wanted, start) != std::string::npos;
  return found != (pattern != nullptr ? pattern : in_hex)->negated;
}

// u32_match_it() of xt_u32.c, read from the text as it goes: "0x0>>0x16&0x3c@0x0=0x5:0x9,0x7&&...".
class U32 {
 public:
  U32(const Bytes& packet, const std::string& text) : packet_(packet), at_(text.c_str()) {}

  bool holds() {
    while (true) {
      const std::optional<uint32_t> value = location();
      if (!in_values(value) || !value) return false;
      if (*at_ != '&') return true;
      at_ += 2;
    }
  }

 private:
  uint32_t number() {
    char* end = nullptr;
    const auto value = static_cast<uint32_t>(std::strtoul(at_, &end, 0));
    at_ = end;
    return value;
  }
  std::optional<uint32_t> word(uint64_t at) const {
    if (at + 4 > packet_.size()) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value << 8 | packet_[at + i];
    return value;
  }
  // Up to and with the '='; nothing if it is beyond the packet.
  std::optional<uint32_t> location() {
    uint64_t base = 0;
    std::optional<uint32_t> value = word(number());
    while (*at_ != '=') {
      const char operation = *at_;
      at_ += operation == '<' || operation == '>' ? 2 : 1;
      const uint32_t operand = number();
      if (!value) continue;
      if (operation == '&') *value &= operand;
      if (operation == '<') *value <<= operand;
      if (operation == '>') *value >>= operand;
      if (operation == '@') {
        base += *value;
        value = word(base + operand);
      }
    }
    ++at_;
    return value;
  }
  bool in_values(const std::optional<uint32_t>& value) {
    bool in = false;
    do {
      if (*at_ == ',') ++at_;
      const uint32_t first = number();
      uint32_t last = first;
      if (*at_ == ':') {
        ++at_;
        last = number();
      }
      in |= value && *value >= first && *value <= last;
    } while (*at_ == ',');
    return in;
  }

  const Bytes& packet_;
  const char* at_;
};

Answer u32(const Bytes& packet, Arguments arguments) {
  const std::string& quoted = arguments.front().text;
  const std::string text = quoted.substr(1, quoted.size() - 2);
  return U32(packet, text).holds() != arguments.front().negated;
}

// The one program of the tests: a byte is so.
Answer bpf(const Bytes& packet, const std::string& program) {
  size_t at = 0;
  unsigned value = 0;
  if (std::sscanf(program.c_str(), "\"4,48 0 0 %zu,21 0 1 %u,", &at, &value) != 2)
    return std::nullopt;
  return at < packet.size() && packet[at] == value;
}

// Where the TCP header is, if all of it is there.
std::optional<size_t> tcp_header(const Bytes& packet) {
  constexpr size_t kHeader = 20, kIp6 = 40;
  constexpr uint8_t kTcp = 6, kHopByHop = 0, kDestinationOptions = 60;
  size_t at = 0;
  if (packet[0] >> 4 == 4) {
    const bool later = (packet[6] & 0x1f) != 0 || packet[7] != 0;
    if (packet[9] != kTcp || later) return std::nullopt;
    at = (packet[0] & 0xfu) * 4;
  } else {
    uint8_t next = packet[6];
    at = kIp6;
    while ((next == kHopByHop || next == kDestinationOptions) && at + 2 <= packet.size()) {
      next = packet[at];
      at += (packet[at + 1] + 1u) * 8;
    }
    if (next != kTcp) return std::nullopt;
  }
  if (at + kHeader > packet.size()) return std::nullopt;
  return at;
}

// xt_ecn.c.
Answer ecn(const Bytes& packet, Arguments arguments) {
  for (const ir::Argument& argument : arguments) {
    bool holds = false;
    if (argument.option == "ecn-ip-ect") {
      const auto service = packet[0] >> 4 == 4 ? packet[1] : packet[1] >> 4;
      holds = (service & 3u) == std::strtoul(argument.text.c_str(), nullptr, 0);
    } else {
      const std::optional<size_t> header = tcp_header(packet);
      if (!header) return std::nullopt;
      holds = (packet[*header + 13] & (argument.option == "ecn-tcp-ece" ? 0x40u : 0x80u)) != 0;
    }
    if (holds == argument.negated) return false;
  }
  return true;
}

// tcpmss_mt() of xt_tcpmss.c; the options of the tests are well formed.
Answer tcpmss(const Bytes& packet, const ir::Argument& argument) {
  constexpr uint8_t kEnd = 0, kNothing = 1, kMss = 2;
  const std::optional<size_t> header = tcp_header(packet);
  if (!header) return std::nullopt;
  const size_t end = *header + (packet[*header + 12] >> 4) * 4u;
  if (end > packet.size()) return std::nullopt;
  const size_t colon = argument.text.find(':');
  const unsigned long first = std::stoul(argument.text);
  const unsigned long last =
      colon == std::string::npos ? first : std::stoul(argument.text.substr(colon + 1));
  for (size_t at = *header + 20; at < end;) {
    if (packet[at] == kMss) {
      const unsigned long size = packet[at + 2] << 8 | packet[at + 3];
      return (size >= first && size <= last) != argument.negated;
    }
    at += packet[at] == kEnd || packet[at] == kNothing ? 1 : packet[at + 1];
  }
  return argument.negated;
}

}  // namespace

Answer truth_of_bytes(const Bytes& packet, std::string_view match, Arguments arguments) {
  if (packet.size() < 20 || arguments.empty()) return std::nullopt;
  if (match == "string") return string(packet, arguments);
  if (match == "u32") return u32(packet, arguments);
  if (match == "ecn") return ecn(packet, arguments);
  if (match == "tcpmss") return tcpmss(packet, arguments.front());
  if (match == "bpf") return bpf(packet, arguments.front().text);
  return std::nullopt;
}

}  // namespace bulkhead::testing
