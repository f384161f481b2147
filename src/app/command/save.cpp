// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/save.h"

#include <fmt/format.h>

#include "app/console.h"
#include "app/report.h"
#include "app/rules_text.h"
#include "app/summary.h"

namespace bulkhead::app {

host::SavedRules rules_to_save(const View& view) {
  const auto text = [](const Loaded& family) {
    return family.present ? rules_text(family.rules, Counts::kLeftOut) : std::string();
  };
  return {.v4 = text(view.v4), .v6 = text(view.v6)};
}

int run_save(const SaveOptions& options) {
  const auto backend = open_backend();
  if (!backend) return report(backend.error());
  const auto view = Store(**backend).look();
  if (!view) return report(view.error());
  for (const net::Family family : net::kFamilies) {
    if (!view->of(family).damage.empty()) {
      return report(
          {.kind = ErrorKind::kDamaged,
           .message = fmt::format("nothing was saved: the table `{} bulkhead' is damaged: {}",
                                  net::family_word(family), view->of(family).damage),
           .hint = "a full load replaces it: bulkhead apply FILE, or bulkhead boot"});
    }
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
