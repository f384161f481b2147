// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Whether claims hold of rules, by the algebra of packet sets. Pure but for the time that it takes.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/packet_text.h"
#include "pass/analysis.h"
#include "policy/lower.h"

namespace bulkhead::app {

// A packet that breaks a claim.
struct CounterExample {
  net::Family family = net::Family::kIpv4;
  net::Direction direction = net::Direction::kInput;
  policy::Step::What step = policy::Step::What::kPackets;
  bool passes = false;   // false: it is stopped
  bool certain = false;  // whichever way the unknowns fall
  net::PacketText packet;
  // What is beside the packet's words: a header that is cut off.
  std::string beside;
  // What the kernel's own matches are taken to answer, by set::question_of().
  std::map<std::string, bool> answers;
};

struct Answer {
  enum class State : uint8_t {
    kProved,
    kRefuted,
    kUndecided,
    kEmpty  // there is no such packet, so nothing was shown
  };
  State state = State::kUndecided;
  std::optional<CounterExample> example;  // kRefuted
  std::optional<CounterExample> other;    // kSame: the packet of the other family
  std::string why;                        // kUndecided
};

// What is said of a claim: of each family that it is about and that there are rules for, and of the
// two together where they are compared.
struct Proof {
  std::map<net::Family, Answer> families;
  std::optional<Answer> both;

  Answer::State state() const;
};

// One for each claim, in order. A claim that was decided before a limit was met stays decided.
// Needs verified rulesets, at most one of a family.
std::vector<Proof> prove(const std::vector<ir::Ruleset>& rulesets,
                         const std::vector<policy::Claim>& claims,
                         const pass::AnalysisLimits& limits);

// Whether IPv6 answers as IPv4 does: for every protocol, port, interface and state of the claim,
// nobody, somebody or everybody gets through with both. `since`: when the time has begun.
Answer same_answers(const ir::Ruleset& v4, const ir::Ruleset& v6, const policy::Claim& claim,
                    const pass::AnalysisLimits& limits,
                    std::chrono::steady_clock::time_point since);

// The packet of a set that is shown, with what the rules make of it. Needs a set that isn't empty.
CounterExample example_of(set::Model& model, set::Node set, const policy::Packets& packets,
                          bool passes);

}  // namespace bulkhead::app
