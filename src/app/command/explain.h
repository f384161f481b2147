// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "app/console.h"
#include "app/explanation.h"

namespace bulkhead::app {

struct ExplainOptions {
  std::string packet;              // in words: net/packet_text.h
  std::vector<std::string> files;  // these rules instead of the kernel's
  bool connection = false;
  Color color = Color::kAuto;
  bool json = false;
};

std::string explain_text(const Explanation& explanation, const Paint& paint);
std::string explain_text(const ConnectionExplanation& connection, const Paint& paint);
std::string explain_json(const Explanation& explanation, const std::vector<std::string>& others);
std::string explain_json(const ConnectionExplanation& connection,
                         const std::vector<std::string>& others);

// What the rules do with a packet, and why. Exits 0 whatever the verdict is.
int run_explain(const ExplainOptions& options);

}  // namespace bulkhead::app
