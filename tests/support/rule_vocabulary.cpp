// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/rule_vocabulary.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

namespace bulkhead::testing {
namespace {

constexpr size_t kMostInterfaces = 6;
constexpr size_t kMostRoutes = 60;
constexpr size_t kOwnAddresses = 3;

template <class T> void add(std::vector<T>& words, T word) {
  if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
}

std::vector<std::string> split(const std::string& text, std::string_view separators) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (separators.find(c) != std::string_view::npos) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

struct Network {
  Bytes address;
  unsigned length = 0;
};

// Nothing where it is no prefix (a mask with holes, a name).
std::optional<Network> parse_network(const std::string& text) {
  const std::vector<std::string> parts = split(text, "/");
  Network network;
  try {
    network.address = address_bytes(parts[0]);
  } catch (const SupportError&) {
    return std::nullopt;
  }
  network.length = static_cast<unsigned>(network.address.size() * 8);
  if (parts.size() > 1) {
    char* end = nullptr;
    network.length = static_cast<unsigned>(std::strtoul(parts[1].c_str(), &end, 10));
    if (*end != '\0' || network.length > network.address.size() * 8) return std::nullopt;
  }
  return network;
}

std::string text_of(const Bytes& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size());
  return text.data();
}

std::vector<Network> networks_of(const RuleVocabulary& words, bool ip6) {
  std::vector<Network> networks;
  for (const std::string& word : words.networks) {
    if (auto network = parse_network(word); network && network->address.size() == (ip6 ? 16 : 4))
      networks.push_back(*std::move(network));
  }
  return networks;
}

// An address that hosts may have: no multicast, no loopback, not 0.
bool is_unicast(const Bytes& address) {
  if (address.size() == 16) return address[0] != 0xff && address[0] != 0 && address[0] != 0xfe;
  return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

std::vector<std::string> own_addresses(const RuleVocabulary& words, bool ip6) {
  std::vector<std::string> own;
  for (const Network& network : networks_of(words, ip6)) {
    if (own.size() == kOwnAddresses) break;
    if (network.length == network.address.size() * 8 && is_unicast(network.address))
      own.push_back(text_of(network.address));
  }
  return own;
}

std::vector<std::string> names_of(const RuleVocabulary& words) {
  std::vector<std::string> names(
      words.interfaces.begin(),
      words.interfaces.begin() +
          static_cast<std::ptrdiff_t>(std::min(words.interfaces.size(), kMostInterfaces)));
  if (names.empty()) names.emplace_back("eth0");
  return names;
}

class Drawer {
 public:
  Drawer(const RuleVocabulary& words, bool ip6, Random& random)
      : words_(words),
        ip6_(ip6),
        random_(random),
        networks_(networks_of(words, ip6)),
        names_(names_of(words)),
        own_(own_addresses(words, ip6)) {
    own_.push_back(ip6 ? "2001:db8:f0::1" : "10.255.0.1");
  }

  std::vector<Step> draw(size_t count) {
    std::vector<Step> steps;
    while (steps.size() < count) {
      const bool outgoing = random_.one_in(5);
      const std::string here = random_.pick(own_);
      const std::string interface = random_.pick(names_);
      Flow flow{outgoing ? here : address(), outgoing || !random_.one_in(2) ? address() : here,
                port(), port()};
      steps.push_back(step(flow, outgoing ? "" : interface, "S"));
      if (random_.one_in(3)) {
        std::swap(flow.source, flow.destination);
        std::swap(flow.sport, flow.dport);
        // The answer comes from the other side.
        steps.push_back(step(flow, outgoing ? interface : random_.one_in(2) ? "" : interface, "SA"));
      }
    }
    steps.resize(count);
    return steps;
  }

 private:
  struct Flow {
    std::string source, destination;
    uint16_t sport = 0, dport = 0;
    unsigned protocol = 0;
  };

  // In a network of the rules, or just beside it.
  std::string address() {
    if (networks_.empty() || random_.one_in(6))
      return ip6_ ? fmt::format("2001:db8:9::{:x}", random_.between(1, 9))
                  : fmt::format("203.0.113.{}", random_.between(1, 254));
    const Network& network = random_.pick(networks_);
    Bytes bytes = network.address;
    for (unsigned bit = network.length; bit < bytes.size() * 8; ++bit) {
      if (random_.one_in(2)) bytes[bit / 8] ^= static_cast<uint8_t>(0x80u >> bit % 8);
    }
    if (network.length > 8 && random_.one_in(5))
      bytes[(network.length - 1) / 8] ^= static_cast<uint8_t>(0x80u >> (network.length - 1) % 8);
    if (!is_unicast(bytes)) return ip6_ ? "2001:db8:9::1" : "203.0.113.7";
    return text_of(bytes);
  }
  uint16_t port() {
    if (words_.ports.empty() || random_.one_in(4))
      return static_cast<uint16_t>(random_.between(1, 65535));
    const uint16_t port = random_.pick(words_.ports);
    return random_.one_in(5) ? static_cast<uint16_t>(port + 1) : port;
  }

  Step step(Flow& flow, const std::string& interface, const std::string& flags) {
    Packet packet;
    if (ip6_) {
      packet.emplace_back(Ip6{.saddr = flow.source, .daddr = flow.destination});
    } else {
      packet.emplace_back(Ip4{.saddr = flow.source, .daddr = flow.destination});
    }
    if (flow.protocol == 0) flow.protocol = static_cast<unsigned>(random_.between(1, 10));
    if (flow.protocol <= 6) {
      packet.emplace_back(Tcp{.sport = flow.sport,
                              .dport = flow.dport,
                              .flags = random_.one_in(8) ? "FPU" : flags,
                              .ack = flags == "SA" ? 1001u : 0u});
    } else if (flow.protocol <= 8) {
      packet.emplace_back(Udp{.sport = flow.sport, .dport = flow.dport});
    } else if (ip6_) {
      packet.emplace_back(Icmp6{.type = static_cast<uint8_t>(random_.one_in(3) ? 1 : 128)});
    } else {
      packet.emplace_back(
          Icmp{.type = static_cast<uint8_t>(random_.one_in(3) ? random_.below(19) : 8)});
    }
    Step step{.interface = interface, .packet = build(packet)};
    if (!words_.macs.empty() && random_.one_in(2)) {
      unsigned index = 0;
      for (const std::string& byte : split(random_.pick(words_.macs), ":")) {
        if (index < step.source_mac.size())
          step.source_mac[index++] = static_cast<uint8_t>(std::strtoul(byte.c_str(), nullptr, 16));
      }
    }
    return step;
  }

  const RuleVocabulary& words_;
  bool ip6_;
  Random& random_;
  std::vector<Network> networks_;
  std::vector<std::string> names_;
  std::vector<std::string> own_;
};

}  // namespace

RuleVocabulary vocabulary_of(std::string_view restore_file) {
  RuleVocabulary words;
  std::istringstream text{std::string(restore_file)};
  std::string word;
  std::string option;
  while (text >> word) {
    if (word == "!") continue;
    if (option == "-s" || option == "-d") {
      for (const std::string& each : split(word, ",")) add(words.networks, each);
    } else if (option == "-i" || option == "-o") {
      if (word.ends_with('+')) word.back() = '0';
      if (word != "lo" && word.size() < 16) add(words.interfaces, word);
    } else if (option == "--dport" || option == "--sport" || option == "--dports" ||
               option == "--sports" || option == "--ports") {
      for (const std::string& each : split(word, ",:"))
        add(words.ports, static_cast<uint16_t>(std::strtoul(each.c_str(), nullptr, 10)));
    } else if (option == "--mac-source") {
      add(words.macs, word);
    }
    option = word;
  }
  return words;
}

RigOptions rig_for(const RuleVocabulary& words, bool ip6) {
  RigOptions options{.interfaces = {}};
  for (const std::string& name : names_of(words)) {
    const size_t number = options.interfaces.size();
    options.interfaces.push_back({.name = name,
                                  .addresses = {fmt::format("10.255.{}.1/24", number),
                                                fmt::format("2001:db8:f{}::1/64", number)},
                                  .ethernet = !words.macs.empty()});
  }
  for (const std::string& address : own_addresses(words, ip6))
    options.interfaces[0].addresses.push_back(address + (ip6 ? "/128" : "/32"));
  return options;
}

std::string routes_for(const RuleVocabulary& words, bool ip6) {
  std::string commands;
  const std::vector<std::string> names = names_of(words);
  const std::vector<std::string> own = own_addresses(words, ip6);
  size_t number = 0;
  for (const Network& network : networks_of(words, ip6)) {
    const std::string address = text_of(network.address);
    if (!is_unicast(network.address) || network.length < 8 ||
        std::ranges::find(own, address) != own.end()) {
      continue;
    }
    if (number == kMostRoutes) break;
    commands += fmt::format("route replace {}/{} dev {}\n", address, network.length,
                            names[number++ % names.size()]);
  }
  return commands;
}

std::vector<Step> packets_for(const RuleVocabulary& words, bool ip6, size_t count, Random& random) {
  return Drawer(words, ip6, random).draw(count);
}

}  // namespace bulkhead::testing
