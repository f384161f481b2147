// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/matrix.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/interfaces_file.h"
#include "app/report.h"
#include "app/rules_to_analyse.h"
#include "app/summary.h"
#include "ext/row.h"
#include "net/names.h"
#include "net/packet_build.h"
#include "pass/spoofing.h"
#include "pass/unknown_conditions.h"
#include "set/witness.h"

namespace bulkhead::app {

namespace {

constexpr uint16_t kSourcePort = 10000;  // one that clients may use and rules seldom name

Error usage(std::string message, std::string hint = {}) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

// 0 is any protocol, as for -p.
std::optional<uint8_t> protocol_of(std::string_view word, const net::Names& names) {
  uint8_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc() && end == word.data() + word.size()) return number;
  const auto builtin = net::builtin_protocol(word);
  return builtin ? builtin : names.protocol(word);
}

std::optional<uint16_t> port_of(std::string_view word, std::string_view protocol,
                                const net::Names& names) {
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc() && end == word.data() + word.size()) return number;
  return names.service(word, protocol);
}

Result<pass::Service> service_of(const MatrixOptions& options, const net::Names& names) {
  const std::string_view text = options.service;
  const size_t slash = std::min(text.find('/'), text.size());
  const std::string_view name = text.substr(0, slash);
  const auto protocol = name == "any" ? uint8_t{0} : protocol_of(name, names);
  constexpr std::string_view kHint = "a service is a protocol and a port: tcp/22, udp/53, icmp";
  if (!protocol) return usage(fmt::format("`{}' is no protocol", name), std::string(kHint));
  pass::Service service{.protocol = protocol, .port = {}, .source_port = {}};
  if (*protocol == 0) service.protocol.reset();
  const bool has_ports = net::has_ports(*protocol);
  if (!has_ports && (slash < text.size() || options.source_port))
    return usage(fmt::format("`{}' has no ports", name), std::string(kHint));
  if (!has_ports) return service;
  service.port = slash < text.size() ? port_of(text.substr(slash + 1), name, names) : std::nullopt;
  if (!service.port) return usage(fmt::format("`{}' names no port", text), std::string(kHint));
  service.source_port = options.source_port.value_or(kSourcePort);
  return service;
}

Result<pass::UnknownConditions> unknown_of(const MatrixOptions& options, net::Family family,
                                           const net::Names& names) {
  pass::UnknownConditions unknown;
  for (const std::string& name : options.unknown) {
    const auto protocol = protocol_of(name, names);
    const ext::Match* match = ext::find_match(name, family);
    if (!protocol && match == nullptr)
      return usage(fmt::format("--unknown: no protocol and no match is called `{}'", name));
    if (protocol && *protocol == 0)
      return usage(fmt::format("--unknown: `{}' is any protocol, and all can't be unknown", name));
    if (protocol) unknown.protocols.insert(*protocol);
    if (match != nullptr) unknown.matches.emplace(match->name);
  }
  return unknown;
}

Result<pass::Interfaces, Failure> interfaces_of(const MatrixOptions& options, net::Family family) {
  if (options.interfaces.empty()) return pass::Interfaces{};
  auto file = read_rules_file(options.interfaces, family);
  if (!file) return Failure{file.error(), {}};
  auto interfaces = parse_interfaces(file->source, family);
  if (!interfaces) return Failure{interfaces.error(), file->source};
  return *std::move(interfaces);
}

Result<const ir::Chain*> chain_of(const MatrixOptions& options, const ir::Ruleset& rules,
                                  const std::string& name) {
  const ir::Table* table = rules.find(options.table);
  if (table == nullptr) {
    return Error{.kind = ErrorKind::kRefused,
                 .message = fmt::format("{}: there is no table `{}'", name, options.table),
                 .hint = "--table NAME asks another"};
  }
  const ir::Chain* chain = table->find(options.chain);
  if (chain != nullptr && chain->builtin()) return chain;
  std::vector<std::string_view> builtin;
  for (const ir::Chain& each : table->chains)
    if (each.builtin()) builtin.push_back(each.name);
  return Error{
      .kind = ErrorKind::kUsage,
      .message = fmt::format("`{}' is no built-in chain of table {}", options.chain, options.table),
      .hint = fmt::format("they are {}", fmt::join(builtin, ", "))};
}

// Their names, as -i has them.
std::vector<std::string> interface_words(const ir::ValueSet& names) {
  std::vector<std::string> all;
  for (const auto& [first, last] : names.intervals()) {
    if (first == 0) continue;  // what has no interface
    all.push_back(printable(set::interface_name(first)) + (first == last ? "" : "+"));
  }
  return all;
}

void warn_of_unlisted(const MatrixOptions& options, const ir::Table& table, const ir::Chain& chain,
                      const pass::Interfaces& interfaces) {
  const auto names = interface_words(pass::unlisted(table, chain, interfaces));
  if (options.interfaces.empty() || names.empty()) return;
  warn(fmt::format("{} says nothing of {}: what comes in there may be from anywhere",
                   options.interfaces, fmt::join(names, ", ")));
}

std::string question_words(const MatrixOptions& options, const pass::Service& service,
                           const std::string& rules) {
  std::string text = fmt::format(
      "a new connection of {}",
      service.protocol ? options.service.substr(0, options.service.find('/')) : "any protocol");
  if (service.port) text += fmt::format(" to port {}", *service.port);
  if (service.source_port) text += fmt::format(" from port {}", *service.source_port);
  const std::string table = options.table == "filter" ? "" : fmt::format(" of {}", options.table);
  return fmt::format("{}, through {}{} of {}", text, options.chain, table, printable(rules));
}

Result<MatrixReport> analysed(const MatrixOptions& options, const RulesToAnalyse& found,
                              const ir::Ruleset& rules, const pass::Service& service,
                              const pass::Interfaces& interfaces) {
  const auto chain = chain_of(options, rules, found.name);
  if (!chain) return chain.error();
  const ir::Table& table = *rules.find(options.table);
  warn_of_unlisted(options, table, **chain, interfaces);

  const ir::Ruleset known = pass::abstracted(table, **chain, interfaces, rules.family);
  const ir::Table& known_table = known.tables.front();
  Result<pass::ServiceMatrix> matrix = pass::ServiceMatrix{};
  auto done = pass::analyse({&known}, {.limits = options.limits, .more = pass::asked_of(service)},
                            [&](set::Model& model) {
                              pass::ChainFunctions functions(model, known_table);
                              matrix = pass::service_matrix(
                                  model, functions, *known_table.find(options.chain), service);
                            });
  if (!done) return done.error();
  if (!matrix) return matrix.error();
  std::vector<bool> kept_out;
  if (!interfaces.empty()) {
    const auto asked = pass::asked_of(interfaces, rules.family);
    done =
        pass::analyse({&rules}, {.limits = options.limits, .more = asked}, [&](set::Model& model) {
          pass::ChainFunctions functions(model, table);
          kept_out = pass::spoofing_protection(model, functions, **chain, interfaces);
        });
  }
  if (!done) return done.error();
  MatrixReport report{.question = question_words(options, service, found.name),
                      .family = rules.family,
                      .matrix = *std::move(matrix),
                      .spoofing = {},
                      .warnings = warnings_of(found.notes)};
  for (size_t i = 0; i < interfaces.size(); ++i)
    report.spoofing.push_back({interfaces[i].name, kept_out[i]});
  return report;
}

}  // namespace

int run_matrix(const MatrixOptions& options) {
  // One family at a time: IPv4, unless the options or the file's name say otherwise.
  const net::Family family =
      family_of_file(options.rules, options.family).value_or(net::Family::kIpv4);
  const net::SystemNames names;
  const auto service = service_of(options, names);
  if (!service) return report(service.error());
  const auto unknown = unknown_of(options, family, names);
  if (!unknown) return report(unknown.error());
  const auto interfaces = interfaces_of(options, family);
  if (!interfaces) return report(interfaces.error());
  auto found = rules_to_analyse(options.rules, family);
  if (!found) return report(found.error());

  ir::Ruleset& rules = found->rulesets.front();
  pass::take_as_unknown(*unknown, rules);
  const auto answer = analysed(options, *found, rules, *service, *interfaces);
  if (!answer) return report(answer.error());
  print(options.json ? matrix_json(*answer)
                     : matrix_text(*answer, Paint(wants_color(options.color, STDOUT_FILENO))));
  return kDone;
}

}  // namespace bulkhead::app
