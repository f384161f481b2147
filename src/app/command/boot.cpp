// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/boot.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "app/closed.h"
#include "app/console.h"
#include "app/report.h"
#include "app/rules_input.h"
#include "app/store.h"
#include "app/summary.h"
#include "host/boot.h"

namespace bulkhead::app {

namespace {

// sd-daemon(3): under systemd a line's prefix is its priority, and an alert is what one acts on at
// once.
void alert(std::string_view text) {
  const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  fmt::print(stderr, "{}bulkhead: {}\n", journal ? "<1>" : "", text);
}

Result<std::vector<ir::Ruleset>, Failure> parse_both(std::string v4, std::string v6,
                                                     const std::string& name) {
  return parse_inputs({{Source(name + " (IPv4)", std::move(v4)), net::Family::kIpv4},
                       {Source(name + " (IPv6)", std::move(v6)), net::Family::kIpv6}});
}

std::string one_line(const Failure& failure) {
  if (!failure.source || failure.error.span.empty()) return failure.error.message;
  return fmt::format("{}:{}: {}", failure.source->name(),
                     failure.source->position(failure.error.span.begin).line,
                     failure.error.message);
}

// Who ssh is left open for, for the message.
std::string management(const Config& config) {
  if (config.ssh_ports.empty()) return "nobody (ssh_ports is empty)";
  if (config.management.empty()) return "anybody, since no management addresses are set";
  std::string list;
  for (const net::Network& network : config.management) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", net::to_string(network));
  }
  return list;
}

int close_host(Store& store, const BootOptions& options, std::string_view why) {
  alert(fmt::format("the saved rules can't be loaded: {}", why));
  auto config = load_config(options.config);
  if (!config) {
    alert(fmt::format("the configuration can't be read either: {}", config.error().message));
    config = Config{};
  }
  const auto rules = parse_both(closed_rules(net::Family::kIpv4, *config),
                                closed_rules(net::Family::kIpv6, *config), "closed rules");
  Result<void> closed = rules ? store.replace(*rules, options.wait) : rules.error().error;
  if (!closed && rules) {
    // The kernel may lack what one family needs: the other one is closed all the same.
    for (const ir::Ruleset& one : *rules) {
      if (store.replace({&one, 1}, options.wait))
        alert(fmt::format("{} is closed", family_name(one.family)));
    }
  }
  if (!closed) {
    alert(fmt::format("THIS HOST IS OPEN: the kernel doesn't take the closed rules either: {}",
                      closed.error().message));
    return kNoResource;
  }
  alert(fmt::format(
      "THIS HOST IS CLOSED: it answers its own connections, ping, and ssh from {}; nothing is "
      "forwarded. Load your rules (bulkhead apply FILE) and run `bulkhead save`",
      management(*config)));
  return kFailed;
}

}  // namespace

int run_boot(const BootOptions& options) {
  const host::Saved found = host::look_for_saved(options.state_folder);
  if (found.state == host::Saved::State::kNever) {
    print(
        "no rules were ever saved on this host, so there are none to load (to keep rules over a "
        "restart: bulkhead save)\n");
    return kDone;
  }
  const auto backend = open_backend();
  if (!backend) {
    alert(fmt::format("THIS HOST IS OPEN: rules were saved, but nothing can be enforced: {}",
                      backend.error().message));
    return kNoResource;
  }
  Store store(**backend);
  if (found.state == host::Saved::State::kLost) return close_host(store, options, found.why);

  const std::string file = (options.state_folder / host::kSavedName).string();
  const auto rules = parse_both(found.rules.v4, found.rules.v6, file);
  if (!rules) return close_host(store, options, one_line(rules.error()));
  if (auto loaded = store.replace(*rules, options.wait); !loaded) {
    return close_host(store, options, loaded.error().message);
  }
  print(fmt::format("loaded {}: {}\n", file, summary((*rules)[0], (*rules)[1])));
  // Killed between the two files of its first save: from now on a loss shows.
  if (!found.marked) {
    if (auto marked = host::mark_saved_once(options.state_folder); !marked)
      warn(marked.error().message);
  }
  return kDone;
}

}  // namespace bulkhead::app
