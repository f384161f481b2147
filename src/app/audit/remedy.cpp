// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit/remedy.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/explanation.h"
#include "app/rules_text.h"
#include "lang/restore.h"
#include "lang/words.h"
#include "net/names.h"

namespace bulkhead::app::audit {

namespace {

using net::Direction;
using net::Family;

// A packet that a closed host must still take, and the rule that does.
struct Essential {
  std::string packet;
  std::string rule;
};

std::string interface_of(Family family, const HostFacts* host) {
  if (host != nullptr) {
    for (const Interface& interface : host->interfaces) {
      const bool has = std::ranges::any_of(interface.addresses, [&](const Interface::Own& own) {
        return own.address.family == family;
      });
      if (interface.name != "lo" && has) return interface.name;
    }
  }
  return "eth0";
}

std::vector<Essential> essentials(Family family, const Declared& declared, const HostFacts* host) {
  const bool ip6 = family == Family::kIpv6;
  const std::string interface = interface_of(family, host);
  const std::string peer = ip6 ? "[2001:db8::66]" : "198.51.100.66";
  const std::string own = ip6 ? "[2001:db8::20]" : "192.0.2.20";
  const std::string loopback = ip6 ? "[::1]" : "127.0.0.1";
  std::vector<Essential> all{
      {fmt::format("tcp {0}:40000 > {0}:80 new in lo", loopback), "-i lo -j ACCEPT"},
      {fmt::format("tcp {}:443 > {}:40000 established in {}", peer, own, interface),
       "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"}};
  if (ip6) {
    for (const unsigned type : {133U, 134U, 135U, 136U}) {
      all.push_back({fmt::format("ipv6-icmp fe80::66 > fe80::20 type {} untracked ttl 255 in {}",
                                 type, interface),
                     fmt::format("-p ipv6-icmp -m icmp6 --icmpv6-type {} -j ACCEPT", type)});
    }
  }
  for (const net::Network& network : declared.management) {
    if (network.address.family != family) continue;
    const std::string from = net::to_string(network.address);
    for (const uint16_t port : declared.ssh_ports) {
      all.push_back(
          {fmt::format("tcp {}:40000 > {}:{} new in {}", ip6 ? "[" + from + "]" : from, own, port,
                       interface),
           fmt::format("-s {} -p tcp --dport {} -j ACCEPT", net::to_string(network), port)});
    }
  }
  return all;
}

constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,+@%";

// Words that neither a shell nor a restore file reads otherwise.
bool is_plain(const std::string& word) {
  return word == "!" || (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos);
}

// A word for a shell (POSIX, 2.2.2).
std::string for_shell(const std::string& word) {
  if (is_plain(word)) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

// A word for a restore file.
std::string for_file(const std::string& word) {
  std::string quoted = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// The words of a command of ours, without what for_shell() has put around them.
std::vector<std::string> words_of(std::string_view command) {
  std::vector<std::string> words{{}};
  bool within = false;
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\'') {
      within = !within;
    } else if (!within && c == ' ') {
      words.emplace_back();
    } else {
      if (!within && c == '\\') ++i;
      words.back() += command[i];
    }
  }
  return words;
}

bool is_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

// The rule of a built-in chain by which a packet leaves it, or comes into the chain where it is
// decided.
std::optional<size_t> last_of(const ir::Ruleset& rules, const net::PacketText& packet,
                              Direction direction) {
  std::optional<size_t> number;
  for (const Passage& passage : explain(rules, packet, direction).passages) {
    if (passage.table != "filter") continue;
    for (const MetRule& met : passage.met)
      if (met.chain == chain_of(direction)) number = met.number;
  }
  return number;
}

}  // namespace

std::string command(Family family, std::string_view words) {
  std::string all = family == Family::kIpv4 ? "iptables" : "ip6tables";
  std::vector<lang::Word> split;
  if (!lang::split_words(words, 0, split)) return {};
  for (const lang::Word& word : split) all += " " + for_shell(word.text);
  return all;
}

std::optional<ir::Ruleset> behind(const ir::Ruleset& rules, const Commands& commands) {
  std::string text;
  std::string table;
  for (const std::string& each : commands) {
    std::vector<std::string> words = words_of(each);
    words.erase(words.begin());
    std::string own = "filter";
    if (words.size() > 2 && words[0] == "-t") {
      own = words[1];
      words.erase(words.begin(), words.begin() + 2);
    }
    if (own != table) text += fmt::format("{}*{}\n", text.empty() ? "" : "COMMIT\n", own);
    table = own;
    for (const std::string& word : words) {
      // No line of a file can have it.
      if (word.find('\n') != std::string::npos) return {};
      text += (is_plain(word) ? word : for_file(word)) + " ";
    }
    text.back() = '\n';
  }
  if (text.empty()) return rules;
  const net::SystemNames names(net::SystemNames::Hosts::kNotAsked);
  ir::Ruleset changed = rules;
  const auto done = lang::restore(Source("remedy", text + "COMMIT\n"),
                                  {.names = &names, .noflush = true, .spans = false}, changed);
  if (!done) return {};
  return changed;
}

bool passes(const ir::Ruleset& rules, const net::PacketText& packet, Direction direction) {
  return explain(rules, packet, direction).verdict == backend::sim::Verdict::kAccept;
}

Commands appended_or_inserted(const ir::Ruleset& rules, const net::PacketText& packet,
                              Direction direction, bool pass, std::string_view words) {
  const auto with = [&](char how) {
    return Commands{
        command(rules.family, fmt::format("-{} {} {}", how, chain_of(direction), words))};
  };
  const auto changed = behind(rules, with('A'));
  return with(changed && passes(*changed, packet, direction) == pass ? 'A' : 'I');
}

std::vector<Commands> ways_of(const ir::Ruleset& rules, const Finding& finding) {
  std::vector<Commands> ways;
  const auto add = [&](const Commands& way) {
    if (!way.empty() && std::ranges::find(ways, way) == ways.end() && ways.size() < kMostWays)
      ways.push_back(way);
  };
  add(finding.remedy);
  const auto accepts = [](const std::string& each) { return each.ends_with(" -j ACCEPT"); };
  if (!finding.remedy.empty() && std::ranges::all_of(finding.remedy, accepts)) {
    const auto number = finding.witness ? last_of(rules, finding.witness->packet,
                                                  finding.witness->packet.direction())
                                        : std::nullopt;
    const auto placed = [&](const std::string& how, const std::string& at) {
      Commands moved;
      for (const std::string& each : finding.remedy) {
        std::vector<std::string> words = words_of(each);
        if (words.size() < 4 || (words[1] != "-A" && words[1] != "-I") || is_number(words[3]))
          return;
        words[1] = how;
        words[2] += at;
        std::string text;
        for (size_t i = 1; i < words.size(); ++i)
          text += (i == 2 || is_plain(words[i]) ? words[i] : for_file(words[i])) + " ";
        moved.push_back(command(rules.family, text));
      }
      add(moved);
    };
    placed("-A", "");
    if (number) placed("-I", fmt::format(" {}", *number));
    placed("-I", "");
  }
  for (const Commands& way : finding.otherwise) add(way);
  return ways;
}

Explanation explained(const ir::Ruleset& rules, const Witness& witness) {
  using backend::sim::Truth;
  const auto agrees = [&](const Explanation& why) {
    return (why.verdict == backend::sim::Verdict::kAccept) == witness.passes;
  };
  const Explanation first = explain(rules, witness.packet, witness.packet.direction());
  if (agrees(first)) return first;
  for (const Truth otherwise : {Truth::kUnknown, Truth::kYes, Truth::kNo}) {
    Explanation why = explain(rules, witness.packet, witness.packet.direction(),
                              [&](const ir::Rule& rule, const ir::Condition& condition) {
                                const Truth known = witness.known(rule, condition);
                                return known == Truth::kUnknown ? otherwise : known;
                              });
    if (!agrees(why)) continue;
    why.depends = true;
    return why;
  }
  return first;
}

std::optional<Decider> decider_of(const ir::Ruleset& rules, const Witness& witness) {
  const auto written = [&](const MetRule& met) -> const ir::Rule* {
    return met.number ? &rules.find("filter")->find(met.chain)->rules[*met.number - 1] : nullptr;
  };
  const auto lets_in = [&](const MetRule& met) {
    const ir::Rule* const rule = written(met);
    return rule != nullptr && std::holds_alternative<ir::Accept>(rule->target.action);
  };
  const Explanation plain = explain(rules, witness.packet, witness.packet.direction());
  // What can't be known is taken not to match: it may be such a rule that lets it in, or lead
  // there.
  for (const Explanation& why : {plain, explained(rules, witness)}) {
    const bool accepted = why.verdict == backend::sim::Verdict::kAccept;
    for (const Passage& passage : why.passages) {
      if (passage.table != "filter" || passage.met.empty()) continue;
      const MetRule& last = passage.met.back();
      if (accepted && !last.number) return Decider{last.chain, {}, nullptr};
      if (accepted && lets_in(last)) return Decider{last.chain, last.rule, written(last)};
      for (const MetRule& met : passage.met) {
        if (met.matched == backend::sim::Truth::kUnknown && lets_in(met))
          return Decider{met.chain, met.rule, written(met)};
      }
    }
  }
  return {};
}

Commands without_decider(const Rules& rules, const Witness& witness) {
  const auto decider = decider_of(rules.rules, witness);
  if (!decider) return {};
  return {
      command(rules.rules.family, decider->written == nullptr
                                      ? fmt::format("-P {} DROP", decider->chain)
                                      : fmt::format("-D {} {}", decider->chain, decider->rule))};
}

Commands closed_or(const Rules& rules, const std::optional<Witness>& witness, Commands others) {
  if (!witness) return others;
  const auto decider = decider_of(rules.rules, *witness);
  const bool by_policy = decider && decider->written == nullptr;
  return by_policy ? without_decider(rules, *witness) : others;
}

Commands with_what_stays(const ir::Ruleset& rules, const Declared& declared, const HostFacts* host,
                         const Commands& closing) {
  Commands commands;
  for (const Essential& essential : essentials(rules.family, declared, host)) {
    const auto packet = net::parse_packet(essential.packet);
    if (!packet || !passes(rules, *packet, Direction::kInput)) continue;
    const auto stays = [&](const Commands& with) {
      Commands all = commands;
      all.insert(all.end(), with.begin(), with.end());
      all.insert(all.end(), closing.begin(), closing.end());
      const auto now = behind(rules, all);
      return now && passes(*now, *packet, Direction::kInput);
    };
    if (stays({})) continue;
    // Where the rule stands that lets it in now, so that what is before that still stops it: a
    // limit, say.
    const auto so_far = behind(rules, commands);
    const auto number = so_far ? last_of(*so_far, *packet, Direction::kInput) : std::nullopt;
    std::vector<std::string> places{"-A INPUT"};
    if (number) places.push_back(fmt::format("-I INPUT {}", *number));
    places.emplace_back("-I INPUT");
    const auto place = std::ranges::find_if(places, [&](const std::string& each) {
      return stays({command(rules.family, each + " " + essential.rule)});
    });
    if (place == places.end()) return {};
    commands.push_back(command(rules.family, *place + " " + essential.rule));
  }
  commands.insert(commands.end(), closing.begin(), closing.end());
  return commands;
}

Commands with_what_stays(const Rules& rules, const Commands& closing) {
  return with_what_stays(rules.rules, rules.declared, rules.host, closing);
}

std::string closing_note(Family family, const Declared& declared) {
  const bool known = std::ranges::any_of(
      declared.management, [&](const auto& network) { return network.address.family == family; });
  if (known) return {};
  return fmt::format(
      "nobody is named as management{} (--management ADDRESSES), so no rule for ssh is among these",
      family == Family::kIpv6 ? " over IPv6" : "");
}

std::string closing_note(const Rules& rules) {
  return closing_note(rules.rules.family, rules.declared);
}

}  // namespace bulkhead::app::audit
