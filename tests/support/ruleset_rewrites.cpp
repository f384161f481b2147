// SPDX-License-Identifier: GPL-2.0-or-later
// Rewrites that are meant to keep what a drawn ruleset does.
#include <algorithm>

#include <fmt/format.h>

#include "support/ruleset_drawer.h"

namespace bulkhead::testing {

namespace {

auto place(DrawnChain& chain, size_t i) {
  return chain.rules.begin() + static_cast<std::ptrdiff_t>(i);
}

bool remembers(const DrawnRule& rule) { return rule.text().find("-m limit") != std::string::npos; }

// It never leaves the chain it stands in but by a verdict, or at its end.
bool stays(const DrawnRule& rule) {
  return rule.target != "-j RETURN" && !rule.target.starts_with("-g ");
}

// Both halves of a prefix.
std::pair<std::string, std::string> halves(const std::string& source) {
  constexpr std::pair<const char*, std::pair<const char*, const char*>> kHalves[] = {
      {"-s 10.0.0.0/30", {"-s 10.0.0.0/31", "-s 10.0.0.2/31"}},
      {"-s 10.0.0.0/31", {"-s 10.0.0.0/32", "-s 10.0.0.1/32"}},
      {"-s 10.0.0.0/29", {"-s 10.0.0.0/30", "-s 10.0.0.4/30"}},
      {"-s 2001:db8::/126", {"-s 2001:db8::/127", "-s 2001:db8::2/127"}},
      {"-s 2001:db8::/127", {"-s 2001:db8::/128", "-s 2001:db8::1/128"}},
      {"-s 2001:db8::/125", {"-s 2001:db8::/126", "-s 2001:db8::4/126"}}};
  for (const auto& [whole, parts] : kHalves)
    if (source == whole) return parts;
  return {};
}

}  // namespace

bool RulesetDrawer::swap_neighbours(DrawnRuleset& rules) {
  DrawnChain& chain = some_chain(rules);
  for (size_t i = 0; i + 1 < chain.rules.size(); ++i) {
    DrawnRule& a = chain.rules[i];
    DrawnRule& b = chain.rules[i + 1];
    if (!a.ends() || a.target != b.target || remembers(a) || remembers(b)) continue;
    std::swap(a, b);
    return true;
  }
  return false;
}

bool RulesetDrawer::split_prefix(DrawnRuleset& rules) {
  DrawnChain& chain = some_chain(rules);
  for (size_t i = 0; i < chain.rules.size(); ++i) {
    const auto [low, high] = halves(chain.rules[i].source);
    if (low.empty() || remembers(chain.rules[i])) continue;
    if (chain.rules[i].target.starts_with("-j c") ||
        chain.rules[i].target.find("MARK") != std::string::npos)
      continue;
    DrawnRule second = chain.rules[i];
    chain.rules[i].source = low;
    second.source = high;
    chain.rules.insert(place(chain, i + 1), second);
    return true;
  }
  return false;
}

bool RulesetDrawer::inline_chain(DrawnRuleset& rules) {
  DrawnChain& chain = some_chain(rules);
  for (size_t i = 0; i < chain.rules.size(); ++i) {
    const std::string text = chain.rules[i].text();
    if (!text.starts_with("-j c") && !text.starts_with("-j x")) continue;
    const auto callee = std::ranges::find(rules.chains, text.substr(3), &DrawnChain::name);
    if (callee == rules.chains.end() || !std::ranges::all_of(callee->rules, stays)) continue;
    if (std::ranges::any_of(callee->rules, remembers)) continue;
    const std::vector<DrawnRule> body = callee->rules;
    chain.rules.erase(place(chain, i));
    chain.rules.insert(place(chain, i), body.begin(), body.end());
    return true;
  }
  return false;
}

bool RulesetDrawer::outline_rules(DrawnRuleset& rules) {
  const size_t number = random_.below(rules.chains.size());
  DrawnChain& chain = rules.chains[number];
  if (chain.rules.empty()) return false;
  const size_t first = random_.below(chain.rules.size());
  size_t end = first;
  while (end < chain.rules.size() && end < first + 3 && stays(chain.rules[end])) ++end;
  if (end == first) return false;
  const std::string name = fmt::format("x{}", ++fresh_);
  DrawnChain outlined{.name = name, .policy = "", .rules = {}};
  outlined.rules.assign(place(chain, first), place(chain, end));
  chain.rules.erase(place(chain, first), place(chain, end));
  DrawnRule call;
  call.target = "-j " + name;
  chain.rules.insert(place(chain, first), call);
  rules.chains.push_back(std::move(outlined));
  return true;
}

// Behind a rule that takes all of its packets.
bool RulesetDrawer::insert_dead_rule(DrawnRuleset& rules) {
  // In a built-in one: chains that rewrites have made stand behind those that they call.
  DrawnChain& chain = rules.chains.front();
  for (size_t i = 0; i < chain.rules.size(); ++i) {
    if (!chain.rules[i].ends() || remembers(chain.rules[i])) continue;
    DrawnRule dead = chain.rules[i];
    dead.target = target(rules, 0);
    if (dead.source.empty()) dead.source = "-s " + network();
    chain.rules.insert(place(chain, i + 1 + random_.below(chain.rules.size() - i)), dead);
    return true;
  }
  return false;
}

bool RulesetDrawer::insert_idle_rule(DrawnRuleset& rules) {
  DrawnChain& chain = some_chain(rules);
  DrawnRule idle;
  idle.source = "-s " + network();
  if (random_.one_in(2)) idle.target = "-j LOG";
  chain.rules.insert(place(chain, random_.below(chain.rules.size() + 1)), idle);
  return true;
}

bool RulesetDrawer::rename_chain(DrawnRuleset& rules) {
  DrawnChain& renamed = some_chain(rules);
  if (!renamed.policy.empty()) return false;
  const std::string name = fmt::format("a{}", ++fresh_);
  for (DrawnChain& chain : rules.chains) {
    for (DrawnRule& rule : chain.rules) {
      for (const char* how : {"-j ", "-g "})
        if (rule.target == how + renamed.name) rule.target = how + name;
    }
  }
  renamed.name = name;
  return true;
}

bool RulesetDrawer::say_policy(DrawnRuleset& rules) {
  DrawnChain& chain = some_chain(rules);
  DrawnRule last;
  last.target = chain.policy.empty() ? "-j RETURN" : "-j " + chain.policy;
  chain.rules.push_back(last);
  return true;
}

// Two halves of a prefix become one rule again.
bool RulesetDrawer::merge_neighbours(DrawnRuleset& rules) {
  DrawnRuleset split = rules;
  if (!split_prefix(split)) return false;
  rules = split;
  return swap_neighbours(rules);
}

DrawnRuleset RulesetDrawer::rewritten(DrawnRuleset rules) {
  using Rewrite = bool (RulesetDrawer::*)(DrawnRuleset&);
  constexpr Rewrite kRewrites[] = {
      &RulesetDrawer::swap_neighbours,  &RulesetDrawer::split_prefix,
      &RulesetDrawer::inline_chain,     &RulesetDrawer::outline_rules,
      &RulesetDrawer::insert_dead_rule, &RulesetDrawer::insert_idle_rule,
      &RulesetDrawer::rename_chain,     &RulesetDrawer::say_policy,
      &RulesetDrawer::merge_neighbours};
  size_t wanted = 1 + random_.below(3);
  for (int tries = 0; wanted > 0 && tries < 40; ++tries)
    if ((this->*kRewrites[random_.below(std::size(kRewrites))])(rules)) --wanted;
  return rules;
}

}  // namespace bulkhead::testing
