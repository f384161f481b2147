// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/trace_report.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "app/rules_text.h"
#include "net/packet_read.h"
#include "net/packet_text.h"

namespace bulkhead::app {

namespace {

using backend::TraceEvent;
using Kind = TraceEvent::Kind;

constexpr std::string_view kFilter = "filter";
// The printer leaves out a state that has no word.
constexpr auto kStateUnknown = static_cast<net::PacketState>(0);

std::string_view hook_name(ir::Hook hook) {
  static constexpr std::array<std::string_view, 5> kHooks = {"PREROUTING", "INPUT", "FORWARD",
                                                             "OUTPUT", "POSTROUTING"};
  return kHooks[static_cast<size_t>(hook)];
}

// As it came, with what later hooks know beside: the way out, the connection's state.
std::string packet_words(const PacketTrace& trace) {
  net::PacketText packet{.state = kStateUnknown};
  bool first = true;
  for (const TraceEvent& step : trace.steps) {
    if (!step.seen) continue;
    if (first) {
      const auto fields = net::read_packet(step.seen->network, step.seen->transport);
      if (!fields) return "a packet whose header is cut off";
      packet.fields = *fields;
      packet.in_interface = step.seen->in_interface;
      packet.mark = step.seen->mark;
      first = false;
    }
    if (!step.seen->out_interface.empty()) packet.out_interface = step.seen->out_interface;
    if (step.seen->state && packet.state == kStateUnknown)
      packet.state = static_cast<net::PacketState>(*step.seen->state);
  }
  return first ? "a packet" : net::to_string(packet);
}

std::string_view verdict_text(TraceEvent::Verdict verdict) {
  switch (verdict) {
    case TraceEvent::Verdict::kGoesOn: return "goes on";
    case TraceEvent::Verdict::kAccept: return "accept";
    case TraceEvent::Verdict::kDrop: return "drop";
    case TraceEvent::Verdict::kReturn: return "return";
    case TraceEvent::Verdict::kJump: return "jump";
    case TraceEvent::Verdict::kQueue: return "queue";
    case TraceEvent::Verdict::kTaken: return "taken";
  }
  return "";
}

// A rule that the source doesn't have, as nft(8) would show it.
TraceRow unwritten(const TraceEvent& step) {
  return {.table = fmt::format("{} {}", step.table_family, step.table),
          .chain = step.chain,
          .number = {},
          .text = step.handle == 0 ? fmt::format("policy {}", verdict_text(step.verdict))
                                   : fmt::format("rule with handle {}: {}", step.handle,
                                                 verdict_text(step.verdict)),
          .verdict = step.verdict,
          .handle = step.handle};
}

std::string decided_by(const TraceRow& row) {
  if (row.handle) {
    return fmt::format(
        "nft table {}, chain {} ({})", row.table, row.chain,
        *row.handle == 0 ? "its policy" : fmt::format("rule with handle {}", *row.handle));
  }
  return fmt::format("{} of {}{}",
                     row.number ? fmt::format("rule {}", *row.number) : std::string("the policy"),
                     row.chain, row.table == kFilter ? "" : fmt::format(" in table {}", row.table));
}

// Goes through the steps of one packet.
class Teller {
 public:
  Teller(const WrittenRules& rules, TraceReport& report) : rules_(rules), report_(report) {}

  void take(const TraceEvent& step) {
    if (step.hook) hook_ = step.hook;
    switch (step.kind) {
      case Kind::kArrived: arrived_ = true; break;
      case Kind::kCheck: check(step); break;
      case Kind::kRule:
      case Kind::kPolicy: ours(step); break;
      case Kind::kOther: other(step); break;
      case Kind::kStarted:
      case Kind::kNothing: break;
    }
  }

  void finish(bool gaps) {
    if (ended_) return;
    if (arrived_) {
      report_.fate = TraceReport::Fate::kAccepted;
      report_.decided = accepted_by_;
    } else if (hook_) {
      report_.decided = hook_name(*hook_);
    }
    if (!arrived_ && gaps) report_.fate = TraceReport::Fate::kMissed;
  }

 private:
  void ours(const TraceEvent& step) {
    const WrittenRules::Entry* entry = rules_.find(step.family, step.rule);
    if (entry == nullptr) return other(step);
    TraceRow row = written(*entry, step.verdict);
    const bool filter = entry->table == kFilter;
    if (filter && step.verdict == TraceEvent::Verdict::kAccept) accepted_by_ = decided_by(row);
    if (step.kind == Kind::kPolicy && step.verdict == TraceEvent::Verdict::kAccept && !filter)
      return;
    add(std::move(row), entry->rejects);
  }

  // A check that a packet passes is none of a rule's words. In the check's own chain no rule is
  // named: it is that of the jump.
  void check(const TraceEvent& step) {
    if (step.rule != ir::kNoId) checked_ = step.rule;
    if (step.verdict != TraceEvent::Verdict::kDrop) return;
    const WrittenRules::Entry* entry = rules_.find(step.family, checked_);
    report_.why = "the header that it asks for is cut off";
    if (entry == nullptr) return add(unwritten(step), false);
    add(written(*entry, step.verdict), false);
  }

  void other(const TraceEvent& step) {
    if (step.handle == 0 && step.verdict == TraceEvent::Verdict::kAccept) return;
    add(unwritten(step), false);
  }

  static TraceRow written(const WrittenRules::Entry& entry, TraceEvent::Verdict verdict) {
    return {.table = entry.table,
            .chain = entry.chain,
            .number = entry.number,
            .text = entry.text,
            .verdict = verdict};
  }

  void add(TraceRow row, bool rejects) {
    const TraceEvent::Verdict verdict = row.verdict;
    const bool taken =
        verdict == TraceEvent::Verdict::kQueue || verdict == TraceEvent::Verdict::kTaken;
    if (verdict == TraceEvent::Verdict::kDrop || taken) {
      ended_ = true;
      report_.fate = taken     ? TraceReport::Fate::kTaken
                     : rejects ? TraceReport::Fate::kRejected
                               : TraceReport::Fate::kDropped;
      report_.decided = decided_by(row);
    }
    report_.rows.push_back(std::move(row));
  }

  const WrittenRules& rules_;
  TraceReport& report_;
  std::optional<ir::Hook> hook_;
  ir::RuleId checked_ = ir::kNoId;
  std::string accepted_by_;
  bool arrived_ = false;
  bool ended_ = false;
};

}  // namespace

WrittenRules::WrittenRules(const View& view) {
  for (const net::Family family : net::kFamilies) {
    for (const ir::Table& table : view.of(family).rules.tables) {
      for (const ir::Chain& chain : table.chains) {
        if (chain.policy) {
          const bool drop = *chain.policy == ir::Policy::kDrop;
          entries_[{family, chain.policy_id}] = {.table = table.name,
                                                 .chain = chain.name,
                                                 .number = {},
                                                 .text = drop ? "policy DROP" : "policy ACCEPT"};
        }
        size_t number = 1;
        for (const ir::Rule& rule : chain.rules) {
          entries_[{family, rule.id}] = {
              .table = table.name,
              .chain = chain.name,
              .number = number++,
              .text = rule_words(rule, family),
              .rejects = std::holds_alternative<ir::Reject>(rule.target.action)};
        }
      }
    }
  }
}

const WrittenRules::Entry* WrittenRules::find(net::Family family, ir::RuleId id) const {
  const auto found = entries_.find({family, id});
  return found == entries_.end() ? nullptr : &found->second;
}

TraceReport report_of(const PacketTrace& trace, const WrittenRules& rules) {
  TraceReport report{.time = trace.began.wall, .packet = packet_words(trace), .rows = {}};
  if (!trace.steps.empty()) report.family = trace.steps.front().family;
  Teller teller(rules, report);
  for (const TraceEvent& step : trace.steps) teller.take(step);
  teller.finish(trace.gaps);
  return report;
}

}  // namespace bulkhead::app
