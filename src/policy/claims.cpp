// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/claims.h"

#include <algorithm>

#include <fmt/format.h>

#include "net/packet_build.h"
#include "policy/words.h"

namespace bulkhead::policy {

namespace {

constexpr std::string_view kFileKeys = "[groups], [services] and [[claim]]";
constexpr std::string_view kClaimKeys =
    "name, family, packets, verdict, service, only-from, direction, connection and same";
constexpr std::string_view kPacketKeys =
    "direction, source, destination, service, protocol, source-port, destination-port, "
    "in-interface, out-interface and state";
constexpr std::string_view kForms =
    "packets with a verdict, a service with only-from, a connection, or same = [\"v4\", \"v6\"]";

// All of its packets are of protocols whose header begins with ports.
bool have_ports(const Description& packets) {
  if (packets.services) {
    return !packets.services->negated &&
           std::ranges::all_of(packets.services->any_of, [](const Service& service) {
             return service.protocol && net::has_ports(*service.protocol);
           });
  }
  if (!packets.protocols) return false;
  return std::ranges::all_of(packets.protocols->intervals(), [](const ir::Interval& interval) {
    for (U128 protocol = interval.first; protocol <= interval.last; ++protocol)
      if (!net::has_ports(static_cast<uint8_t>(protocol))) return false;
    return true;
  });
}

class Reader {
 public:
  Reader(const Source& source, const net::Names& names) : words_(source, names) {}

  Result<std::vector<Claim>> file(const TomlValue& file) {
    for (const TomlEntry& entry : file.entries) {
      if (entry.key != "groups" && entry.key != "services" && entry.key != "claim")
        return unknown(entry, kFileKeys);
    }
    // Names before what uses them, wherever they stand.
    if (const TomlEntry* groups = file.find("groups")) {
      if (auto done = table(*groups, "[groups]"); !done) return done.error();
      for (const TomlEntry& entry : groups->value.entries)
        if (auto named = words_.name_group(entry); !named) return named.error();
    }
    if (const TomlEntry* services = file.find("services")) {
      if (auto done = table(*services, "[services]"); !done) return done.error();
      for (const TomlEntry& entry : services->value.entries)
        if (auto named = words_.name_service(entry); !named) return named.error();
    }
    const TomlEntry* list = file.find("claim");
    if (list == nullptr) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "the file claims nothing",
                   .hint = "a claim begins with a line [[claim]]: docs/claims.md has examples"};
    }
    if (list->value.kind != TomlValue::Kind::kArray)
      return words_.wrong(list->key_span, "claims are a list",
                          "write [[claim]], in double brackets");
    std::vector<Claim> claims;
    for (const TomlValue& item : list->value.items) {
      if (item.kind != TomlValue::Kind::kTable)
        return words_.wrong(item.span, "a claim is a table", "write [[claim]], in double brackets");
      auto one = claim(item);
      if (!one) return one.error();
      const auto same_name = [&](const Claim& it) { return it.name == one->name; };
      if (std::ranges::any_of(claims, same_name)) {
        return words_.wrong(item.find("name")->value.span,
                            fmt::format("another claim is called `{}' already", one->name),
                            "two names tell two claims apart");
      }
      claims.push_back(*std::move(one));
    }
    return claims;
  }

 private:
  Error unknown(const TomlEntry& entry, std::string_view known) const {
    return words_.wrong(entry.key_span, fmt::format("`{}' is not known here", entry.key),
                        fmt::format("what may stand here: {}", known));
  }

  Result<void> table(const TomlEntry& entry, std::string_view how) const {
    if (entry.value.kind == TomlValue::Kind::kTable) return {};
    return words_.wrong(entry.key_span, fmt::format("`{}' is a table", entry.key),
                        fmt::format("write {} on a line of its own", how));
  }

  Result<std::string_view> text(const TomlEntry& entry, std::string_view wanted) const {
    if (entry.value.kind == TomlValue::Kind::kString && !entry.value.text.empty())
      return std::string_view(entry.value.text);
    return words_.wrong(entry.value.span, fmt::format("`{}' is a text between quotes", entry.key),
                        std::string(wanted));
  }

  Result<net::Direction> direction(const TomlEntry& entry) const {
    constexpr std::string_view kWanted = "\"in\", \"out\" or \"forward\"";
    const auto word = text(entry, kWanted);
    if (!word) return word.error();
    if (*word == "in") return net::Direction::kInput;
    if (*word == "out") return net::Direction::kOutput;
    if (*word == "forward") return net::Direction::kForward;
    return words_.wrong(entry.value.span, fmt::format("`{}' is no direction", *word),
                        std::string(kWanted));
  }

  template <class Values>
  static Result<void> put(std::optional<Values>& into, Result<Values> values) {
    if (!values) return values.error();
    into = *std::move(values);
    return {};
  }

  Result<void> packet_key(const TomlEntry& entry, Description& packets) const {
    const TomlValue& value = entry.value;
    if (entry.key == "direction") {
      const auto direction = this->direction(entry);
      if (!direction) return direction.error();
      packets.direction = *direction;
      return {};
    }
    if (entry.key == "source") return put(packets.source, words_.addresses(value));
    if (entry.key == "destination") return put(packets.destination, words_.addresses(value));
    if (entry.key == "service") return put(packets.services, words_.services(value));
    if (entry.key == "protocol") return put(packets.protocols, words_.protocols(value));
    if (entry.key == "source-port") return put(packets.source_ports, words_.ports(value));
    if (entry.key == "destination-port") return put(packets.destination_ports, words_.ports(value));
    if (entry.key == "in-interface") return put(packets.in_interfaces, words_.interfaces(value));
    if (entry.key == "out-interface") return put(packets.out_interfaces, words_.interfaces(value));
    if (entry.key == "state") return put(packets.states, words_.states(value));
    return unknown(entry, kPacketKeys);
  }

  Result<Description> description(const TomlEntry& entry) const {
    if (entry.value.kind != TomlValue::Kind::kTable) {
      return words_.wrong(
          entry.value.span, fmt::format("`{}' is a table", entry.key),
          fmt::format("{} = {{ direction = \"in\", service = \"tcp/22\" }}", entry.key));
    }
    Description packets;
    for (const TomlEntry& each : entry.value.entries)
      if (auto read = packet_key(each, packets); !read) return read.error();
    if (auto sound = check(entry.value, packets); !sound) return sound.error();
    return packets;
  }

  // What would make a set that no packet is in, or that isn't what was meant.
  Result<void> check(const TomlValue& table, const Description& packets) const {
    const auto refuse = [&](std::string_view key, std::string message, std::string hint) {
      return words_.wrong(table.find(key)->key_span, std::move(message), std::move(hint));
    };
    if (packets.direction == net::Direction::kInput && packets.out_interfaces)
      return refuse("out-interface", "a packet that comes in has no outgoing interface",
                    "direction = \"forward\" has both");
    if (packets.direction == net::Direction::kOutput && packets.in_interfaces)
      return refuse("in-interface", "a packet that goes out has no incoming interface",
                    "direction = \"forward\" has both");
    for (const std::string_view key : {"source-port", "destination-port"}) {
      if (table.find(key) != nullptr && !have_ports(packets)) {
        return refuse(key, fmt::format("`{}' needs protocols that have ports", key),
                      "add protocol = \"tcp\", or write service = \"tcp/22\"");
      }
    }
    if (packets.services && packets.protocols)
      return refuse("protocol", "`service' says the protocol already", "leave one of them out");
    return {};
  }

  Result<std::optional<net::Family>> family(const TomlEntry& entry) const {
    const auto word = text(entry, "\"v4\" or \"v6\"");
    if (!word) return word.error();
    if (*word == "v4") return std::optional(net::Family::kIpv4);
    if (*word == "v6") return std::optional(net::Family::kIpv6);
    return words_.wrong(entry.value.span, fmt::format("`{}' is no family", *word),
                        "\"v4\" or \"v6\"; without it, both");
  }

  Result<Claim> claim(const TomlValue& table) const {
    Claim claim{.name = {}, .span = table.span, .family = {}, .packets = {}};
    for (const TomlEntry& entry : table.entries) {
      constexpr std::string_view kKeys[] = {"name",      "family",     "packets",
                                            "verdict",   "service",    "only-from",
                                            "direction", "connection", "same"};
      if (std::ranges::find(kKeys, entry.key) == std::end(kKeys)) return unknown(entry, kClaimKeys);
    }
    const TomlEntry* name = table.find("name");
    if (name == nullptr)
      return words_.wrong(table.span, "this claim has no name",
                          "name = \"ssh only from management\"");
    const auto named = text(*name, "name = \"ssh only from management\"");
    if (!named) return named.error();
    claim.name = *named;
    if (const TomlEntry* entry = table.find("family")) {
      auto family = this->family(*entry);
      if (!family) return family.error();
      claim.family = *family;
    }
    if (auto filled = kind(table, claim); !filled) return filled.error();
    return claim;
  }

  Result<void> kind(const TomlValue& table, Claim& claim) const {
    const TomlEntry* verdict = table.find("verdict");
    const TomlEntry* only_from = table.find("only-from");
    const TomlEntry* connection = table.find("connection");
    const TomlEntry* same = table.find("same");
    const TomlEntry* forms[] = {verdict, only_from, connection, same};
    const auto count =
        std::ranges::count_if(forms, [](const TomlEntry* it) { return it != nullptr; });
    if (count == 0)
      return words_.wrong(table.span, fmt::format("`{}' doesn't say what is to hold", claim.name),
                          fmt::format("a claim is {}", kForms));
    if (count > 1) {
      const TomlEntry* second =
          *std::find_if(std::begin(forms) + 1, std::end(forms), [&](const TomlEntry* it) {
            return it != nullptr && it != *std::ranges::find_if(forms, [](const TomlEntry* each) {
                                      return each != nullptr;
                                    });
          });
      return words_.wrong(second->key_span, "a claim says one thing",
                          fmt::format("make two claims; one is {}", kForms));
    }
    if (verdict != nullptr) return verdict_claim(table, *verdict, claim);
    if (only_from != nullptr) return only_from_claim(table, *only_from, claim);
    if (connection != nullptr) return connection_claim(table, *connection, claim);
    return same_claim(table, *same, claim);
  }

  // Keys that belong to another form.
  Result<void> without(const TomlValue& table, std::initializer_list<std::string_view> keys,
                       std::string_view hint) const {
    for (const std::string_view key : keys) {
      if (const TomlEntry* entry = table.find(key))
        return words_.wrong(entry->key_span, fmt::format("`{}' doesn't belong to this claim", key),
                            std::string(hint));
    }
    return {};
  }

  Result<void> verdict_claim(const TomlValue& table, const TomlEntry& verdict, Claim& claim) const {
    if (auto sound = without(table, {"service", "direction"}, "it stands within packets = { ... }");
        !sound)
      return sound;
    constexpr std::string_view kWanted =
        "\"blocked\" (none of them may pass) or \"passes\" (all of them do)";
    const auto word = text(verdict, kWanted);
    if (!word) return word.error();
    if (*word != "blocked" && *word != "passes")
      return words_.wrong(verdict.value.span, fmt::format("`{}' is no verdict", *word),
                          std::string(kWanted));
    claim.kind = *word == "blocked" ? Claim::Kind::kBlocked : Claim::Kind::kPasses;
    const TomlEntry* packets = table.find("packets");
    if (packets == nullptr)
      return words_.wrong(verdict.key_span, "the verdict of which packets?",
                          "packets = { direction = \"in\", service = \"tcp/22\" }");
    auto described = description(*packets);
    if (!described) return described.error();
    claim.packets = *std::move(described);
    return {};
  }

  Result<void> only_from_claim(const TomlValue& table, const TomlEntry& only_from,
                               Claim& claim) const {
    if (auto sound = without(table, {"packets"}, "only-from goes with service, and direction");
        !sound)
      return sound;
    const TomlEntry* service = table.find("service");
    if (service == nullptr)
      return words_.wrong(only_from.key_span, "only-from needs a service", "service = \"tcp/22\"");
    auto services = words_.services(service->value);
    if (!services) return services.error();
    auto from = words_.addresses(only_from.value);
    if (!from) return from.error();
    claim.kind = Claim::Kind::kBlocked;
    claim.packets.services = *std::move(services);
    claim.packets.source = Addresses{from->v4.complement(net::address_bits(net::Family::kIpv4)),
                                     from->v6.complement(net::address_bits(net::Family::kIpv6))};
    if (const TomlEntry* entry = table.find("direction")) {
      const auto direction = this->direction(*entry);
      if (!direction) return direction.error();
      claim.packets.direction = *direction;
    }
    return {};
  }

  Result<void> connection_claim(const TomlValue& table, const TomlEntry& connection,
                                Claim& claim) const {
    if (auto sound = without(table, {"packets", "service", "direction"},
                             "it stands within connection = { ... }");
        !sound)
      return sound;
    auto described = description(connection);
    if (!described) return described.error();
    claim.kind = Claim::Kind::kWorks;
    claim.packets = *std::move(described);
    if (!claim.packets.states) return {};
    return words_.wrong(connection.value.find("state")->key_span,
                        "a connection goes through its states by itself", "leave `state' out");
  }

  Result<void> same_claim(const TomlValue& table, const TomlEntry& same, Claim& claim) const {
    if (auto sound = without(table, {"service", "direction"}, "it stands within packets = { ... }");
        !sound)
      return sound;
    if (auto sound = without(table, {"family"}, "it speaks of both"); !sound) return sound;
    const auto is = [&](size_t i, std::string_view word) {
      return same.value.items[i].kind == TomlValue::Kind::kString &&
             same.value.items[i].text == word;
    };
    if (same.value.kind != TomlValue::Kind::kArray || same.value.items.size() != 2 ||
        !((is(0, "v4") && is(1, "v6")) || (is(0, "v6") && is(1, "v4"))))
      return words_.wrong(same.value.span, "the two that answer alike are v4 and v6",
                          "same = [\"v4\", \"v6\"]");
    claim.kind = Claim::Kind::kSame;
    const TomlEntry* packets = table.find("packets");
    if (packets == nullptr) return {};
    auto described = description(*packets);
    if (!described) return described.error();
    claim.packets = *std::move(described);
    for (const std::string_view key : {"source", "destination"}) {
      if (const TomlEntry* entry = packets->value.find(key))
        return words_.wrong(entry->key_span, "addresses of one family are none of the other's",
                            "protocols, ports, interfaces and states can be compared");
    }
    return {};
  }

  Words words_;
};

}  // namespace

Result<std::vector<Claim>> parse_claims(const Source& source, const net::Names& names) {
  const auto file = parse_toml(source);
  if (!file) return file.error();
  return Reader(source, names).file(*file);
}

Result<Services> parse_service(const Source& source, const net::Names& names) {
  TomlValue value{.kind = TomlValue::Kind::kString,
                  .span = {0, static_cast<uint32_t>(source.text().size())},
                  .text = std::string(source.text())};
  return Words(source, names).services(value);
}

}  // namespace bulkhead::policy
