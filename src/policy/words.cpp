// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/words.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "ir/field.h"
#include "net/packet_build.h"
#include "set/witness.h"

namespace bulkhead::policy {

namespace {

constexpr unsigned kInterfaceBits = 128;
constexpr std::string_view kAddressesWanted =
    "a group, an address, a network or a range: \"management\", \"192.0.2.0/24\", "
    "\"192.0.2.1-192.0.2.9\", \"not management\", \"subnet but management\", \"any\"";
constexpr std::string_view kServiceWanted =
    "a protocol, with ports if it has any: \"tcp/22\", \"udp/5000-5010\", \"icmp/8\", \"tcp\"";

ir::ValueSet all_of(unsigned width) { return ir::ValueSet::range(0, low_bits(width)); }

ir::ValueSet everywhere(net::Family family) { return all_of(net::address_bits(family)); }

Addresses complement(const Addresses& of) {
  return {of.v4.complement(net::address_bits(net::Family::kIpv4)),
          of.v6.complement(net::address_bits(net::Family::kIpv6))};
}

Addresses united(const Addresses& a, const Addresses& b) {
  return {a.v4.united(b.v4), a.v6.united(b.v6)};
}

Addresses intersected(const Addresses& a, const Addresses& b) {
  return {a.v4.intersected(b.v4), a.v6.intersected(b.v6)};
}

Addresses only(net::Family family, ir::ValueSet values) {
  return family == net::Family::kIpv4 ? Addresses{std::move(values), {}}
                                      : Addresses{{}, std::move(values)};
}

// A network by prefix length or mask, one address, or two with a dash.
std::optional<Addresses> literal(std::string_view text) {
  const size_t dash = text.find('-');
  const size_t slash = text.find('/');
  for (const net::Family family : net::kFamilies) {
    const auto first = net::parse_address(family, text.substr(0, std::min(dash, slash)));
    if (!first) continue;
    if (dash != text.npos) {
      const auto last = net::parse_address(family, text.substr(dash + 1));
      if (!last || last->value < first->value) return std::nullopt;
      return only(family, ir::ValueSet::range(first->value, last->value));
    }
    const unsigned bits = net::address_bits(family);
    const auto mask = slash == text.npos ? std::optional(net::prefix_mask(family, bits))
                                         : net::parse_mask(family, text.substr(slash + 1));
    if (!mask) return std::nullopt;
    const U128 free = low_bits(bits) & ~*mask;
    if ((free & (free + 1)) != 0) return std::nullopt;  // no prefix
    return only(family, ir::ValueSet::range(first->value & *mask, first->value | free));
  }
  return std::nullopt;
}

std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

template <class Map> std::string names_of(const Map& map) {
  std::string all;
  for (const auto& [name, value] : map) all += (all.empty() ? "" : ", ") + name;
  return all;
}

// As -p has it: any protocol is `all' and 0 (`ip' by /etc/protocols), and `any' as of all else
// here.
struct Protocol {
  std::optional<uint8_t> number;  // none: any
};
std::optional<Protocol> protocol_of(std::string_view word, const net::Names& names) {
  if (word == "any") return Protocol{};
  std::optional<uint8_t> found;
  if (const auto numeric = number(word, 255)) found = static_cast<uint8_t>(*numeric);
  if (!found) found = net::builtin_protocol(word);
  if (!found) found = names.protocol(word);
  if (!found) return std::nullopt;
  return *found == 0 ? Protocol{} : Protocol{found};
}

bool is_icmp(uint8_t protocol) { return protocol == net::kIcmp || protocol == net::kIcmp6; }

}  // namespace

Error Words::wrong(Span span, std::string message, std::string hint) const {
  return {.kind = ErrorKind::kUsage,
          .message = std::move(message),
          .hint = std::move(hint),
          .span = span};
}

Result<std::vector<Words::Word>> Words::words(const TomlValue& value,
                                              std::string_view wanted) const {
  if (value.kind != TomlValue::Kind::kString)
    return wrong(value.span, "words between quotes are needed here", std::string(wanted));
  std::vector<Word> found;
  const std::string_view text = value.text;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \t", at);
    if (begin == text.npos) break;
    at = std::min(text.find_first_of(" \t", begin), text.size());
    found.push_back({text.substr(begin, at - begin), value.part(source_, begin, at)});
  }
  if (found.empty()) return wrong(value.span, "nothing stands here", std::string(wanted));
  return found;
}

// --- addresses

Result<Addresses> Words::address_term(const Word& word) const {
  if (word.text == "any")
    return Addresses{everywhere(net::Family::kIpv4), everywhere(net::Family::kIpv6)};
  if (const auto group = groups_.find(word.text); group != groups_.end()) return group->second;
  if (auto addresses = literal(word.text)) return *std::move(addresses);
  std::string groups = names_of(groups_);
  return wrong(word.span, fmt::format("`{}' is no group and no address", word.text),
               groups.empty() ? "groups are named under [groups]: management = [\"192.0.2.1\"]"
                              : "the groups are " + groups);
}

Result<Addresses> Words::address_words(const TomlValue& value) const {
  const auto words = this->words(value, kAddressesWanted);
  if (!words) return words.error();
  const bool negated = words->front().text == "not";
  const size_t first = negated ? 1 : 0;
  if (words->size() == first)
    return wrong(words->front().span, "`not' what?", std::string(kAddressesWanted));
  auto all = address_term((*words)[first]);
  if (!all) return all.error();
  if (negated) *all = complement(*all);
  for (size_t i = first + 1; i < words->size(); i += 2) {
    const Word& word = (*words)[i];
    const bool but =
        word.text == "but" || word.text == "except" || (i > first + 1 && word.text == "and");
    if (!but || negated || i + 1 == words->size()) {
      return wrong(word.span, fmt::format("`{}' isn't understood here", word.text),
                   std::string(kAddressesWanted));
    }
    const auto without = address_term((*words)[i + 1]);
    if (!without) return without.error();
    *all = intersected(*all, complement(*without));
  }
  return all;
}

Result<Addresses> Words::addresses(const TomlValue& value) const {
  if (value.kind != TomlValue::Kind::kArray) return address_words(value);
  Addresses all;
  for (const TomlValue& item : value.items) {
    const auto one = address_words(item);
    if (!one) return one.error();
    all = united(all, *one);
  }
  return all;
}

Result<void> Words::name_group(const TomlEntry& entry) {
  if (entry.key == "any" || entry.key == "not" || entry.key == "but" || entry.key == "except" ||
      entry.key == "and" || entry.key.find_first_of(" \t") != entry.key.npos) {
    return wrong(entry.key_span, fmt::format("no group can be called `{}'", entry.key),
                 "one word that means nothing else");
  }
  auto addresses = this->addresses(entry.value);
  if (!addresses) return addresses.error();
  groups_.emplace(entry.key, *std::move(addresses));
  return {};
}

// --- services

Result<ir::ValueSet> Words::port_term(const Word& word, std::string_view protocol) const {
  constexpr unsigned kMost = 65535;
  const std::string_view text = word.text;
  if (const auto service = names_.service(text, protocol)) return ir::ValueSet::of(*service);
  const size_t dash = text.find_first_of("-:");
  const auto first = number(text.substr(0, dash), kMost);
  const auto last = dash == text.npos ? first : number(text.substr(dash + 1), kMost);
  if (!first || !last || *first > *last) {
    return wrong(word.span, fmt::format("`{}' is no port", text),
                 "a number up to 65535, a range (8000-8100) or a service's name (ssh)");
  }
  return ir::ValueSet::range(*first, *last);
}

Result<std::vector<Service>> Words::service_term(const Word& word) const {
  if (const auto named = services_.find(word.text); named != services_.end()) return named->second;
  const size_t slash = word.text.find('/');
  const std::string_view name = word.text.substr(0, slash);
  const auto protocol = protocol_of(name, names_);
  if (!protocol) {
    const std::string known = names_of(services_);
    return wrong(word.span, fmt::format("`{}' is no service", word.text),
                 known.empty()
                     ? std::string(kServiceWanted)
                     : fmt::format("{}; named under [services]: {}", kServiceWanted, known));
  }
  Service service{protocol->number, {}};
  if (slash == word.text.npos) return std::vector{service};
  Word ports{word.text.substr(slash + 1), word.span};
  if (ports.span.end - ports.span.begin == word.text.size())
    ports.span.begin += static_cast<uint32_t>(std::min(slash + 1, word.text.size() - 1));
  if (!service.protocol)
    return wrong(word.span, fmt::format("`{}' is any protocol, and not all have ports", name),
                 "say which: \"tcp/22\"");
  if (is_icmp(*service.protocol)) {
    const auto type = number(ports.text, 255);
    if (!type)
      return wrong(ports.span, fmt::format("`{}' is no ICMP type", ports.text),
                   "a number up to 255");
    service.ports = ir::ValueSet::of(*type);
    return std::vector{service};
  }
  if (!net::has_ports(*service.protocol))
    return wrong(ports.span, fmt::format("protocol `{}' has no ports", name), "");
  auto values = port_term(ports, name);
  if (!values) return values.error();
  service.ports = *std::move(values);
  return std::vector{service};
}

Result<Services> Words::services(const TomlValue& value) const {
  Services all;
  const auto add = [&](const TomlValue& one, bool may_negate) -> Result<void> {
    const auto words = this->words(one, kServiceWanted);
    if (!words) return words.error();
    all.negated = words->front().text == "not";
    if (all.negated && !may_negate) {
      return wrong(
          words->front().span, "`not' stands before one service, not within a list",
          "name the list under [services]: web = [\"tcp/80\", \"tcp/443\"]; then \"not web\"");
    }
    if (words->size() != (all.negated ? 2U : 1U))
      return wrong(one.span, "one service is needed here", std::string(kServiceWanted));
    auto found = service_term(words->back());
    if (!found) return found.error();
    const bool any = std::ranges::any_of(*found, [](const Service& it) { return !it.protocol; });
    if (all.negated && any)
      return wrong(one.span, fmt::format("`not {}' is no packet at all", words->back().text), "");
    all.any_of.insert(all.any_of.end(), found->begin(), found->end());
    return {};
  };
  if (value.kind != TomlValue::Kind::kArray) {
    if (auto added = add(value, true); !added) return added.error();
    return all;
  }
  for (const TomlValue& item : value.items)
    if (auto added = add(item, false); !added) return added.error();
  if (all.any_of.empty())
    return wrong(value.span, "no service is named", std::string(kServiceWanted));
  return all;
}

Result<void> Words::name_service(const TomlEntry& entry) {
  auto services = this->services(entry.value);
  if (!services) return services.error();
  if (services->negated) {
    return wrong(entry.value.span, "a named service is no negation",
                 "write `not' where the name is used");
  }
  services_.emplace(entry.key, std::move(services->any_of));
  return {};
}

// --- sets of other values

template <class Term>
Result<ir::ValueSet> Words::values(const TomlValue& value, unsigned width, std::string_view wanted,
                                   const Term& term) const {
  const auto one = [&](const TomlValue& item, bool may_negate) -> Result<ir::ValueSet> {
    TomlValue text = item;
    if (item.kind == TomlValue::Kind::kInteger) {
      text.kind = TomlValue::Kind::kString;
      text.text = std::to_string(item.number);
    }
    const auto words = this->words(text, wanted);
    if (!words) return words.error();
    const bool negated = words->front().text == "not";
    if (words->size() != (negated ? 2U : 1U) || (negated && !may_negate))
      return wrong(item.span, fmt::format("`{}' isn't understood here", text.text),
                   std::string(wanted));
    if (words->front().text == "any") return all_of(width);
    auto values = term(words->back());
    if (!values || !negated) return values;
    *values = values->complement(width);
    if (values->empty())
      return wrong(item.span, fmt::format("`{}' leaves nothing", text.text), std::string(wanted));
    return values;
  };
  if (value.kind != TomlValue::Kind::kArray) return one(value, true);
  ir::ValueSet all;
  for (const TomlValue& item : value.items) {
    auto values = one(item, false);
    if (!values) return values;
    all = all.united(*values);
  }
  if (all.empty()) return wrong(value.span, "nothing stands here", std::string(wanted));
  return all;
}

Result<ir::ValueSet> Words::protocols(const TomlValue& value) const {
  constexpr unsigned kBits = 8;
  constexpr std::string_view kWanted = "a protocol: \"tcp\", [\"tcp\", \"udp\"], \"not icmp\"";
  return values(value, kBits, kWanted, [&](const Word& word) -> Result<ir::ValueSet> {
    const auto protocol = protocol_of(word.text, names_);
    if (!protocol)
      return wrong(word.span, fmt::format("`{}' is no protocol", word.text), std::string(kWanted));
    return protocol->number ? ir::ValueSet::of(*protocol->number) : all_of(kBits);
  });
}

Result<ir::ValueSet> Words::ports(const TomlValue& value) const {
  return values(value, 16, "a port: 22, \"ssh\", \"8000-8100\", [80, 443], \"not 22\"",
                [&](const Word& word) { return port_term(word, ""); });
}

Result<ir::ValueSet> Words::interfaces(const TomlValue& value) const {
  constexpr std::string_view kWanted =
      "an interface: \"eth0\", \"eth+\" (all that begin so), \"not lo\", \"any\"";
  return values(value, kInterfaceBits, kWanted, [&](const Word& word) -> Result<ir::ValueSet> {
    constexpr size_t kLongest = 15;
    const bool pattern = word.text.ends_with('+');
    const std::string_view stem = word.text.substr(0, word.text.size() - (pattern ? 1 : 0));
    if (stem.size() > kLongest || stem.find('/') != stem.npos) {
      return wrong(word.span, fmt::format("`{}' is no interface", word.text), std::string(kWanted));
    }
    const U128 first = set::interface_value(stem);
    if (!pattern) return ir::ValueSet::of(first);
    return ir::ValueSet::range(
        first, first | low_bits(kInterfaceBits - 8 * static_cast<unsigned>(stem.size())));
  });
}

Result<ir::ValueSet> Words::states(const TomlValue& value) const {
  constexpr std::string_view kWanted =
      "the connection's state: new, established, related, invalid, untracked, or \"any\"";
  constexpr std::pair<std::string_view, ir::CtState> kStates[] = {
      {"new", ir::CtState::kNew},
      {"established", ir::CtState::kEstablished},
      {"related", ir::CtState::kRelated},
      {"invalid", ir::CtState::kInvalid},
      {"untracked", ir::CtState::kUntracked}};
  return values(value, 32, kWanted, [&](const Word& word) -> Result<ir::ValueSet> {
    for (const auto& [name, state] : kStates)
      if (name == word.text) return ir::ValueSet::of(static_cast<U128>(state));
    return wrong(word.span, fmt::format("`{}' is no state", word.text), std::string(kWanted));
  });
}

}  // namespace bulkhead::policy
