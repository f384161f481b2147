// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <string_view>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "app/command/trace.h"
#include "app/json.h"

namespace bulkhead::app {

namespace {

using std::chrono::microseconds;

std::string_view word(TraceReport::Fate fate) {
  switch (fate) {
    case TraceReport::Fate::kAccepted: return "accepted";
    case TraceReport::Fate::kDropped: return "dropped";
    case TraceReport::Fate::kRejected: return "rejected";
    case TraceReport::Fate::kTaken: return "taken";
    case TraceReport::Fate::kLost: return "lost";
    case TraceReport::Fate::kMissed: return "missed";
  }
  return "";
}

std::string_view word(backend::TraceEvent::Verdict verdict) {
  switch (verdict) {
    case backend::TraceEvent::Verdict::kGoesOn: return "continue";
    case backend::TraceEvent::Verdict::kAccept: return "accept";
    case backend::TraceEvent::Verdict::kDrop: return "drop";
    case backend::TraceEvent::Verdict::kReturn: return "return";
    case backend::TraceEvent::Verdict::kJump: return "jump";
    case backend::TraceEvent::Verdict::kQueue: return "queue";
    case backend::TraceEvent::Verdict::kTaken: return "taken";
  }
  return "";
}

auto since_epoch(const TraceReport& report) {
  return std::chrono::floor<microseconds>(report.time).time_since_epoch().count();
}

// 14:03:07.123456, as clocks here show it.
std::string clock_text(const TraceReport& report) {
  constexpr int64_t kSecond = 1'000'000;
  const auto all = since_epoch(report);
  return fmt::format("{:%H:%M:%S}.{:06}", fmt::localtime(static_cast<time_t>(all / kSecond)),
                     all % kSecond);
}

std::string verdict_line(const TraceReport& report, const Paint& paint) {
  const std::string decided = printable(report.decided);
  switch (report.fate) {
    case TraceReport::Fate::kAccepted:
      return fmt::format(
          "{}{}", paint.good("accepted"),
          decided.empty() ? ": no rule of table filter stands in its way" : " by " + decided);
    case TraceReport::Fate::kDropped:
    case TraceReport::Fate::kRejected:
      return fmt::format("{} by {}{}", paint.bad(word(report.fate)), decided,
                         report.why.empty() ? "" : ": " + report.why);
    case TraceReport::Fate::kTaken:
      return fmt::format("{} by {}: handed to a program or to another part of the kernel",
                         paint.warning("taken"), decided);
    case TraceReport::Fate::kLost:
      return fmt::format(
          "{}{}, and no nf_tables rule dropped it: the kernel's routing (is "
          "forwarding on?) or iptables-legacy did",
          paint.bad("lost"), decided.empty() ? "" : " behind " + decided);
    case TraceReport::Fate::kMissed:
      return fmt::format("{}{}: events came faster than they could be read",
                         paint.warning("not heard of to its end"),
                         decided.empty() ? "" : ", last seen in " + decided);
  }
  return "";
}

}  // namespace

std::string trace_text(const TraceReport& report, const Paint& paint) {
  std::string text =
      fmt::format("{} {}\n", paint.faint(clock_text(report)), paint.strong(report.packet));
  size_t table = 0;
  size_t chain = 0;
  size_t number = 0;
  for (const TraceRow& row : report.rows) {
    table = std::max(table, row.table.size());
    chain = std::max(chain, row.chain.size());
    if (row.number) number = std::max(number, std::to_string(*row.number).size());
  }
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const TraceRow& row = report.rows[i];
    const std::string rule = printable(row.text);
    const bool last = i + 1 == report.rows.size();
    text += fmt::format("    {}  {:<{}}  {:>{}}  {}\n",
                        paint.faint(fmt::format("{:<{}}", printable(row.table), table)),
                        printable(row.chain), chain, row.number ? std::to_string(*row.number) : "",
                        number, last ? paint.strong(rule) : rule);
  }
  return text + fmt::format("    {}\n\n", verdict_line(report, paint));
}

std::string trace_json(const TraceReport& report) {
  Json steps = Json::array();
  for (const TraceRow& row : report.rows) {
    Json step{{"table", row.table}, {"chain", row.chain}};
    if (row.number) step["number"] = *row.number;
    if (row.handle) {
      step["handle"] = *row.handle;
    } else {
      step["rule"] = row.text;
    }
    step["verdict"] = word(row.verdict);
    steps.push_back(std::move(step));
  }
  Json all{{"time", static_cast<double>(since_epoch(report)) / 1e6},
           {"family", net::family_word(report.family)},
           {"packet", report.packet},
           {"verdict", word(report.fate)}};
  if (report.fate == TraceReport::Fate::kLost || report.fate == TraceReport::Fate::kMissed) {
    all["last_seen"] = report.decided;
  } else {
    all["decided_by"] = report.decided;
  }
  if (!report.why.empty()) all["why"] = report.why;
  all["steps"] = std::move(steps);
  return all.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string trace_summary(const TraceTotals& totals) {
  size_t packets = 0;
  for (const auto& [fate, count] : totals.fates) packets += count;
  std::string text = counted(packets, "packet", "packets");
  const char* before = ": ";
  for (const auto& [fate, count] : totals.fates) {
    text += fmt::format("{}{} {}", before, count, word(fate));
    before = ", ";
  }
  if (totals.lost_events != 0) {
    text += fmt::format(
        "\nwarning: events came faster than they could be read ({}): packets are missing, or told "
        "in part",
        counted(totals.lost_events, "time", "times"));
  }
  return text + "\n";
}

}  // namespace bulkhead::app
