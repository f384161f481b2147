// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/status.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "app/closed.h"
#include "app/command/save.h"
#include "app/report.h"
#include "app/summary.h"
#include "host/files.h"

namespace bulkhead::app {

namespace {

bool switched_on(const char* file) {
  const auto text = host::read_file(file);
  return text && text->starts_with('1');
}

std::vector<OtherTables> other_tables() {
  std::vector<OtherTables> all;
  for (const net::Family family : net::kFamilies) {
    auto tables = legacy_tables(family);
    if (tables.empty()) continue;
    OtherTables found{
        .owner = "iptables-legacy", .family = family, .tables = std::move(tables), .rules = {}};
    const auto rules = read_other(Variant::kLegacy, family);
    if (rules && *rules) {
      found.rules = (*rules)->rules;
      found.may_drop = (*rules)->enforces();
    }
    all.push_back(std::move(found));
  }
  return all;
}

Result<Status> gather(const StatusOptions& options) {
  const auto backend = open_backend();
  if (!backend) return backend.error();
  auto loaded = Store(**backend).look();
  if (!loaded) return loaded.error();
  auto foreign = (*backend)->foreign();
  if (!foreign) return foreign.error();

  Status status{.loaded = *std::move(loaded),
                .saved = host::look_for_saved(options.state_folder),
                .saved_file = (options.state_folder / host::kSavedName).string(),
                .foreign = *std::move(foreign),
                .others = other_tables(),
                .forwards_v4 = switched_on("/proc/sys/net/ipv4/ip_forward"),
                .forwards_v6 = switched_on("/proc/sys/net/ipv6/conf/all/forwarding")};
  status.closed = std::ranges::all_of(net::kFamilies, [&](net::Family family) {
    const Loaded& loaded_one = status.loaded.of(family);
    return loaded_one.present && loaded_one.damage.empty() && are_closed(loaded_one.rules);
  });
  status.saved_is_loaded = status.saved.state == host::Saved::State::kReadable &&
                           status.saved.rules == rules_to_save(status.loaded);
  return status;
}

void judge_family(const Status& status, net::Family family, Judgement& judgement) {
  const Loaded& loaded = status.loaded.of(family);
  const std::string_view name = family_name(family);
  if (!loaded.damage.empty()) {
    const bool saved = status.saved.state == host::Saved::State::kReadable;
    judgement.faults.push_back(fmt::format(
        "{}: the table in the kernel is damaged: {}. A full load replaces it: {}bulkhead apply "
        "FILE",
        name, loaded.damage, saved ? "bulkhead boot, or " : ""));
  } else if (is_missed(loaded, status.saved)) {
    judgement.faults.push_back(
        fmt::format("{}: rules are saved, but none are loaded. To load them: bulkhead boot", name));
  }
}

}  // namespace

Judgement judge(const Status& status) {
  Judgement judgement;
  for (const net::Family family : net::kFamilies) judge_family(status, family, judgement);
  const Loaded& v4 = status.loaded.v4;
  const Loaded& v6 = status.loaded.v6;
  const bool sound = v4.damage.empty() && v6.damage.empty();
  const bool any = sound && (v4.present || v6.present);

  switch (status.saved.state) {
    case host::Saved::State::kLost:
      judgement.faults.push_back(
          fmt::format("{}. A boot would close the host. {}: bulkhead save", status.saved.why,
                      any && !status.closed ? "To save what is loaded"
                                            : "Load your rules (bulkhead apply FILE), then"));
      break;
    case host::Saved::State::kNever:
      if (any)
        judgement.notes.emplace_back(
            "the rules were never saved: a restart forgets them (bulkhead save)");
      break;
    case host::Saved::State::kReadable:
      if (any && !status.saved_is_loaded) {
        judgement.notes.emplace_back(
            "a restart loads the saved rules, which are not the loaded ones (bulkhead save)");
      }
      break;
  }
  if (sound && v4.present != v6.present) {
    judgement.notes.push_back(
        fmt::format("nothing is enforced for {}: whoever speaks it isn't kept out",
                    v4.present ? "IPv6" : "IPv4"));
  }
  const bool others_drop = std::ranges::any_of(status.foreign, &backend::ForeignChain::drops) ||
                           std::ranges::any_of(status.others, &OtherTables::may_drop);
  if (others_drop)
    judgement.notes.emplace_back("what bulkhead accepts, other tables may still drop");
  return judgement;
}

int run_status(const StatusOptions& options) {
  const auto status = gather(options);
  if (!status) return report(status.error());
  const Judgement judgement = judge(*status);
  print(options.json
            ? status_json(*status, judgement)
            : status_text(*status, judgement, Paint(wants_color(options.color, STDOUT_FILENO))));
  return judgement.faults.empty() ? kDone : kFailed;
}

}  // namespace bulkhead::app
