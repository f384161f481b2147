// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What one traced packet met, told by the rules as they are written. Pure.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/packet_trace.h"
#include "app/store.h"
#include "ir/ruleset.h"

namespace bulkhead::app {

// Every rule and policy that is in force, by its id.
class WrittenRules {
 public:
  struct Entry {
    std::string table;
    std::string chain;
    std::optional<size_t> number;  // from 1; nullopt: the policy
    std::string text;              // as -S prints it, without "-A CHAIN"; "policy DROP"
    bool rejects = false;
  };

  WrittenRules() = default;
  explicit WrittenRules(const View& view);

  const Entry* find(net::Family family, ir::RuleId id) const;

 private:
  std::map<std::pair<net::Family, ir::RuleId>, Entry> entries_;
};

// A rule that matched, or a policy that was asked for.
struct TraceRow {
  std::string table;  // of another program: "inet theirs"
  std::string chain;
  std::optional<size_t> number;  // of a rule of ours
  std::string text;
  backend::TraceEvent::Verdict verdict = backend::TraceEvent::Verdict::kGoesOn;
  std::optional<uint64_t> handle{};  // where the rules as written don't have it; 0: a policy
};

struct TraceReport {
  enum class Fate : uint8_t {
    kAccepted,
    kDropped,
    kRejected,
    kTaken,   // handed to a program or to another part of the kernel
    kLost,    // it ended, or waits, where no rule of nf_tables sees it
    kMissed,  // what became of it was not heard
  };

  std::chrono::system_clock::time_point time;
  net::Family family = net::Family::kIpv4;
  std::string packet;          // in the words of net/packet_text.h
  std::vector<TraceRow> rows;  // in the kernel's order
  Fate fate = Fate::kLost;
  // "rule 2 of ssh", "the policy of INPUT", "nft table inet theirs, chain in (rule with handle 7)";
  // empty: nothing did. Of kLost and kMissed: the last hook that saw it.
  std::string decided;
  std::string why;  // where that isn't in the rule: a header that is cut off
};

// Policies that accept are told of table filter only.
TraceReport report_of(const PacketTrace& trace, const WrittenRules& rules);

}  // namespace bulkhead::app
