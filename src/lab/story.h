// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "lab/scene.h"

namespace bulkhead::lab {

// The seed's story, chapter by chapter. A chapter fails only if the lab itself can't go on; what
// isn't as expected is in the report.
Result<void> play_story(Scene& scene);

// The chapters, in their order.
Result<void> play_open_server(Scene& scene);  // nothing is filtered; who reaches what
Result<void> play_rules(Scene& scene);  // the seed's commands up to the policies, and what they do
Result<void> play_answers(Scene& scene);        // curl hangs, why, and the rule that it takes
Result<void> play_closed_server(Scene& scene);  // who reaches what now
Result<void> play_restart(Scene& scene);        // bulkhead save, a restart, bulkhead boot
Result<void> play_loss(Scene& scene);           // the same without the saved file: closed
Result<void> play_cron(Scene& scene);           // the seed's own way: a script, run by @reboot

// The rules as `iptables -S` has them at the end, and who may reach what then.
const std::vector<std::string>& final_rules();
const std::vector<std::string>& final_reach();

}  // namespace bulkhead::lab
