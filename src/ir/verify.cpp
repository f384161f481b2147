// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/verify.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

namespace bulkhead::ir {

namespace {

Error refused(std::string message, Span span = {}, int errno_value = 0) {
  return {.kind = ErrorKind::kRefused,
          .message = std::move(message),
          .span = span,
          .errno_value = errno_value};
}

// What is wrong with a condition, in words that follow "rule 3 of chain X: "; empty: nothing.
struct Fault {
  net::Family family;

  std::string operator()(const Constraint& it) const {
    if (!it.field) return "a condition without a field";
    const Location& where = it.field->location(family);
    if (where.base == Base::kNone)
      return fmt::format("{} has no \"{}\"", net::family_word(family), it.field->name);
    if (where.width == 0 || where.width > 128)
      return fmt::format("field \"{}\" has no width", it.field->name);
    if (it.mask != kU128Max && it.mask > low_bits(where.width)) {
      return fmt::format("the mask is wider than \"{}\"", it.field->name);
    }
    if (!it.values.empty() && it.values.intervals().back().last > low_bits(where.width)) {
      return fmt::format("a value is wider than \"{}\"", it.field->name);
    }
    return {};
  }
  std::string operator()(const AnyOf& it) const {
    if (it.alternatives.empty()) return "a choice of nothing";
    for (const Constraint& each : it.alternatives) {
      if (std::string fault = (*this)(each); !fault.empty()) return fault;
    }
    return {};
  }
  std::string operator()(const Header& it) const {
    if (it.form == Header::Form::kIcmp && family != net::Family::kIpv4)
      return "ICMP is a protocol of IPv4";
    if (it.form == Header::Form::kIcmp6 && family != net::Family::kIpv6)
      return "ICMPv6 is a protocol of IPv6";
    if (it.form == Header::Form::kAh && family != net::Family::kIpv4)
      return "AH is a protocol of IPv4 only";
    if (it.tcp_option != 0 && it.form != Header::Form::kTcp) return "only TCP has options";
    return {};
  }
  std::string operator()(const Limit& it) const {
    return it.rate == 0 || it.seconds == 0 || it.burst == 0 ? "a limit of nothing" : "";
  }
  std::string operator()(const Opaque& it) const {
    return it.name.empty() ? "a match without a name" : "";
  }
};

class TableVerifier {
 public:
  TableVerifier(const Table& table, net::Family family) : table_(table), family_(family) {}

  Result<void> verify() {
    if (auto done = check_chains(); !done) return done;
    for (const Chain& chain : table_.chains) {
      for (size_t i = 0; i < chain.rules.size(); ++i) {
        if (auto done = check_rule(chain, i); !done) return done;
      }
    }
    for (const Chain& chain : table_.chains) {
      if (!chain.builtin()) continue;
      if (auto done = walk(chain); !done) return done;
    }
    return {};
  }

 private:
  Result<void> check_chains() {
    const BuiltinTable* builtin = builtin_table(table_.name);
    if (!builtin) return refused(fmt::format("there is no table \"{}\"", table_.name));
    size_t builtin_chains = 0;
    for (const Chain& chain : table_.chains) {
      if (chain.name.empty() || chain.name.size() > kMaxChainName) {
        return refused(
            fmt::format("chain name \"{}\" is not 1 to {} bytes long", chain.name, kMaxChainName));
      }
      if (!chains_.emplace(chain.name, &chain).second) {
        return refused(
            fmt::format("there are two chains \"{}\" in table {}", chain.name, table_.name));
      }
      const bool is_builtin =
          std::ranges::count(builtin->chains, chain.name, &BuiltinChain::name) != 0;
      if (is_builtin != chain.builtin()) {
        return refused(fmt::format("chain {} of table {} {}", chain.name, table_.name,
                                   is_builtin ? "lacks its policy" : "can't have a policy"));
      }
      builtin_chains += is_builtin ? 1 : 0;
    }
    if (builtin_chains != builtin->chains.size()) {
      return refused(fmt::format("table {} lacks a built-in chain", table_.name));
    }
    return {};
  }

  Result<void> check_rule(const Chain& chain, size_t index) {
    const Rule& rule = chain.rules[index];
    const auto fault = [&](std::string_view what) {
      return refused(fmt::format("rule {} of chain {}: {}", index + 1, chain.name, what),
                     rule.span);
    };
    const auto check = [&](const Predicate& predicate) {
      for (const Condition& condition : predicate) {
        if (std::string what = std::visit(Fault{family_}, condition); !what.empty()) return what;
      }
      return std::string();
    };
    if (std::string what = check(rule.head.predicate); !what.empty()) return fault(what);
    for (const Match& match : rule.matches) {
      if (std::string what = check(match.predicate); !what.empty()) return fault(what);
    }
    const auto* jump = std::get_if<Jump>(&rule.target.action);
    if (!jump) return {};
    const auto target = chains_.find(jump->chain);
    if (target == chains_.end()) return fault(fmt::format("there is no chain \"{}\"", jump->chain));
    if (target->second->builtin()) return fault(fmt::format("{} is a built-in chain", jump->chain));
    return {};
  }

  // Depth first, with a path of its own: a user's chains may nest deeper than our stack would like.
  Result<void> walk(const Chain& from) {
    struct Place {
      const Chain* chain;
      size_t next = 0;
    };
    std::vector<Place> path{{&from}};
    on_path_.insert(&from);
    while (!path.empty()) {
      auto& [chain, next] = path.back();
      if (next == chain->rules.size()) {
        on_path_.erase(chain);
        done_.insert(chain);
        path.pop_back();
        continue;
      }
      const Rule& rule = chain->rules[next++];
      const auto* jump = std::get_if<Jump>(&rule.target.action);
      if (!jump) continue;
      const Chain* target = chains_.at(jump->chain);
      if (on_path_.contains(target)) {
        std::string names;
        for (const Place& place : path) names += place.chain->name + " -> ";
        return refused(fmt::format("chains call each other in a loop: {}{}", names, target->name),
                       rule.span, ELOOP);
      }
      if (done_.contains(target)) continue;
      on_path_.insert(target);
      path.push_back({target});
    }
    return {};
  }

  const Table& table_;
  net::Family family_;
  std::map<std::string_view, const Chain*> chains_;
  std::set<const Chain*> on_path_;
  std::set<const Chain*> done_;
};

Result<void> check_ids(const Ruleset& rules) {
  std::unordered_set<RuleId> seen;
  const auto fault = [&](RuleId id) -> std::string_view {
    if (id == kNoId) return {};
    if (id >= rules.next_id) return "was never given";
    return seen.insert(id).second ? "" : "is there twice";
  };
  for (const Table& table : rules.tables) {
    for (const Chain& chain : table.chains) {
      if (const auto what = fault(chain.policy_id); !what.empty()) {
        return refused(
            fmt::format("id {} of the policy of chain {} {}", chain.policy_id, chain.name, what));
      }
      for (const Rule& rule : chain.rules) {
        if (const auto what = fault(rule.id); !what.empty()) {
          return refused(fmt::format("id {} of a rule of chain {} {}", rule.id, chain.name, what),
                         rule.span);
        }
      }
    }
  }
  return {};
}

}  // namespace

Result<void> verify(const Ruleset& rules, Ids ids) {
  std::set<std::string_view> names;
  for (const Table& table : rules.tables) {
    if (!names.insert(table.name).second)
      return refused(fmt::format("there are two tables \"{}\"", table.name));
    if (auto done = TableVerifier(table, rules.family).verify(); !done) return done;
  }
  return ids == Ids::kUnique ? check_ids(rules) : Result<void>();
}

}  // namespace bulkhead::ir
