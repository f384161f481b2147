// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/opaque.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "kernel/differential/opaque_bytes.h"
#include "kernel/differential/opaque_extensions.h"

namespace bulkhead::testing {
namespace {

using Arguments = std::span<const ir::Argument>;
using Answer = std::optional<bool>;

const ir::Argument* find(Arguments arguments, std::string_view option) {
  const auto found = std::ranges::find(arguments, option, &ir::Argument::option);
  return found == arguments.end() ? nullptr : &*found;
}

std::vector<std::string> parts(std::string_view text, char separator) {
  std::vector<std::string> out{""};
  for (const char c : text) {
    if (c == separator) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// "7", "7-9", "7:9", ":9", "7:"
bool in_range(uint32_t value, std::string_view text, char separator) {
  const std::vector<std::string> ends = parts(text, separator);
  const auto number = [](const std::string& word, uint32_t otherwise) {
    return word.empty() ? otherwise : static_cast<uint32_t>(std::strtoul(word.c_str(), nullptr, 0));
  };
  return value >= number(ends.front(), 0) && value <= number(ends.back(), UINT32_MAX);
}

// xt_owner.c: every packet of the tests that leaves the host has a socket.
Answer owner(const Event& event, Arguments arguments) {
  for (const ir::Argument& argument : arguments) {
    bool holds = true;
    if (argument.option == "uid-owner") holds = in_range(event.step.user, argument.text, '-');
    if (argument.option == "gid-owner") holds = in_range(event.step.group, argument.text, '-');
    if (holds == argument.negated) return false;
  }
  return true;
}

bool interface_is(const std::string& name, const std::string& pattern) {
  if (!pattern.ends_with('+')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

// physdev_mt of xt_physdev.c. A packet that crosses no bridge satisfies negated options only.
Answer physdev(const Event& event, Arguments arguments) {
  if (event.physical_in.empty())
    return std::ranges::all_of(arguments, [](const ir::Argument& each) { return each.negated; });
  for (const ir::Argument& argument : arguments) {
    bool holds = true;  // is-in, is-out, is-bridged: the tests' bridge has a way out
    if (argument.option == "physdev-in") holds = interface_is(event.physical_in, argument.text);
    if (argument.option == "physdev-out") holds = interface_is(event.physical_out, argument.text);
    if (holds == argument.negated) return false;
  }
  return true;
}

// match_type6 of xt_addrtype.c: all the types that are named must hold.
bool is_of_types(const std::string& address, const std::string& types, bool local) {
  for (const std::string& type : parts(types, ',')) {
    const bool multicast = address.starts_with("ff");
    const bool holds = type == "MULTICAST" ? multicast
                       : type == "UNICAST" ? !multicast
                                           : type == "LOCAL" && local;
    if (!holds) return false;
  }
  return true;
}

Answer addrtype(const Event& event, const backend::sim::Packet& packet, Arguments arguments) {
  using ir::Route;
  constexpr uint32_t kLocal = 2;  // RTN_LOCAL
  const bool on_in = find(arguments, "limit-iface-in") != nullptr;
  const bool on_out = find(arguments, "limit-iface-out") != nullptr;
  const auto local = [&](Route plain, Route in, Route out) {
    return packet.routes.at(on_in ? in : on_out ? out : plain) == kLocal;
  };
  for (const ir::Argument& argument : arguments) {
    bool holds = true;
    if (argument.option == "src-type") {
      holds = is_of_types(event.source, argument.text,
                          local(Route::kSource, Route::kSourceOnIn, Route::kSourceOnOut));
    } else if (argument.option == "dst-type") {
      holds = is_of_types(
          event.destination, argument.text,
          local(Route::kDestination, Route::kDestinationOnIn, Route::kDestinationOnOut));
    } else {
      continue;
    }
    if (holds == argument.negated) return false;
  }
  return true;
}

std::string_view state_word(ir::CtState state) {
  switch (state) {
    case ir::CtState::kInvalid: return "INVALID";
    case ir::CtState::kEstablished: return "ESTABLISHED";
    case ir::CtState::kRelated: return "RELATED";
    case ir::CtState::kNew: return "NEW";
    case ir::CtState::kUntracked: break;
  }
  return "UNTRACKED";
}

bool in_network(U128 address, const std::string& network) {
  const size_t slash = network.find('/');
  const Bytes base = address_bytes(network.substr(0, slash));
  Bytes mask(base.size(), 0xff);
  if (slash != std::string::npos) {
    const std::string after = network.substr(slash + 1);
    if (after.find_first_of(".:") != std::string::npos) {
      mask = address_bytes(after);
    } else {
      const auto bits = static_cast<size_t>(std::stoul(after));
      for (size_t bit = bits; bit < mask.size() * 8; ++bit)
        mask[bit / 8] = static_cast<uint8_t>(mask[bit / 8] & ~(0x80u >> bit % 8));
    }
  }
  for (size_t i = 0; i < base.size(); ++i) {
    const auto byte = static_cast<uint8_t>(address >> (base.size() - 1 - i) * 8);
    if ((byte & mask[i]) != (base[i] & mask[i])) return false;
  }
  return true;
}

uint32_t status_bits(const std::string& names) {
  uint32_t bits = 0;
  for (const std::string& name : parts(names, ',')) {
    bits |= name == "EXPECTED"     ? 1
            : name == "SEEN_REPLY" ? 2
            : name == "ASSURED"    ? 4
            : name == "CONFIRMED"  ? 8
                                   : 0;
  }
  return bits;
}

// conntrack_mt of xt_conntrack.c: the state first; without a connection nothing else is asked.
Answer conntrack(const backend::sim::Packet& packet, Arguments arguments) {
  using Key = ir::Conntrack;
  const bool connected =
      packet.state != ir::CtState::kInvalid && packet.state != ir::CtState::kUntracked;
  if (const ir::Argument* state = find(arguments, "ctstate")) {
    const std::vector<std::string> names = parts(state->text, ',');
    const bool holds = std::ranges::find(names, state_word(packet.state)) != names.end();
    if (holds == state->negated) return false;
    if (!connected) return true;
  }
  if (!connected) return false;
  const std::pair<std::string_view, Key> addresses[] = {{"ctorigsrc", Key::kOriginalSource},
                                                        {"ctorigdst", Key::kOriginalDestination},
                                                        {"ctreplsrc", Key::kReplySource},
                                                        {"ctrepldst", Key::kReplyDestination}};
  const std::pair<std::string_view, Key> ports[] = {
      {"ctorigsrcport", Key::kOriginalSourcePort},
      {"ctorigdstport", Key::kOriginalDestinationPort},
      {"ctreplsrcport", Key::kReplySourcePort},
      {"ctrepldstport", Key::kReplyDestinationPort}};
  // In the kernel's order the first that fails decides; which one that is makes no difference,
  // unless one of them is unknown.
  bool unknown = false;
  const auto ask = [&](Key key, const ir::Argument& argument, const auto& holds) {
    const auto known = packet.connection.find(key);
    unknown |= known == packet.connection.end();
    return known == packet.connection.end() || holds(known->second) != argument.negated;
  };
  for (const ir::Argument& each : arguments) {
    for (const auto& [name, key] : addresses) {
      if (each.option == name &&
          !ask(key, each, [&](U128 value) { return in_network(value, each.text); }))
        return false;
    }
    for (const auto& [name, key] : ports) {
      if (each.option == name && !ask(key, each, [&](U128 value) {
            return in_range(static_cast<uint32_t>(value), each.text, ':');
          }))
        return false;
    }
    if (each.option == "ctproto" && !ask(Key::kProtocol, each, [&](U128 value) {
          return value == std::strtoul(each.text.c_str(), nullptr, 0);
        }))
      return false;
    if (each.option == "ctstatus" && !ask(Key::kStatus, each, [&](U128 value) {
          return (static_cast<uint32_t>(value) & status_bits(each.text)) != 0;
        }))
      return false;
    if (each.option == "ctdir" && !ask(Key::kDirection, each, [&](U128 value) {
          return (value == 1) == (each.text == "REPLY");
        }))
      return false;
    unknown |= each.option == "ctexpire";
  }
  if (unknown) return std::nullopt;
  return true;
}

struct ChunkType {
  std::string_view name;
  uint8_t type;
};
constexpr ChunkType kChunkTypes[] = {{"DATA", 0},      {"INIT", 1},        {"SACK", 3},
                                     {"HEARTBEAT", 4}, {"COOKIE_ACK", 11}, {"ABORT", 6}};

// "DATA:Be": of the flags I U B E (8 4 2 1) those in capitals are set, the others not.
bool flags_fit(std::string_view wanted, uint8_t flags) {
  constexpr std::string_view kNames = "EBUI";
  return std::ranges::all_of(wanted, [&](char letter) {
    const bool set = letter >= 'A' && letter <= 'Z';
    const auto bit = kNames.find(static_cast<char>(letter & ~0x20));
    return ((flags >> bit & 1) != 0) == set;
  });
}

// match_packet of xt_sctp.c.
Answer chunk_types(const Event& event, const ir::Argument& argument) {
  const std::vector<std::string> words = parts(argument.text, ' ');
  if (words.size() != 2) return std::nullopt;
  const bool all_types = words[1] == "ALL", no_types = words[1] == "NONE";
  struct Wanted {
    uint8_t type;
    std::string flags;
  };
  std::vector<Wanted> wanted;
  for (const std::string& one : parts(words[1], ',')) {
    const std::vector<std::string> name_and_flags = parts(one, ':');
    const auto* type = std::ranges::find(kChunkTypes, name_and_flags[0], &ChunkType::name);
    if (type == std::end(kChunkTypes)) continue;
    wanted.push_back({type->type, name_and_flags.size() > 1 ? name_and_flags[1] : ""});
  }
  // Whether a chunk is one of those listed, and whether its flags are right.
  const auto listed = [&](const Chunk& chunk) -> Answer {
    if (all_types) return true;
    for (const Wanted& each : wanted) {
      if (each.type == chunk.type) return flags_fit(each.flags, chunk.flags);
    }
    return std::nullopt;
  };
  std::set<uint8_t> missing;
  for (const Wanted& each : wanted) missing.insert(each.type);
  bool any = false, only = true;
  for (const Chunk& chunk : event.chunks) {
    const Answer fits = listed(chunk);
    any |= fits.value_or(false);
    only &= fits.value_or(false);
    if (fits.value_or(false)) missing.erase(chunk.type);
  }
  const bool holds = words[0] == "any"    ? any
                     : words[0] == "only" ? only
                                          : !all_types && (no_types || missing.empty());
  return holds != argument.negated;
}

}  // namespace

Answer opaque_truth(const Event& event, const backend::sim::Packet& packet, std::string_view match,
                    Arguments arguments) {
  if (match == "owner") return owner(event, arguments);
  if (match == "physdev") return physdev(event, arguments);
  if (match == "addrtype") return addrtype(event, packet, arguments);
  if (match == "conntrack") return conntrack(packet, arguments);
  if (match == "sctp") {
    const ir::Argument* types = find(arguments, "chunk-types");
    if (types != nullptr) return chunk_types(event, *types);
  }
  if (match == "dccp") {
    const ir::Argument* option = find(arguments, "dccp-option");
    if (option == nullptr) return std::nullopt;
    const auto kind = static_cast<uint8_t>(std::strtoul(option->text.c_str(), nullptr, 0));
    const bool there = std::ranges::find(event.dccp_options, kind) != event.dccp_options.end();
    return there != option->negated;
  }
  if (const Answer answer = extension_truth(event, match, arguments)) return answer;
  return truth_of_bytes(event.step.packet, match, arguments);
}

}  // namespace bulkhead::testing
