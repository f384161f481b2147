// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "app/console.h"
#include "app/explanation.h"
#include "app/who.h"

namespace bulkhead::app {

struct ExplainOptions {
  std::string packet;  // in words: net/packet_text.h
  // These rules instead of the kernel's; or one word, "kernel" or "saved".
  std::vector<std::string> files;
  bool connection = false;
  // Instead of a packet: who can reach this service, at the filter of this direction.
  std::string who;
  net::Direction direction = net::Direction::kInput;
  pass::AnalysisLimits limits;
  Color color = Color::kAuto;
  bool json = false;
};

std::string explain_text(const Explanation& explanation, const Paint& paint);
std::string explain_text(const ConnectionExplanation& connection, const Paint& paint);
std::string explain_json(const Explanation& explanation, const std::vector<std::string>& others);
std::string explain_json(const ConnectionExplanation& connection,
                         const std::vector<std::string>& others);

struct WhoAnswer {
  net::Family family = net::Family::kIpv4;
  std::vector<WhoGroup> groups;
  std::string without_rules = "there are no rules";  // where nothing decides
  std::vector<LedHere> led = {};
};
std::string who_text(const ExplainOptions& options, const std::vector<WhoAnswer>& answers,
                     const Paint& paint);
std::string who_json(const ExplainOptions& options, const std::vector<WhoAnswer>& answers);

int run_who(const ExplainOptions& options);

// What the rules do with a packet, and why. Exits 0 whatever the verdict is; of a connection, 1 if
// it doesn't work.
int run_explain(const ExplainOptions& options);

}  // namespace bulkhead::app
