// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/head.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "ext/argument/interface.h"
#include "ext/argument/protocol.h"
#include "lang/error.h"

namespace bulkhead::lang {

namespace {

constexpr unsigned kInterfaceBytes = 16;  // IFNAMSIZ, with the final zero
constexpr size_t kMaxHostName = 255;      // iptables' buffer

ir::Condition constraint(const ir::Field& field, ir::ValueSet values, bool negated,
                         net::Family family, U128 mask = kU128Max) {
  const unsigned width = field.location(family).width;
  if (negated) values = values.complement(width);
  return ir::Constraint{&field, mask & low_bits(width), std::move(values)};
}

void add(ir::Match& head, std::string_view option, const HeadWord& word, std::string text,
         ir::Condition condition) {
  head.arguments.push_back({std::string(option), word.negated, std::move(text), word.span});
  head.predicate.push_back(std::move(condition));
}

void add_network(ir::Match& head, std::string_view option, const ir::Field& field,
                 const std::optional<HeadWord>& word, const net::Network& network) {
  // Every packet: -S doesn't show it. Its negation is shown, and no packet satisfies it.
  if (!word || (network.mask == 0 && !word->negated)) return;
  const U128 first = network.address.value;
  const net::Family family = network.address.family;
  const U128 all = low_bits(net::address_bits(family));
  // A prefix is a range of whole addresses; any other mask has to be asked bit by bit.
  add(head, option, *word, net::to_string(network),
      network.prefix_length()
          ? constraint(field, ir::ValueSet::range(first, first | (all & ~network.mask)),
                       word->negated, family)
          : constraint(field, ir::ValueSet::of(first), word->negated, family, network.mask));
}

// The name as a number: 16 bytes, the first character most significant, the rest zeros.
U128 interface_value(std::string_view name) {
  if (name.empty()) return 0;  // no shift by all bits
  U128 value = 0;
  for (const char c : name) value = value << 8 | static_cast<unsigned char>(c);
  return value << 8 * (kInterfaceBytes - name.size());
}

void add_interface(ir::Match& head, std::string_view option, const ir::Field& field,
                   const std::optional<HeadWord>& word, net::Family family) {
  if (!word) return;
  std::string_view name = word->text;
  ir::ValueSet values = ir::ValueSet::of(interface_value(name));
  if (name.ends_with('+')) {
    name.remove_suffix(1);
    if (name.empty() && !word->negated) return;  // "+": any
    const U128 first = interface_value(name);
    const auto rest = static_cast<unsigned>(8 * (kInterfaceBytes - name.size()));
    values = ir::ValueSet::range(first, first | low_bits(rest));
  }
  add(head, option, *word, word->text, constraint(field, std::move(values), word->negated, family));
}

void add_protocol_and_fragment(ir::Match& head, const HeadWords& words, net::Family family,
                               const net::Names& names) {
  if (words.protocol && words.protocol_number != 0) {
    add(head, kProtocol, *words.protocol, protocol_text(words.protocol_number, names),
        constraint(ir::kProtocol, ir::ValueSet::of(words.protocol_number), words.protocol->negated,
                   family));
  }
  if (words.fragment) {
    const U128 last = low_bits(ir::kFragmentOffset.location(family).width);
    add(head, kFragment, *words.fragment, "",
        constraint(ir::kFragmentOffset, ir::ValueSet::range(1, last), words.fragment->negated,
                   family));
  }
}

Result<void> parse_one_network(std::string_view text, Span span, net::Family family,
                               const net::Names& names, std::vector<net::Network>& networks) {
  if (text.size() > kMaxHostName) return usage("Hostname too long", span);
  U128 mask = low_bits(net::address_bits(family));
  if (const size_t slash = text.rfind('/'); slash != std::string_view::npos) {
    const std::string_view mask_text = text.substr(slash + 1);
    const std::optional<U128> parsed = net::parse_mask(family, mask_text);
    if (!parsed) return usage(fmt::format("invalid mask `{}' specified", mask_text), span);
    mask = *parsed;
    text = text.substr(0, slash);
  }
  const auto keep = [&](const net::Address& address) {
    networks.push_back({{family, address.value & mask}, mask});
  };
  if (mask == 0) {
    keep({family, 0});
  } else if (const auto address = net::parse_address(family, text, /*shortened=*/true)) {
    keep(*address);
  } else if (const auto network =
                 family == net::Family::kIpv4 ? names.network(text) : std::nullopt) {
    keep(*network);
  } else {
    Result<std::vector<net::Address>> addresses = names.host(family, text);
    if (!addresses) return usage(fmt::format("host/network `{}' not found", text), span);
    std::ranges::for_each(*addresses, keep);
  }
  return {};
}

}  // namespace

Result<uint8_t> parse_protocol(const HeadWord& word, const net::Names& names) {
  std::string name = word.text;
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (const auto number = ext::protocol_number(name, names)) return *number;
  return usage(fmt::format("unknown protocol \"{}\" specified", name), word.span);
}

Result<void> check_interface(const HeadWord& word) {
  const std::string_view name = word.text;
  if (auto r = ext::parse_interface({&name, 1}, {}); !r) return placed(r.error(), word.span);
  return {};
}

Result<std::vector<net::Network>> parse_networks(const HeadWord& word, net::Family family,
                                                 const net::Names& names) {
  std::vector<net::Network> networks;
  std::string_view rest = word.text;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\v\f\r"), rest.size()));
    const size_t comma = rest.find(',');
    if (auto r = parse_one_network(rest.substr(0, comma), word.span, family, names, networks); !r) {
      return r.error();
    }
    if (comma == std::string_view::npos) return networks;
    rest.remove_prefix(comma + 1);
  }
}

Result<std::vector<ir::Match>> heads_of(const HeadWords& words, net::Family family,
                                        const net::Names& names) {
  std::vector<net::Network> sources{{{family, 0}, 0}};
  std::vector<net::Network> destinations = sources;
  for (auto [word, networks] :
       {std::pair{&words.source, &sources}, std::pair{&words.destination, &destinations}}) {
    if (!*word) continue;
    Result<std::vector<net::Network>> parsed = parse_networks(**word, family, names);
    if (!parsed) return parsed.error();
    *networks = *std::move(parsed);
  }
  if (sources.size() > 1 || destinations.size() > 1) {
    for (const auto* word : {&words.source, &words.destination}) {
      if (*word && (*word)->negated) {
        return usage("! not allowed with multiple source or destination IP addresses",
                     (*word)->span);
      }
    }
  }
  std::vector<ir::Match> heads;
  heads.reserve(sources.size() * destinations.size());
  for (const net::Network& source : sources) {
    for (const net::Network& destination : destinations) {
      ir::Match& head = heads.emplace_back();
      add_network(head, kSource, ir::kSource, words.source, source);
      add_network(head, kDestination, ir::kDestination, words.destination, destination);
      add_interface(head, kInInterface, ir::kInInterface, words.in_interface, family);
      add_interface(head, kOutInterface, ir::kOutInterface, words.out_interface, family);
      add_protocol_and_fragment(head, words, family, names);
    }
  }
  return heads;
}

}  // namespace bulkhead::lang
