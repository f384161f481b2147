// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/packet_trace.h"

#include <algorithm>
#include <utility>

namespace bulkhead::app {

namespace {

using backend::TraceEvent;
using Clock = std::chrono::steady_clock;

// Hooks of one way count upwards (ir::Hook), and chains of one hook by their priority.
std::optional<std::pair<ir::Hook, int32_t>> place(const TraceEvent& event) {
  if (!event.hook || !event.seen) return {};
  return std::pair(*event.hook, event.priority);
}

}  // namespace

bool PacketTraces::begins(const TraceEvent& event, const PacketTrace* open) const {
  if (!event.seen) return false;
  if (!listens_) return event.kind == TraceEvent::Kind::kStarted;
  if (open == nullptr) return event.kind != TraceEvent::Kind::kArrived;
  const auto here = place(event);
  if (!here) return false;
  return std::ranges::any_of(open->steps, [&](const TraceEvent& step) {
    const auto before = place(step);
    return before && *here < *before;
  });
}

void PacketTraces::add(TraceEvent event, Moment now) {
  const uint32_t packet = event.packet;
  const auto found = open_.find(packet);
  if (begins(event, found == open_.end() ? nullptr : &found->second)) {
    if (found != open_.end()) complete(packet);
    open_.emplace(packet, PacketTrace{.began = now, .last = now.steady, .steps = {}});
  }
  const auto trace = open_.find(packet);
  if (trace == open_.end()) return;
  const bool ends =
      event.verdict == TraceEvent::Verdict::kDrop || event.kind == TraceEvent::Kind::kArrived;
  trace->second.last = now.steady;
  trace->second.steps.push_back(std::move(event));
  if (ends) complete(packet);
}

void PacketTraces::miss() {
  for (auto& [packet, trace] : open_) trace.gaps = true;
}

void PacketTraces::complete(uint32_t packet) {
  complete_.push_back(std::move(open_.extract(packet).mapped()));
}

std::vector<PacketTrace> PacketTraces::take(Clock::time_point now) {
  std::vector<std::pair<Clock::time_point, uint32_t>> quiet;
  for (const auto& [packet, trace] : open_) {
    if (trace.last + kQuiet <= now) quiet.emplace_back(trace.last, packet);
  }
  std::ranges::sort(quiet);
  for (const auto& [last, packet] : quiet) complete(packet);
  return std::exchange(complete_, {});
}

std::optional<Clock::time_point> PacketTraces::next() const {
  std::optional<Clock::time_point> first;
  for (const auto& [packet, trace] : open_) {
    if (!first || trace.last + kQuiet < *first) first = trace.last + kQuiet;
  }
  return first;
}

}  // namespace bulkhead::app
