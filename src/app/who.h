// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Who can reach a service: sets of sources instead of one packet.

#include <string>
#include <vector>

#include "app/refutation.h"
#include "pass/analysis.h"
#include "policy/claims.h"

namespace bulkhead::app {

// New connections to the service that one rule (or a policy) lets through.
struct WhoGroup {
  std::vector<std::string> packets;  // in words, each a product of conditions: "from 192.0.2.1"
  bool more = false;                 // there are others that found no place here
  bool surely = true;                // false: an unknown (a limit, a translation) decides, too
  std::optional<Decider> decider;    // none: there are no rules
};

// Empty: nobody. In the order of the rules; those of the policy last.
Result<std::vector<WhoGroup>> who_reaches(const ir::Ruleset& rules, const policy::Services& service,
                                          net::Direction direction,
                                          const pass::AnalysisLimits& limits);

// A rule of table nat that leads what was sent to other ports to the service: who_reaches() has
// looked at what was sent to the service itself.
struct LedHere {
  std::string chain;
  size_t number = 0;    // from 1
  std::string packets;  // "tcp port 2222"
  std::string to;       // "10.0.0.2:22"; empty: this host
  std::string service;  // to ask for them, "tcp/2222"; empty: it has no such words
};
std::vector<LedHere> led_to(const ir::Ruleset& rules, const policy::Services& service,
                            net::Direction direction);

}  // namespace bulkhead::app
