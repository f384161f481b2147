// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/edit.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "ir/verify.h"
#include "lang/check.h"
#include "lang/error.h"

namespace bulkhead::lang {

namespace {

// The texts are libiptc's (iptc_strerror of 1.8.9); where it has none of its own it says
// strerror(errno).
Error no_such_name() { return refused("No chain/target/match by that name"); }
Error no_such_rule() { return refused("Bad rule (does a matching rule exist in that chain?)"); }
Error by_errno(int value) { return refused(std::strerror(value), {}, value); }

bool is_verdict(std::string_view name) {
  return name == "ACCEPT" || name == "DROP" || name == "QUEUE" || name == "RETURN";
}

// A rule that -D or -C doesn't find. libiptc's text depends on the last thing that it looked up,
// which is the target unless that is a verdict.
Error not_found(const ir::Rule& rule) {
  return rule.target.name.empty() || is_verdict(rule.target.name) ? no_such_rule() : no_such_name();
}

// How many rules jump or go to a chain.
size_t references(const ir::Table& table, std::string_view chain) {
  size_t count = 0;
  for (const ir::Chain& from : table.chains) {
    count += static_cast<size_t>(std::ranges::count_if(from.rules, [&](const ir::Rule& rule) {
      const auto* jump = std::get_if<ir::Jump>(&rule.target.action);
      return jump != nullptr && jump->chain == chain;
    }));
  }
  return count;
}

class Editor {
 public:
  explicit Editor(ir::Table& table) : table_(table) {}

  Result<void> operator()(Append& o) {
    return with_rules(o.chain, o.rules, [](ir::Chain& chain, ir::Rule& rule) -> Result<void> {
      chain.rules.push_back(std::move(rule));
      return {};
    });
  }

  Result<void> operator()(Insert& o) {
    return with_rules(o.chain, o.rules, [&](ir::Chain& chain, ir::Rule& rule) -> Result<void> {
      // Several rules are put to the same place one after the other: the last comes first.
      if (o.position - 1 > chain.rules.size()) return refused("Index of insertion too big");
      chain.rules.insert(chain.rules.begin() + (o.position - 1), std::move(rule));
      return {};
    });
  }

  Result<void> operator()(Replace& o) {
    return with_rules(o.chain, o.rules, [&](ir::Chain& chain, ir::Rule& rule) -> Result<void> {
      if (o.number > chain.rules.size()) return refused("Index of replacement too big");
      chain.rules[o.number - 1] = std::move(rule);
      return {};
    });
  }

  Result<void> operator()(DeleteRule& o) {
    return with_found(o.chain, o.rules,
                      [](ir::Chain& chain, auto found) { chain.rules.erase(found); });
  }

  Result<void> operator()(Check& o) {
    return with_found(o.chain, o.rules, [](ir::Chain&, auto) {});
  }

  Result<void> operator()(const DeleteNumber& o) {
    ir::Chain* chain = table_.find(o.chain);
    if (chain == nullptr) return no_such_name();
    if (o.number > chain->rules.size()) return refused("Index of deletion too big");
    chain->rules.erase(chain->rules.begin() + (o.number - 1));
    return {};
  }

  Result<void> operator()(const SetPolicy& o) {
    ir::Chain* chain = table_.find(o.chain);
    if (chain == nullptr || !chain->builtin()) return refused("Bad built-in chain name");
    chain->policy = o.policy;
    chain->policy_counters = o.counters.value_or(ir::Counters{});
    chain->policy_id = ir::kNoId;
    return {};
  }

  Result<void> operator()(const Flush& o) {
    return for_chains(o.chain, [](ir::Chain& chain) { chain.rules.clear(); });
  }

  Result<void> operator()(const Zero& o) { return zero(o.chain, o.number); }

  Result<void> operator()(const List& o) {
    if (o.chain && table_.find(*o.chain) == nullptr) return no_such_name();
    if (!o.zero) return {};
    return zero(o.chain, o.zero_rule ? o.number : 0);
  }

  Result<void> operator()(const NewChain& o) {
    if (table_.find(o.chain) != nullptr || is_verdict(o.chain))
      return refused("Chain already exists");
    table_.add_user_chain(o.chain);
    return {};
  }

  Result<void> operator()(const DeleteChain& o) {
    if (o.chain) return delete_chain(*o.chain);
    std::vector<std::string> names;
    for (const ir::Chain& chain : table_.chains) {
      if (!chain.builtin()) names.push_back(chain.name);
    }
    // All of them or none; of several refusals iptables says the last.
    Result<void> result;
    for (const std::string& name : names) {
      if (auto r = delete_chain(name); !r) result = r;
    }
    return result;
  }

  Result<void> operator()(const RenameChain& o);

  Result<void> operator()(const Help&) { return {}; }
  Result<void> operator()(const Version&) { return {}; }
  Result<void> operator()(const Nothing&) { return {}; }

 private:
  template <class Function>
  Result<void> with_rules(std::string_view chain_name, std::vector<ir::Rule>& rules,
                          Function function) {
    for (ir::Rule& rule : rules) {
      if (auto r = resolve_target(rule); !r) return r;
      ir::Chain* chain = table_.find(chain_name);
      if (chain == nullptr) return no_such_name();
      // A built-in chain is a chain to iptables up to here, and no place to jump to.
      if (const auto* jump = std::get_if<ir::Jump>(&rule.target.action)) {
        if (table_.find(jump->chain)->builtin()) {
          return refused(fmt::format("{} is a built-in chain: nothing can jump there", jump->chain),
                         rule.target.span, EINVAL);
        }
      }
      if (auto r = function(*chain, rule); !r) return r;
    }
    return {};
  }

  template <class Function>
  Result<void> with_found(std::string_view chain_name, std::vector<ir::Rule>& rules,
                          Function function) {
    for (ir::Rule& rule : rules) {
      if (auto r = resolve_target(rule); !r) return r;
      ir::Chain* chain = table_.find(chain_name);
      if (chain == nullptr) return no_such_rule();
      const auto found = std::ranges::find(chain->rules, rule);
      if (found == chain->rules.end()) return not_found(rule);
      function(*chain, found);
    }
    return {};
  }

  // A chain of the target's name takes precedence over the extension; a jump must have its chain.
  Result<void> resolve_target(ir::Rule& rule) const;

  template <class Function>
  Result<void> for_chains(const std::optional<std::string>& name, Function function) {
    if (!name) {
      std::ranges::for_each(table_.chains, function);
      return {};
    }
    ir::Chain* chain = table_.find(*name);
    if (chain == nullptr) return no_such_name();
    function(*chain);
    return {};
  }

  Result<void> zero(const std::optional<std::string>& chain_name, uint32_t number);
  Result<void> delete_chain(std::string_view name);

  ir::Table& table_;
};

Result<void> Editor::resolve_target(ir::Rule& rule) const {
  ir::Target& target = rule.target;
  const auto* jump = std::get_if<ir::Jump>(&target.action);
  if (jump == nullptr && (target.name.empty() || is_verdict(target.name))) return {};
  const bool is_chain = table_.find(target.name) != nullptr;
  if (is_chain) {
    if (jump == nullptr) {
      target.arguments.clear();
      target.action = ir::Jump{target.name, false};
    }
    return {};
  }
  if (jump == nullptr) return {};
  if (jump->is_goto)
    return usage(fmt::format("goto '{}' is not a chain", target.name), target.span);
  return usage(fmt::format("Couldn't load target `{}':No such file or directory", target.name),
               target.span);
}

Result<void> Editor::zero(const std::optional<std::string>& chain_name, uint32_t number) {
  if (number == 0) {
    return for_chains(chain_name, [](ir::Chain& chain) {
      chain.policy_counters = {};
      for (ir::Rule& rule : chain.rules) rule.counters = {};
    });
  }
  ir::Chain* chain = table_.find(chain_name.value_or(""));
  if (chain == nullptr) return no_such_name();
  if (number > chain->rules.size()) return refused("Index of counter too big");
  chain->rules[number - 1].counters = {};
  return {};
}

Result<void> Editor::delete_chain(std::string_view name) {
  const ir::Chain* chain = table_.find(name);
  if (chain == nullptr) return no_such_name();
  if (chain->builtin()) return by_errno(EINVAL);
  if (references(table_, name) > 0) return by_errno(EMLINK);
  if (!chain->rules.empty()) return by_errno(ENOTEMPTY);
  table_.chains.erase(table_.chains.begin() + (chain - table_.chains.data()));
  return {};
}

Result<void> Editor::operator()(const RenameChain& o) {
  if (table_.find(o.to) != nullptr || is_verdict(o.to)) return by_errno(EEXIST);
  ir::Chain* chain = table_.find(o.chain);
  if (chain == nullptr || chain->builtin()) return no_such_name();
  // Here iptables takes anything of up to 31 bytes; such a name could be neither saved nor used in
  // a rule.
  const auto is_bad = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '"'; };
  if (o.to.empty() || o.to.size() > ir::kMaxChainName || std::ranges::any_of(o.to, is_bad)) {
    return by_errno(EINVAL);
  }
  std::vector<ir::Rule> rules = std::move(chain->rules);
  table_.chains.erase(table_.chains.begin() + (chain - table_.chains.data()));
  table_.add_user_chain(o.to).rules = std::move(rules);
  for (ir::Chain& from : table_.chains) {
    for (ir::Rule& rule : from.rules) {
      auto* jump = std::get_if<ir::Jump>(&rule.target.action);
      if (jump == nullptr || jump->chain != o.chain) continue;
      jump->chain = o.to;
      rule.target.name = o.to;
    }
  }
  return {};
}

}  // namespace

Result<void> edit(Operation operation, std::string_view table, ir::Ruleset& rules) {
  return std::visit(Editor(rules.table(table)), operation);
}

Result<void> apply(const Command& command, ir::Ruleset& rules) {
  forget_spans(rules);
  if (auto r = edit(command.operation, command.table, rules); !r) return r;
  if (command.refusal) return *command.refusal;
  return check(rules);
}

void forget_spans(ir::Ruleset& rules) {
  const auto forget = [](ir::Match& match) {
    for (ir::Argument& argument : match.arguments) argument.span = {};
  };
  for (ir::Table& table : rules.tables) {
    for (ir::Chain& chain : table.chains) {
      for (ir::Rule& rule : chain.rules) {
        rule.span = rule.target.span = {};
        forget(rule.head);
        std::ranges::for_each(rule.matches, forget);
        for (ir::Argument& argument : rule.target.arguments) argument.span = {};
      }
    }
  }
}

}  // namespace bulkhead::lang
