// SPDX-License-Identifier: GPL-2.0-or-later
#include <iterator>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "ext/list.h"
#include "ext/row.h"
#include "lang/head.h"
#include "lang/print.h"

namespace bulkhead::lang {

namespace {

// How one rule is shown: a row of the table that -L prints, or on one line by itself for -v of
// other commands.
struct Layout {
  bool numeric = false;
  bool counts = false;
  bool interfaces = false;
  bool exact = false;
  bool line_numbers = false;
  bool as_table = true;
};

constexpr Layout kOneLine{.numeric = true, .interfaces = true, .as_table = false};

// A column is so many bytes wide, as printf(3) counts; fmt counts what a terminal shows.
void add_column(std::string& out, std::string_view text, size_t width) {
  out += text;
  if (text.size() < width) out.append(width - text.size(), ' ');
  out += ' ';
}

// xtables_print_num(): five figures, or rounded to thousands, millions ... of which there may be
// 9,999.
std::string scaled(uint64_t number, const Layout& layout) {
  const auto fit = [&](uint64_t value, std::string_view unit, int width) {
    return layout.as_table ? fmt::format("{:>{}}{} ", value, width, unit)
                           : fmt::format("{}{} ", value, unit);
  };
  if (layout.exact) return fit(number, "", 8);
  if (number <= 99999) return fit(number, "", 5);
  for (const std::string_view unit : {"K", "M", "G"}) {
    number = (number + 500) / 1000;
    if (number <= 9999) return fit(number, unit, 4);
  }
  return fit((number + 500) / 1000, "T", 4);
}

const ir::Argument* find(const ir::Match& head, std::string_view option) {
  for (const ir::Argument& argument : head.arguments) {
    if (argument.option == option) return &argument;
  }
  return nullptr;
}

class Lister {
 public:
  Lister(const Layout& layout, net::Family family, const net::Names& names)
      : layout_(layout), family_(family), names_(names) {}

  void header(std::string& out, const ir::Chain& chain, size_t references) const;
  void rule(std::string& out, const ir::Rule& rule, uint32_t number) const;

 private:
  std::string protocol(const ir::Argument* argument) const;
  std::string address(const ir::Argument* argument) const;
  std::string interface(const ir::Argument* argument) const;
  std::string_view target_name(const ir::Rule& rule) const;
  void add_extensions(std::string& out, const ir::Rule& rule) const;
  uint8_t protocol_number(const ir::Argument* argument) const;

  const Layout& layout_;
  net::Family family_;
  const net::Names& names_;
};

void Lister::header(std::string& out, const ir::Chain& chain, size_t references) const {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "Chain {}", chain.name);
  if (chain.builtin()) {
    fmt::format_to(to, " (policy {}", *chain.policy == ir::Policy::kAccept ? "ACCEPT" : "DROP");
    if (layout_.counts) {
      Layout text = layout_;
      text.as_table = false;
      fmt::format_to(to, " {}packets, {}bytes", scaled(chain.policy_counters.packets, text),
                     scaled(chain.policy_counters.bytes, text));
    }
    out += ")\n";
  } else {
    fmt::format_to(to, " ({} references)\n", references);
  }
  if (layout_.line_numbers) out += "num  ";
  if (layout_.counts) out += layout_.exact ? "    pkts      bytes " : " pkts bytes ";
  out += "target     prot opt";
  if (layout_.interfaces) out += " in     out    ";
  out += " source               destination         \n";
}

uint8_t Lister::protocol_number(const ir::Argument* argument) const {
  if (argument == nullptr) return 0;
  const Result<uint8_t> number = parse_protocol({argument->text, false, {}}, names_);
  return number ? *number : 0;
}

std::string Lister::protocol(const ir::Argument* argument) const {
  const uint8_t number = protocol_number(argument);
  if (!layout_.as_table) {
    const auto name = net::builtin_protocol_name(number);
    return name ? std::string(*name) : std::to_string(number);
  }
  return layout_.numeric ? std::to_string(number) : protocol_text(number, names_);
}

std::string Lister::address(const ir::Argument* argument) const {
  const bool is_v4 = family_ == net::Family::kIpv4;
  std::string text = argument != nullptr ? argument->text : is_v4 ? "0.0.0.0/0" : "::/0";
  const size_t slash = text.find('/');
  std::string mask = text.substr(slash);
  text.resize(slash);
  if (!layout_.numeric) {
    // iptables looks at the mask, ip6tables at the address.
    if (is_v4 ? mask == "/0" : text == "::") return "anywhere";
    if (const auto value = net::parse_address(family_, text)) {
      if (auto name = names_.host_name(*value)) text = *std::move(name);
    }
  }
  if (mask == (is_v4 ? "/32" : "/128")) mask.clear();
  return text + mask;
}

std::string Lister::interface(const ir::Argument* argument) const {
  if (argument == nullptr) return layout_.numeric ? "*" : "any";
  return (argument->negated ? "!" : "") + argument->text;
}

void Lister::add_extensions(std::string& out, const ir::Rule& rule) const {
  const ir::Argument* protocol = find(rule.head, kProtocol);
  const ext::Context context{.family = family_,
                             .protocol = protocol_number(protocol),
                             .protocol_negated = protocol != nullptr && protocol->negated,
                             .names = &names_};
  const auto add = [&](const std::string& text, bool glued = false) {
    if (!text.empty() && !glued) out += ' ';
    out += text;
  };
  for (const ir::Match& match : rule.matches) {
    if (const ext::Match* row = ext::find_match(match.name, family_)) {
      add(ext::list_text(*row, match.arguments, layout_.numeric, context), row->list_glued);
    }
  }
  if (rule.target.name.empty() || std::holds_alternative<ir::Jump>(rule.target.action)) return;
  if (const ext::Target* row = ext::find_target(rule.target.name, family_)) {
    add(ext::list_text(*row, rule.target.arguments, layout_.numeric, context));
  }
}

std::string_view Lister::target_name(const ir::Rule& rule) const {
  if (std::holds_alternative<ir::Jump>(rule.target.action)) return rule.target.name;
  const ext::Target* row = ext::find_target(rule.target.name, family_);
  return row == nullptr || row->list_target.empty() ? rule.target.name : row->list_target;
}

void Lister::rule(std::string& out, const ir::Rule& rule, uint32_t number) const {
  const auto to = std::back_inserter(out);
  const auto mark = [](const ir::Argument* argument) {
    return argument != nullptr && argument->negated ? '!' : ' ';
  };
  const auto column = [&](std::string_view text, size_t width) {
    add_column(out, text, layout_.as_table ? width : 0);
  };
  if (layout_.line_numbers) fmt::format_to(to, "{:<4} ", number);
  if (layout_.counts) {
    out += scaled(rule.counters.packets, layout_);
    out += scaled(rule.counters.bytes, layout_);
  }
  column(target_name(rule), 9);
  const ir::Argument* protocol = find(rule.head, kProtocol);
  out += mark(protocol);
  column(this->protocol(protocol), 4);
  if (!layout_.as_table) out += "opt ";
  const ir::Argument* fragment = find(rule.head, kFragment);
  out += fragment == nullptr ? "-- " : fragment->negated ? "!f " : "-f ";
  const std::string in = interface(find(rule.head, kInInterface));
  const std::string out_name = interface(find(rule.head, kOutInterface));
  const ir::Argument* source = find(rule.head, kSource);
  const ir::Argument* destination = find(rule.head, kDestination);
  if (layout_.as_table) {
    if (layout_.interfaces) {
      out += ' ';
      column(in, 6);
      column(out_name, 6);
    }
    out += mark(source);
    column(address(source), 19);
    out += mark(destination);
    column(address(destination), 19);
  } else {
    fmt::format_to(to, "in {} out {} {}{} {}-> {}  ", in, out_name, mark(source), address(source),
                   mark(destination), address(destination));
  }
  const auto* jump = std::get_if<ir::Jump>(&rule.target.action);
  if (jump != nullptr && jump->is_goto) out += "[goto] ";
  add_extensions(out, rule);
  out += '\n';
}

std::map<std::string_view, size_t> references_in(const ir::Table& table) {
  std::map<std::string_view, size_t> references;
  for (const ir::Chain& chain : table.chains) {
    for (const ir::Rule& rule : chain.rules) {
      if (const auto* jump = std::get_if<ir::Jump>(&rule.target.action)) ++references[jump->chain];
    }
  }
  return references;
}

// What -v says of a command, before it is done.
class Announcer {
 public:
  Announcer(const ir::Table& table, net::Family family, const net::Names& names)
      : table_(table), lister_(kOneLine, family, names) {}

  std::string operator()(const Append& o) const { return rules(o.rules); }
  std::string operator()(const Insert& o) const { return rules(o.rules); }
  std::string operator()(const DeleteRule& o) const { return rules(o.rules); }
  std::string operator()(const Replace& o) const { return rules(o.rules); }
  std::string operator()(const Check& o) const { return rules(o.rules); }
  std::string operator()(const Flush& o) const { return chains("Flushing", o.chain, true); }
  std::string operator()(const DeleteChain& o) const { return chains("Deleting", o.chain, false); }
  std::string operator()(const Zero& o) const {
    return o.number == 0 ? chains("Zeroing", o.chain, true) : std::string();
  }
  std::string operator()(const List& o) const {
    return o.zero && !o.zero_rule ? chains("Zeroing", o.chain, true) : std::string();
  }
  template <class Other> std::string operator()(const Other&) const { return {}; }

 private:
  std::string rules(const std::vector<ir::Rule>& rules) const {
    std::string out;
    for (const ir::Rule& rule : rules) {
      // A jump to nowhere is refused before anything is said.
      const auto* jump = std::get_if<ir::Jump>(&rule.target.action);
      if (jump != nullptr && table_.find(jump->chain) == nullptr) return {};
      lister_.rule(out, rule, 0);
    }
    return out;
  }
  std::string chains(std::string_view verb, const std::optional<std::string>& only,
                     bool builtin_too) const {
    if (only) return fmt::format("{} chain `{}'\n", verb, *only);
    std::string out;
    for (const ir::Chain& chain : table_.chains) {
      if (builtin_too || !chain.builtin()) out += fmt::format("{} chain `{}'\n", verb, chain.name);
    }
    return out;
  }

  const ir::Table& table_;
  Lister lister_;
};

}  // namespace

std::string list_table(const List& list, const ListStyle& style, const ir::Table& table,
                       net::Family family, const net::Names& names) {
  const Layout layout{.numeric = style.numeric,
                      .counts = style.verbose,
                      .interfaces = style.verbose,
                      .exact = style.exact,
                      .line_numbers = style.line_numbers};
  const Lister lister(layout, family, names);
  const std::map<std::string_view, size_t> references = references_in(table);
  std::string out;
  for (const ir::Chain& chain : table.chains) {
    if (list.chain && chain.name != *list.chain) continue;
    if (!out.empty()) out += '\n';
    if (list.number == 0) {
      const auto found = references.find(chain.name);
      lister.header(out, chain, found == references.end() ? 0 : found->second);
    }
    uint32_t number = 0;
    for (const ir::Rule& rule : chain.rules) {
      ++number;
      if (list.number == 0 || list.number == number) lister.rule(out, rule, number);
    }
  }
  return out;
}

std::string output_of(const Command& command, const ir::Ruleset& rules, const net::Names& names) {
  const ir::Table* there = rules.find(command.table);
  const std::optional<ir::Table> empty =
      there == nullptr ? std::optional(ir::empty_table(command.table)) : std::nullopt;
  const ir::Table& table = there == nullptr ? *empty : *there;
  std::string out;
  if (const auto* list = std::get_if<List>(&command.operation)) {
    if (list->chain && table.find(*list->chain) == nullptr) return out;
    out = list->as_rules ? list_rules(*list, command.verbosity > 0, table, rules.family)
                         : list_table(*list, command.style, table, rules.family, names);
  }
  if (command.verbosity > 0)
    out += std::visit(Announcer(table, rules.family, names), command.operation);
  return out;
}

}  // namespace bulkhead::lang
