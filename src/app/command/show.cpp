// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/show.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "app/json.h"
#include "app/report.h"
#include "app/rules_text.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

struct Row {
  std::string number;
  std::string packets;
  std::string bytes;
  std::string action;
  std::string conditions;
  std::string arguments;  // of the target
  std::string comment;
};

std::string action_words(const ir::Target& target) {
  if (target.name.empty()) return "count";
  const auto* const jump = std::get_if<ir::Jump>(&target.action);
  return printable(jump != nullptr && jump->is_goto ? "goto " + target.name : target.name);
}

// What stands behind the target's name: "--reject-with tcp-reset".
std::string target_arguments(const ir::Rule& rule, net::Family family) {
  ir::Rule target_only;
  target_only.target = rule.target;
  const std::string words = rule_words(target_only, family);
  const size_t name = words.find(' ');
  const size_t arguments = name == words.npos ? words.npos : words.find(' ', name + 1);
  return arguments == words.npos ? "" : words.substr(arguments + 1);
}

Row row_of(const ir::Rule& rule, size_t number, net::Family family) {
  std::string conditions = printable(condition_words(rule, family));
  if (conditions.empty()) conditions = "everything";
  return {.number = std::to_string(number),
          .packets = short_number(rule.counters.packets),
          .bytes = short_number(rule.counters.bytes),
          .action = action_words(rule.target),
          .conditions = std::move(conditions),
          .arguments = printable(target_arguments(rule, family)),
          .comment = printable(comment_of(rule))};
}

std::string dyed_action(const std::string& padded, const ir::Rule& rule, const Paint& paint) {
  if (std::holds_alternative<ir::Accept>(rule.target.action)) return paint.good(padded);
  if (std::holds_alternative<ir::Drop>(rule.target.action) ||
      std::holds_alternative<ir::Reject>(rule.target.action)) {
    return paint.bad(padded);
  }
  return std::holds_alternative<ir::Jump>(rule.target.action) ? paint.name(padded) : padded;
}

std::string heading(const ir::Chain& chain, const Paint& paint) {
  const std::string name = paint.strong(printable(chain.name));
  if (!chain.builtin()) return name;
  const bool drop = *chain.policy == ir::Policy::kDrop;
  const std::string policy = drop ? paint.bad("DROP") : paint.good("ACCEPT");
  const ir::Counters& count = chain.policy_counters;
  return fmt::format("{}  policy {} {}", name, policy,
                     paint.faint(fmt::format("({} packets, {} bytes)", short_number(count.packets),
                                             short_number(count.bytes))));
}

std::string chain_text(const ir::Chain& chain, net::Family family, const Paint& paint) {
  std::string text = fmt::format("  {}\n", heading(chain, paint));
  std::vector<Row> rows;
  size_t number = 1;
  size_t packets = 7;
  size_t bytes = 6;
  size_t action = 6;
  for (const ir::Rule& rule : chain.rules) {
    const Row& row = rows.emplace_back(row_of(rule, number++, family));
    packets = std::max(packets, row.packets.size());
    bytes = std::max(bytes, row.bytes.size());
    action = std::max(action, row.action.size());
  }
  if (rows.empty()) return text + fmt::format("    {}\n", paint.faint("no rules"));
  const size_t width = std::max<size_t>(rows.back().number.size(), 3);
  text += paint.faint(fmt::format("  {:>{}}  {:>{}}  {:>{}}  {:<{}}  {}", "#", width, "packets",
                                  packets, "bytes", bytes, "action", action, "what")) +
          "\n";
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const std::string padded = fmt::format("{:<{}}", row.action, action);
    std::string line =
        fmt::format("  {:>{}}  {:>{}}  {:>{}}  {}  {}", row.number, width, row.packets, packets,
                    row.bytes, bytes, dyed_action(padded, chain.rules[i], paint), row.conditions);
    if (!row.arguments.empty()) line += "  " + paint.faint("(" + row.arguments + ")");
    if (!row.comment.empty()) line += "  " + paint.faint("# " + row.comment);
    text += line + "\n";
  }
  return text;
}

Json chain_json(const ir::Chain& chain, net::Family family) {
  Json rules = Json::array();
  for (const ir::Rule& rule : chain.rules) {
    Json one{{"rule", rule_words(rule, family)},
             {"target", rule.target.name},
             {"packets", rule.counters.packets},
             {"bytes", rule.counters.bytes}};
    if (const std::string comment = comment_of(rule); !comment.empty()) one["comment"] = comment;
    rules.push_back(std::move(one));
  }
  Json all{{"name", chain.name}};
  if (chain.policy) {
    all["policy"] = *chain.policy == ir::Policy::kDrop ? "DROP" : "ACCEPT";
    all["policy_packets"] = chain.policy_counters.packets;
    all["policy_bytes"] = chain.policy_counters.bytes;
  }
  all["rules"] = std::move(rules);
  return all;
}

bool wanted(const ir::Chain& chain, const std::string& name) {
  return name.empty() || chain.name == name;
}

bool has_chain(const ir::Ruleset& rules, const std::string& name) {
  return std::ranges::any_of(rules.tables,
                             [&](const ir::Table& table) { return table.find(name) != nullptr; });
}

}  // namespace

std::string show_text(const ir::Ruleset& rules, const std::string& chain, const Paint& paint) {
  std::string text;
  for (const ir::Table& table : rules.tables) {
    std::string chains;
    for (const ir::Chain& one : table.chains) {
      if (!wanted(one, chain)) continue;
      chains += (chains.empty() ? "" : "\n") + chain_text(one, rules.family, paint);
    }
    if (chains.empty()) continue;
    text += fmt::format("{}{} {}\n\n{}", text.empty() ? "" : "\n",
                        paint.strong(family_name(rules.family)), paint.strong(table.name), chains);
  }
  return text;
}

std::string show_json(const View& view, const ShowOptions& options) {
  Json all = Json::object();
  for (const net::Family family : net::kFamilies) {
    if (options.family && *options.family != family) continue;
    Json tables = Json::array();
    for (const ir::Table& table : view.of(family).rules.tables) {
      Json chains = Json::array();
      for (const ir::Chain& chain : table.chains) {
        if (wanted(chain, options.chain)) chains.push_back(chain_json(chain, family));
      }
      tables.push_back({{"name", table.name}, {"chains", std::move(chains)}});
    }
    all[std::string(net::family_word(family))] = std::move(tables);
  }
  return json_text(all);
}

int run_show(const ShowOptions& options) {
  const auto backend = open_backend();
  if (!backend) return report(backend.error());
  const auto view = Store(**backend).look();
  if (!view) return report(view.error());

  std::string text;
  bool found = options.chain.empty();
  for (const net::Family family : net::kFamilies) {
    if (options.family && *options.family != family) continue;
    const Loaded& loaded = view->of(family);
    if (!loaded.damage.empty()) return report(damaged(family, loaded.damage));
    found |= has_chain(loaded.rules, options.chain);
    const std::string part =
        show_text(loaded.rules, options.chain, Paint(wants_color(options.color, STDOUT_FILENO)));
    text += (text.empty() || part.empty() ? "" : "\n") + part;
  }
  if (!found) {
    return report({.kind = ErrorKind::kRefused,
                   .message = fmt::format("there is no chain `{}'", options.chain)});
  }
  if (options.json) {
    print(show_json(*view, options));
  } else {
    print(text.empty() ? "no rules are loaded: everything is let through\n" : text);
  }
  return kDone;
}

}  // namespace bulkhead::app
