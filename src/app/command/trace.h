// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/trace_report.h"

namespace bulkhead::app {

struct TraceOptions {
  std::optional<net::Family> family;
  std::vector<std::string> words;  // which packets: a rule's matches; none: all
  bool listen = false;             // choose none: only hear of those that a rule has marked
  std::optional<size_t> count;     // packets to tell of, then it ends; 0: no end
  std::optional<std::chrono::seconds> time;
  Color color = Color::kAuto;
  bool json = false;
};

// What came in all.
struct TraceTotals {
  std::map<TraceReport::Fate, size_t> fates;
  size_t lost_events = 0;  // how often some were missing
};

std::string trace_text(const TraceReport& report, const Paint& paint);
std::string trace_json(const TraceReport& report);  // one line
std::string trace_summary(const TraceTotals& totals);

// Tells of live packets until an interrupt, its count or its time ends it.
int run_trace(const TraceOptions& options);

}  // namespace bulkhead::app
