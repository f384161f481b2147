// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/audit.h"

#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <clocale>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/report.h"
#include "app/rules_to_analyse.h"
#include "app/store.h"

namespace bulkhead::app {

namespace {

struct Subject {
  std::string what;
  std::vector<ir::Ruleset> rulesets;
  std::optional<HostFacts> host;
  std::vector<std::string> warnings;  // of files
};

// Rules and facts of one moment.
Result<Subject, Failure> what_is_enforced(const AuditOptions& options) {
  const auto backend = open_backend();
  if (!backend) return Failure{backend.error(), {}};
  const auto loaded = Store(**backend).look();
  if (!loaded) return Failure{loaded.error(), {}};
  const auto foreign = (*backend)->foreign();
  if (!foreign) return Failure{foreign.error(), {}};
  Subject subject{.what = "what is enforced", .rulesets = {}, .host = {}, .warnings = {}};
  for (const net::Family family : net::kFamilies) {
    const Loaded& table = loaded->of(family);
    if (!table.damage.empty()) return Failure{damaged(family, table.damage), {}};
    subject.rulesets.push_back(table.rules);
    subject.rulesets.back().family = family;
  }
  subject.host = gather_facts({.state_folder = options.state_folder, .root = "/", .proc = "/proc"},
                              *loaded, *foreign);
  return subject;
}

// A word behind the value of an option is a file, which may not have been meant.
Failure with_list_hint(Failure failure, const std::string& file) {
  const bool check =
      std::ranges::find(audit::checks(), file, &audit::Check::id) != audit::checks().end();
  if (check || parse_network(file)) {
    failure.error.hint = fmt::format("several values of an option have commas between them: {}",
                                     check ? "--skip CHECK,CHECK" : "--management ADDRESS,ADDRESS");
  }
  return failure;
}

Result<Subject, Failure> what_files_say(const std::vector<std::string>& files) {
  if (files.size() == 1) {
    auto rules = rules_to_analyse(files.front());
    if (!rules) return with_list_hint(rules.error(), files.front());
    return Subject{rules->name, std::move(rules->rulesets), {}, warnings_of(rules->notes)};
  }
  std::vector<RulesInput> inputs;
  for (const std::string& file : files) {
    auto input = read_rules_file(file, {});
    if (!input) return with_list_hint({input.error(), {}}, file);
    inputs.push_back(*std::move(input));
  }
  ReadingNotes notes;
  auto rulesets = parse_inputs(inputs, Counts::kLeftOut, Reading::kLenient, &notes);
  for (const std::string& warning : warnings_of(notes)) warn(warning);
  if (!rulesets) return rulesets.error();
  return Subject{
      fmt::format("{}", fmt::join(files, ", ")), *std::move(rulesets), {}, warnings_of(notes)};
}

Result<Subject, Failure> subject_of(const AuditOptions& options) {
  const bool kernel =
      options.files.empty() || (options.files.size() == 1 && options.files[0] == kKernelRules);
  return kernel ? what_is_enforced(options) : what_files_say(options.files);
}

Error wrong(std::string message, std::string hint) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == text.npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

Result<net::Network> network_of(const std::string& word) {
  if (const auto network = parse_network(word)) return *network;
  return wrong(fmt::format("`{}' is no address and no network", word),
               "as in 192.0.2.1, 192.0.2.0/24 or 2001:db8::/64");
}

Result<uint16_t> port_of(const std::string& word) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
  if (error != std::errc() || end != word.data() + word.size() || port == 0 || port > 65535)
    return wrong(fmt::format("`{}' is no port", word), "a port is a number from 1 to 65535");
  return static_cast<uint16_t>(port);
}

Result<void> declare(const std::string& word, audit::Declared& declared) {
  const size_t equals = word.find('=');
  const std::string key = word.substr(0, equals);
  const std::string value = equals == word.npos ? "" : word.substr(equals + 1);
  if (word == "forwarding") {
    declared.forwarding = true;
    return {};
  }
  if (key != "egress" && key != "subnet")
    return wrong(fmt::format("`{}' can't be declared", word),
                 "--declare forwarding, egress=PORT,... or subnet=NETWORK,...");
  for (const std::string& part : split(value)) {
    if (key == "egress") {
      const auto port = port_of(part);
      if (!port) return port.error();
      declared.egress.push_back(*port);
    } else {
      const auto network = network_of(part);
      if (!network) return network.error();
      declared.subnets.push_back(*network);
    }
  }
  return {};
}

// Only the usual one may be missing.
Result<Config> config_of(const std::filesystem::path& file) {
  std::error_code error;
  if (file != kConfigFile && !std::filesystem::exists(file, error) && !error)
    return wrong(fmt::format("there is no {}", file.string()),
                 fmt::format("without --config, {} is read if it is there", kConfigFile));
  return load_config(file);
}

bool terminal_shows_utf8() {
  if (isatty(STDOUT_FILENO) == 0) return false;
  std::setlocale(LC_CTYPE, "");
  return std::string_view(nl_langinfo(CODESET)) == "UTF-8";
}

int run_list(const AuditOptions& options) {
  print(options.json ? audit_list_json()
                     : audit_list_text(Paint(wants_color(options.color, STDOUT_FILENO))));
  return kDone;
}

}  // namespace

Result<audit::Declared> declared_by(const Config& config, const AuditOptions& options) {
  audit::Declared declared{.management = config.management,
                           .ssh_ports = config.ssh_ports,
                           .forwarding = config.audit.forwarding,
                           .egress = config.audit.egress,
                           .subnets = config.audit.subnets};
  for (const std::string& words : options.management) {
    for (const std::string& word : split(words)) {
      const auto network = network_of(word);
      if (!network) return network.error();
      declared.management.push_back(*network);
    }
  }
  for (const std::string& word : options.declared) {
    if (auto done = declare(word, declared); !done) return done.error();
  }
  if (declared.ssh_ports.empty())
    return wrong("ssh_ports is empty", "in [management] of bulkhead.toml: ssh_ports = [22]");
  return declared;
}

Result<std::set<std::string, std::less<>>> skipped_by(const AuditOptions& options) {
  std::set<std::string, std::less<>> skipped;
  for (const std::string& words : options.skipped) {
    for (const std::string& id : split(words)) {
      if (std::ranges::find(audit::checks(), id, &audit::Check::id) == audit::checks().end())
        return wrong(fmt::format("there is no check `{}'", id), "bulkhead audit --list");
      skipped.insert(id);
    }
  }
  return skipped;
}

int run_audit(const AuditOptions& options) {
  if (options.list) return run_list(options);
  audit::Input input;
  input.limits = options.limits;
  auto skipped = skipped_by(options);
  if (!skipped) return report(skipped.error());
  input.skipped = *std::move(skipped);
  const auto config = config_of(options.config);
  if (!config) return without_finding(report(config.error()));
  auto declared = declared_by(*config, options);
  if (!declared) return report(declared.error());
  input.declared = *std::move(declared);
  auto subject = subject_of(options);
  if (!subject) return without_finding(report(subject.error()));
  input.rulesets = std::move(subject->rulesets);
  if (subject->host) input.host = &*subject->host;

  const auto results = audit::audit(input);
  print(options.json
            ? audit_json(subject->what, results, subject->warnings)
            : audit_text(subject->what, subject->host.has_value(), results,
                         Paint(wants_color(options.color, STDOUT_FILENO)), terminal_shows_utf8()));
  return audit::all_pass(results) ? kDone : kFailed;
}

}  // namespace bulkhead::app
