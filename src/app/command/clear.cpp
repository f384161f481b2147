// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/clear.h"

#include <fmt/format.h>

#include "app/console.h"
#include "app/report.h"
#include "app/store.h"
#include "host/boot.h"

namespace bulkhead::app {

int run_clear(const ClearOptions& options) {
  const auto backend = open_backend();
  if (!backend) return report(backend.error());
  if (auto cleared = Store(**backend).clear(net::kFamilies, options.wait); !cleared) {
    return report(cleared.error());
  }
  print("nothing of bulkhead is enforced any more\n");

  if (options.saved) {
    if (auto forgotten = host::forget_saved(options.state_folder); !forgotten) {
      return report(forgotten.error());
    }
    print("the saved rules are forgotten: the next boot enforces nothing\n");
    return kDone;
  }
  const host::Saved saved = host::look_for_saved(options.state_folder);
  switch (saved.state) {
    case host::Saved::State::kNever: break;
    case host::Saved::State::kReadable:
      print(
          "the saved rules are still there, and the next boot loads them (to forget them: "
          "bulkhead clear --saved)\n");
      break;
    case host::Saved::State::kLost:
      print(
          fmt::format("{}, so the next boot closes the host (to forget that rules were saved: "
                      "bulkhead clear --saved)\n",
                      saved.why));
      break;
  }
  return kDone;
}

}  // namespace bulkhead::app
