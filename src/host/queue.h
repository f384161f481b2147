// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>

namespace bulkhead::host {

using Clock = std::chrono::steady_clock;

// A place in the queue of those who change this network namespace's rules: a lock on a file in /run
// that is held until the object goes. Only courtesy, so that many commands at once don't make each
// other's looks stale; that nothing is lost is the business of the kernel's generation. So failing
// to get it is no error.
class Queue {
 public:
  // Waits at most until `until`. /run is not writable for everyone, and a stopped process may hold
  // the lock.
  static Queue enter(Clock::time_point until,
                     const std::filesystem::path& folder = "/run/bulkhead");

  Queue(Queue&& other) noexcept;
  Queue& operator=(Queue&&) = delete;
  ~Queue();

  bool held() const { return fd_ >= 0; }

 private:
  explicit Queue(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace bulkhead::host
