// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/chain_name.h"

#include <netinet/in.h>

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace bulkhead::backend::nft {
namespace {

bool plain(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

std::string escape(std::string_view name) {
  std::string out;
  for (char byte : name) {
    if (plain(byte)) {
      out += byte;
    } else {
      fmt::format_to(std::back_inserter(out), ".{:02x}", static_cast<uint8_t>(byte));
    }
  }
  return out;
}

std::string unescape(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    unsigned byte = 0;
    const char* end = name.data() + i + 3;
    if (name[i] == '.' && i + 2 < name.size() &&
        std::from_chars(name.data() + i + 1, end, byte, 16).ptr == end) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += name[i];
    }
  }
  return out;
}

std::string with_protocol(std::string_view kind, std::string_view helper, uint8_t protocol) {
  const std::string number = std::to_string(protocol);
  const std::string_view word = protocol == IPPROTO_TCP   ? "tcp"
                                : protocol == IPPROTO_UDP ? "udp"
                                                          : std::string_view(number);
  return fmt::format("{}/{}/{}", kind, word, escape(helper));
}

}  // namespace

std::string chain_name(std::string_view table, std::string_view chain) {
  return fmt::format("{}/{}", escape(table), escape(chain));
}

std::string action_chain_name(std::string_view table, uint64_t rule) {
  return fmt::format("do/{}/{}", escape(table), rule);
}

uint64_t rule_of_action_chain(std::string_view name) {
  if (!name.starts_with("do/")) return 0;
  name.remove_prefix(name.rfind('/') + 1);
  uint64_t rule = 0;
  std::from_chars(name.data(), name.data() + name.size(), rule);
  return rule;
}

std::string helper_name(std::string_view helper, uint8_t protocol) {
  return with_protocol("helper", helper, protocol);
}

std::string giving_chain_name(std::string_view helper, uint8_t protocol) {
  return with_protocol("give", helper, protocol);
}

std::string base_chain_name(std::string_view table, std::string_view chain) {
  return "hook/" + chain_name(table, chain);
}

std::string in_epoch(unsigned epoch, std::string_view name) {
  if (epoch_of(name) != 0) name.remove_prefix(name.find('/') + 1);
  return epoch == 0 ? std::string(name) : fmt::format("e{}/{}", epoch, name);
}

unsigned epoch_of(std::string_view name) {
  unsigned epoch = 0;
  if (name.empty() || name[0] != 'e') return 0;
  auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), epoch);
  return error == std::errc() && end != name.data() + name.size() && *end == '/' ? epoch : 0;
}

std::string describe_helper(std::string_view name) {
  if (name.starts_with("helper/")) name.remove_prefix(name.rfind('/') + 1);
  return "the helper " + unescape(name);
}

std::string describe_chain(std::string_view name) {
  if (name.starts_with(kHelperMark)) return describe_helper(name.substr(kHelperMark.size()));
  name = name.substr(epoch_of(name) == 0 ? 0 : name.find('/') + 1);
  if (name.starts_with("do/"))
    return fmt::format("what rule {} does", name.substr(name.rfind('/') + 1));
  const size_t slash = name.rfind('/');
  if (name.starts_with(kGivingPrefix))
    return "what gives the helper " + unescape(name.substr(slash + 1));
  if (slash != name.npos && !name.starts_with("check/")) name.remove_prefix(slash + 1);
  return "chain " + unescape(name);
}

}  // namespace bulkhead::backend::nft
