// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/other_iptables.h"

#include <fmt/format.h>

#include "app/subprocess.h"
#include "host/files.h"

namespace bulkhead::app {

namespace {

std::string tool(Variant variant, net::Family family, std::string_view what) {
  return find_program(fmt::format("{}-{}-{}",
                                  family == net::Family::kIpv4 ? "iptables" : "ip6tables",
                                  variant_word(variant), what));
}

template <class Take> void each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    take(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

// ":INPUT ACCEPT [1:2]": the chain's name and its policy; "-" is the policy of a user chain.
struct ChainLine {
  std::string_view name;
  std::string_view policy;
};
ChainLine read_chain_line(std::string_view line) {
  line.remove_prefix(1);
  const size_t space = line.find(' ');
  const std::string_view rest = space == line.npos ? "" : line.substr(space + 1);
  return {line.substr(0, space), rest.substr(0, rest.find(' '))};
}

Error tool_failed(std::string_view program, const Finished& finished) {
  std::string_view said = finished.errors;
  while (said.ends_with('\n')) said.remove_suffix(1);
  return {
      .kind = ErrorKind::kSystem,
      .message = fmt::format("{} failed with exit code {}: {}", program, finished.status, said)};
}

}  // namespace

std::string_view variant_word(Variant variant) {
  return variant == Variant::kLegacy ? "legacy" : "nft";
}

std::vector<std::string> legacy_tables(net::Family family) {
  const auto names = host::read_file(family == net::Family::kIpv4 ? "/proc/net/ip_tables_names"
                                                                  : "/proc/net/ip6_tables_names");
  std::vector<std::string> tables;
  if (names) each_line(*names, [&](std::string_view line) { tables.emplace_back(line); });
  return tables;
}

Result<std::optional<OtherRules>> read_other(Variant variant, net::Family family) {
  // Asking iptables-legacy would load its modules.
  if (variant == Variant::kLegacy && legacy_tables(family).empty())
    return std::optional<OtherRules>{};
  const std::string program = tool(variant, family, "save");
  if (program.empty()) return std::optional<OtherRules>{};
  const auto finished = run_program({program, "-c"});
  if (!finished) return finished.error();
  if (finished->status != 0) return tool_failed(program, *finished);

  OtherRules found{.variant = variant, .family = family, .text = finished->output, .tables = {}};
  each_line(found.text, [&](std::string_view line) {
    if (line.starts_with('*')) found.tables.emplace_back(line.substr(1));
    if (line.starts_with(':'))
      found.closed_policies += read_chain_line(line).policy == "DROP" ? 1 : 0;
    if (line.starts_with('[') || line.starts_with("-A")) ++found.rules;
  });
  return found.tables.empty() ? std::optional<OtherRules>{} : std::optional(std::move(found));
}

Result<void> remove_other(const OtherRules& rules) {
  const std::string program = tool(rules.variant, rules.family, "restore");
  if (program.empty()) {
    return Error{.kind = ErrorKind::kRefused,
                 .message = fmt::format("iptables-{}-restore is not installed",
                                        variant_word(rules.variant))};
  }
  std::string empty;
  each_line(rules.text, [&](std::string_view line) {
    if (line.starts_with('*') || line == "COMMIT") empty += fmt::format("{}\n", line);
    if (!line.starts_with(':')) return;
    const ChainLine chain = read_chain_line(line);
    if (chain.policy != "-") empty += fmt::format(":{} ACCEPT [0:0]\n", chain.name);
  });
  const auto finished = run_program({program}, empty);
  if (!finished) return finished.error();
  if (finished->status != 0) return tool_failed(program, *finished);
  return {};
}

}  // namespace bulkhead::app
