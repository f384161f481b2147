// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/save.h"

#include <fmt/format.h>

#include "app/console.h"
#include "app/report.h"
#include "app/rules_text.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

Result<void> check_worth_saving(const View& view, const host::Saved& before) {
  for (const net::Family family : net::kFamilies) {
    if (!view.of(family).damage.empty()) return damaged(family, view.of(family).damage);
  }
  for (const net::Family family : net::kFamilies) {
    if (!is_missed(view.of(family), before)) continue;
    return Error{.kind = ErrorKind::kRefused,
                 .message = fmt::format("no {} rules are loaded, and those that are saved would be "
                                        "lost",
                                        family_name(family)),
                 .hint =
                     "to load them: bulkhead boot; to forget them, so that a boot enforces "
                     "nothing: bulkhead clear --saved"};
  }
  if (before.state == host::Saved::State::kLost && !view.v4.present && !view.v6.present) {
    return Error{.kind = ErrorKind::kRefused,
                 .message = fmt::format("no rules are loaded, and {}", before.why),
                 .hint =
                     "load the rules first: bulkhead apply FILE; to have none, also after a "
                     "boot: bulkhead clear --saved"};
  }
  return {};
}

}  // namespace

host::SavedRules rules_to_save(const View& view) {
  const auto text = [](const Loaded& family) {
    return family.present ? rules_text(family.rules, Counts::kLeftOut) : std::string();
  };
  return {.v4 = text(view.v4), .v6 = text(view.v6)};
}

bool is_missed(const Loaded& loaded, const host::Saved& saved) {
  const bool v4 = loaded.rules.family == net::Family::kIpv4;
  return !loaded.present && !(v4 ? saved.rules.v4 : saved.rules.v6).empty();
}

int run_save(const SaveOptions& options) {
  const auto backend = open_backend();
  if (!backend) return report(backend.error());
  const auto view = Store(**backend).look();
  if (!view) return report(view.error());
  const auto fine = check_worth_saving(*view, host::look_for_saved(options.state_folder));
  if (!fine) {
    Error error = fine.error();
    error.message = "nothing was saved: " + error.message;
    return report(error);
  }
  if (auto saved = host::save(options.state_folder, rules_to_save(*view)); !saved) {
    return report(saved.error());
  }
  print(fmt::format("saved to {}: {}\n", (options.state_folder / host::kSavedName).string(),
                    summary(*view)));
  if (!view->v4.present && !view->v6.present) {
    warn("no rules are in force, so that is what every boot will load");
  }
  return kDone;
}

}  // namespace bulkhead::app
