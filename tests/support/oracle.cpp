// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/oracle.h"

#include <charconv>
#include <map>

#include <fmt/format.h>

namespace bulkhead::testing {
namespace {

// Takes "[packets:bytes]" from the front, and a space behind it.
bool take_counters(std::string_view& text, RuleCounter& counter) {
  if (!text.starts_with('[')) return false;
  const char* end = text.data() + text.size();
  const auto packets = std::from_chars(text.data() + 1, end, counter.packets);
  if (packets.ec != std::errc() || packets.ptr == end || *packets.ptr != ':') return false;
  const auto bytes = std::from_chars(packets.ptr + 1, end, counter.bytes);
  if (bytes.ec != std::errc() || bytes.ptr == end || *bytes.ptr != ']') return false;
  text.remove_prefix(static_cast<size_t>(bytes.ptr + 1 - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

// ":INPUT ACCEPT [0:0]"; a chain of the user has "-" for a policy and counts nothing.
bool take_chain(std::string_view line, RuleCounter& counter) {
  line.remove_prefix(1);
  counter.chain = take_word(line);
  const std::string_view policy = take_word(line);
  counter.rule = fmt::format("-P {} {}", counter.chain, policy);
  return take_counters(line, counter) && policy != "-";
}

const std::map<std::string, std::vector<std::string>>& built_in_chains() {
  static const std::map<std::string, std::vector<std::string>> kChains = {
      {"filter", {"INPUT", "FORWARD", "OUTPUT"}},
      {"security", {"INPUT", "FORWARD", "OUTPUT"}},
      {"raw", {"PREROUTING", "OUTPUT"}},
      {"nat", {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}},
      {"mangle", {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}},
  };
  return kChains;
}

}  // namespace

XtablesPrograms XtablesPrograms::legacy(bool ip6) {
  const std::string stem = ip6 ? "ip6tables-legacy" : "iptables-legacy";
  return {stem, stem + "-save", stem + "-restore"};
}

XtablesPrograms XtablesPrograms::in(const std::filesystem::path& folder, bool ip6) {
  const std::string stem = std::filesystem::absolute(folder / (ip6 ? "ip6tables" : "iptables"));
  return {stem, stem + "-save", stem + "-restore"};
}

std::string text(const RuleCounter& counter) {
  return fmt::format("{} [{}:{}] {}", counter.table, counter.packets, counter.bytes, counter.rule);
}

std::vector<RuleCounter> parse_save(std::string_view save_text) {
  std::vector<RuleCounter> counters;
  std::string table;
  while (!save_text.empty()) {
    const size_t end = std::min(save_text.find('\n'), save_text.size());
    std::string_view line = save_text.substr(0, end);
    save_text.remove_prefix(std::min(save_text.size(), end + 1));
    if (line.empty() || line[0] == '#' || line == "COMMIT") continue;
    RuleCounter counter{.table = table};
    if (line[0] == '*') {
      table = line.substr(1);
    } else if (line[0] == ':') {
      if (take_chain(line, counter)) counters.push_back(std::move(counter));
    } else if (take_counters(line, counter) && line.starts_with("-A ")) {
      counter.rule = line;
      line.remove_prefix(3);
      counter.chain = take_word(line);
      counters.push_back(std::move(counter));
    } else {
      throw SupportError(fmt::format("not a line of iptables-save -c: {}", line));
    }
  }
  return counters;
}

ExecResult Xtables::command(std::vector<std::string> words) const {
  words.insert(words.begin(), programs_.command);
  return net_.exec(words);
}

ExecResult Xtables::restore(const std::string& text, std::vector<std::string> options) const {
  options.insert(options.begin(), programs_.restore);
  return net_.exec(options, {.input = text});
}

void Xtables::must_restore(const std::string& text) const {
  const ExecResult result = restore(text);
  if (!result.ok()) throw SupportError(programs_.restore + ": " + result.describe() + "\n" + text);
}

std::string Xtables::save() const { return net_.must_exec({programs_.save, "-c"}); }

std::vector<RuleCounter> Xtables::counters() const { return parse_save(save()); }

void Xtables::clear(const std::vector<std::string>& tables) const {
  std::string empty;
  for (const std::string& table : tables) {
    empty += "*" + table + "\n";
    for (const std::string& chain : built_in_chains().at(table))
      empty += ":" + chain + " ACCEPT [0:0]\n";
    empty += "COMMIT\n";
  }
  must_restore(empty);
}

}  // namespace bulkhead::testing
