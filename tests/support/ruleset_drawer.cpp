// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/ruleset_drawer.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace bulkhead::testing {

std::string DrawnRule::text() const {
  std::string all;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) all += (all.empty() ? "" : " ") + part;
  };
  for (const std::string* part : {&source, &destination, &in, &out, &protocol, &fragment})
    add(*part);
  for (const std::string& match : matches) add(match);
  add(target);
  return all;
}

bool DrawnRule::ends() const {
  for (const char* word : {"-j ACCEPT", "-j DROP", "-j REJECT", "-j DNAT"})
    if (target.starts_with(word)) return true;
  return false;
}

std::string DrawnRuleset::text() const {
  std::string all = "*" + table + "\n";
  for (const DrawnChain& chain : chains)
    all += fmt::format(":{} {} [0:0]\n", chain.name, chain.policy.empty() ? "-" : chain.policy);
  for (const DrawnChain& chain : chains) {
    for (const DrawnRule& rule : chain.rules)
      all += fmt::format("-A {} {}\n", chain.name, rule.text());
  }
  return all + "COMMIT\n";
}

std::string RulesetDrawer::pick(std::initializer_list<const char*> words) {
  return random_.pick(words);
}

std::string RulesetDrawer::maybe_not(const std::string& option, const std::string& value) {
  return (random_.one_in(5) ? "! " : "") + option + " " + value;
}

std::string RulesetDrawer::network() {
  if (options_.ip6) {
    return pick({"2001:db8::/126", "2001:db8::/127", "2001:db8::2/128", "2001:db8::/125",
                 "2001:db8::3/128"});
  }
  return pick({"10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/32", "10.0.0.0/29", "10.0.0.3/32"});
}

std::string RulesetDrawer::ports() {
  return pick({"22", "22:80", "53", "80", "1024:65535", "0:52"});
}

void RulesetDrawer::add_protocol(DrawnRule& rule) {
  switch (random_.below(8)) {
    case 0:
    case 1:
    case 2: {
      rule.protocol = "-p tcp";
      std::string match = "-m tcp";
      if (!random_.one_in(4)) match += " " + maybe_not("--dport", ports());
      if (random_.one_in(4)) match += " " + maybe_not("--sport", ports());
      if (random_.one_in(4)) match += pick({" --tcp-flags SYN,ACK SYN", " ! --tcp-flags ACK ACK"});
      if (options_.shapes && random_.one_in(12)) match += " " + maybe_not("--tcp-option", "8");
      rule.matches.push_back(match);
      break;
    }
    case 3:
      rule.protocol = "-p udp";
      rule.matches.push_back("-m udp " + maybe_not("--dport", ports()));
      break;
    case 4: {
      rule.protocol = pick({"-p tcp", "-p udp"});
      const std::string list = pick({"22,53", "22,80,1024:2000", "53", "80,443"});
      rule.matches.push_back("-m multiport " +
                             maybe_not(pick({"--dports", "--sports", "--ports"}), list));
      break;
    }
    case 5:
      if (options_.ip6) {
        rule.protocol = "-p ipv6-icmp";
        rule.matches.push_back("-m icmp6 " +
                               maybe_not("--icmpv6-type", pick({"128", "1/4", "135"})));
      } else {
        rule.protocol = "-p icmp";
        rule.matches.push_back("-m icmp " + maybe_not("--icmp-type", pick({"8", "3/4", "0"})));
      }
      break;
    case 6: rule.protocol = maybe_not("-p", pick({"tcp", "udp", "47"})); break;
    default: break;
  }
}

// iptables takes none of an interface that a built-in chain's packets haven't got.
void RulesetDrawer::add_interfaces(DrawnRule& rule) {
  if (options_.table == "nat") return;
  const auto any = [&](std::initializer_list<std::string_view> chains) {
    return std::ranges::find_first_of(options_.chains, chains) != options_.chains.end();
  };
  const bool arrive = options_.chains.empty() || !any({"OUTPUT", "POSTROUTING"});
  const bool leave = !options_.chains.empty() && !any({"INPUT", "PREROUTING"});
  if (arrive && random_.one_in(6)) rule.in = maybe_not("-i", pick({"eth0", "eth+"}));
  if (leave && random_.one_in(6)) rule.out = maybe_not("-o", pick({"eth0", "eth+"}));
}

void RulesetDrawer::add_conditions(DrawnRule& rule) {
  if (random_.one_in(2)) rule.source = maybe_not("-s", network());
  if (random_.one_in(4)) {
    rule.destination = maybe_not("-d", options_.ip6 ? pick({"2001:db8::10", "2001:db8::10/127"})
                                                    : pick({"192.0.2.1", "192.0.2.0/31"}));
  }
  add_interfaces(rule);
  add_protocol(rule);
  if (options_.shapes && !options_.ip6 && rule.protocol.empty() && random_.one_in(8))
    rule.fragment = pick({"-f", "! -f"});
  if (random_.one_in(4)) {
    rule.matches.push_back(
        "-m conntrack " +
        maybe_not("--ctstate", pick({"NEW", "RELATED,ESTABLISHED", "INVALID", "NEW,UNTRACKED"})));
  }
  if (options_.table == "mangle" && random_.one_in(3))
    rule.matches.push_back("-m mark " + maybe_not("--mark", pick({"0x1", "0x2/0x2", "0x0"})));
  if (random_.one_in(10))
    rule.matches.push_back("-m length --length " + pick({"0:100", "60:1500"}));
  if (options_.limits && random_.one_in(10))
    rule.matches.push_back(pick({"-m limit --limit 5/min", "-m limit --limit 1/sec"}));
}

// Chains call those behind them, so there are no loops.
std::string RulesetDrawer::target(const DrawnRuleset& rules, size_t chain) {
  std::vector<std::string> callees;
  for (size_t i = chain + 1; i < rules.chains.size(); ++i)
    if (rules.chains[i].policy.empty()) callees.push_back(rules.chains[i].name);
  if (!callees.empty() && random_.one_in(3))
    return (random_.one_in(4) ? "-g " : "-j ") + random_.pick(callees);
  if (random_.one_in(7)) return "-j RETURN";
  if (options_.table == "nat") {
    if (random_.one_in(3)) return "-j ACCEPT";
    return "-j DNAT --to-destination " + (options_.ip6 ? pick({"2001:db8::20", "2001:db8::21"})
                                                       : pick({"192.0.2.20", "192.0.2.21"}));
  }
  if (options_.table == "mangle") {
    return pick({"-j MARK --set-xmark 0x1/0xffffffff", "-j MARK --set-xmark 0x2/0xffffffff",
                 "-j ACCEPT", "-j DROP"});
  }
  if (random_.one_in(6)) {
    return options_.ip6 ? pick({"-j REJECT", "-j REJECT --reject-with icmp6-adm-prohibited"})
                        : pick({"-j REJECT", "-j REJECT --reject-with icmp-host-prohibited"});
  }
  return pick({"-j ACCEPT", "-j DROP"});
}

DrawnRule RulesetDrawer::rule(const DrawnRuleset& rules, size_t chain) {
  DrawnRule rule;
  add_conditions(rule);
  rule.target = target(rules, chain);
  return rule;
}

DrawnRuleset RulesetDrawer::draw() {
  DrawnRuleset rules{.ip6 = options_.ip6, .table = options_.table, .chains = {}};
  const auto policy = [&] {
    return options_.table == "filter" && random_.one_in(2) ? "DROP" : "ACCEPT";
  };
  std::vector<std::string> names = options_.chains;
  if (names.empty() && options_.table == "nat") names = {"PREROUTING"};
  if (names.empty()) names = {"INPUT", "FORWARD"};
  for (const std::string& name : names)
    rules.chains.push_back({.name = name, .policy = policy(), .rules = {}});
  for (uint64_t i = random_.below(4); i > 0; --i)
    rules.chains.push_back({.name = fmt::format("c{}", i), .policy = "", .rules = {}});
  for (size_t i = 0; i < rules.chains.size(); ++i) {
    for (uint64_t count = 1 + random_.below(4); count > 0; --count)
      rules.chains[i].rules.push_back(rule(rules, i));
  }
  return rules;
}

DrawnChain& RulesetDrawer::some_chain(DrawnRuleset& rules) {
  return rules.chains[random_.below(rules.chains.size())];
}

DrawnRuleset RulesetDrawer::mutated(DrawnRuleset rules) {
  const size_t number = random_.below(rules.chains.size());
  DrawnChain& chain = rules.chains[number];
  const auto at = [&](size_t i) { return chain.rules.begin() + static_cast<std::ptrdiff_t>(i); };
  const size_t i = chain.rules.empty() ? 0 : random_.below(chain.rules.size());
  switch (random_.below(chain.rules.empty() ? 1 : 8)) {
    case 0: chain.rules.insert(at(i), rule(rules, number)); break;
    case 1: chain.rules.erase(at(i)); break;
    case 2: chain.rules[i].target = target(rules, number); break;
    case 3: chain.rules[i].source = random_.one_in(2) ? "" : maybe_not("-s", network()); break;
    case 4:
      chain.rules[i].protocol.clear();
      std::erase_if(chain.rules[i].matches,
                    [](const std::string& it) { return !it.starts_with("-m mark"); });
      add_protocol(chain.rules[i]);
      break;
    case 5: {
      if (i + 1 < chain.rules.size()) std::swap(chain.rules[i], chain.rules[i + 1]);
      break;
    }
    case 6:
      if (!chain.policy.empty() && options_.table == "filter")
        chain.policy = chain.policy == "DROP" ? "ACCEPT" : "DROP";
      else if (!chain.rules[i].matches.empty())
        chain.rules[i].matches.pop_back();
      break;
    default: {
      std::string& source = chain.rules[i].source;
      if (source.starts_with("! ")) {
        source.erase(0, 2);
      } else if (!source.empty()) {
        source.insert(0, "! ");
      } else {
        chain.rules[i] = rule(rules, number);
      }
    }
  }
  return rules;
}

}  // namespace bulkhead::testing
