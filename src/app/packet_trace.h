// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The steps of a trace, which come mixed, packet by packet. Pure: the time is told.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/trace.h"
#include "core/result.h"

namespace bulkhead::app {

// When something came: by the clock on the wall for people, by the other one for waiting.
struct Moment {
  std::chrono::system_clock::time_point wall;
  std::chrono::steady_clock::time_point steady;
};

struct PacketTrace {
  Moment began;
  std::chrono::steady_clock::time_point last;  // when its last step came
  std::vector<backend::TraceEvent> steps;
  bool gaps = false;  // some of its steps may be missing
};

// What a packet's steps come to: nothing more is to be expected of it
//   - when it was dropped, or has arrived,
//   - when another packet comes under its number,
//   - when it has been quiet for long: the kernel goes from hook to hook within microseconds (if
//     the machine is busy, some milliseconds), so it ended where no rule of nf_tables sees it, or
//     waits for a program.
class PacketTraces {
 public:
  static constexpr std::chrono::milliseconds kQuiet{1000};

  // listens: packets that anything has marked are taken, from wherever they are first seen. False:
  // only those that our own trace has chosen.
  explicit PacketTraces(bool listens) : listens_(listens) {}

  void add(backend::TraceEvent event, Moment now);
  // Steps are missing behind those that were added.
  void miss();

  // Those that are complete, in the order in which they became so.
  std::vector<PacketTrace> take(std::chrono::steady_clock::time_point now);
  // When take() will give one though nothing comes; nothing if none is on its way.
  std::optional<std::chrono::steady_clock::time_point> next() const;

 private:
  bool begins(const backend::TraceEvent& event, const PacketTrace* open) const;
  void complete(uint32_t packet);

  bool listens_;
  std::map<uint32_t, PacketTrace> open_;
  std::vector<PacketTrace> complete_;
};

// A trace by the back end that this program enforces with.
Result<std::unique_ptr<backend::Tracer>> open_tracer(std::span<const backend::TraceStart> starts);

}  // namespace bulkhead::app
