// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/queue.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>

namespace bulkhead::host {

namespace {

// Every network namespace has its own rules, so each has its own queue.
int open_lock_file(const std::filesystem::path& folder) {
  struct stat name_space {};
  if (stat("/proc/self/ns/net", &name_space) != 0) return -1;
  mkdir(folder.c_str(), 0700);
  const auto file = folder / (std::to_string(name_space.st_ino) + ".lock");
  return open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

}  // namespace

Queue Queue::enter(Clock::time_point until, const std::filesystem::path& folder) {
  const int fd = open_lock_file(folder);
  if (fd < 0) return Queue(-1);
  // flock(2) knows no time limit, and an alarm would need a signal handler in every program that
  // links us.
  for (auto pause = std::chrono::milliseconds(1); flock(fd, LOCK_EX | LOCK_NB) != 0;) {
    const bool taken = errno == EWOULDBLOCK || errno == EINTR;
    if (!taken || Clock::now() + pause >= until) {
      close(fd);
      return Queue(-1);
    }
    std::this_thread::sleep_for(pause);
    if (pause < std::chrono::milliseconds(8)) pause *= 2;
  }
  return Queue(fd);
}

Queue::Queue(Queue&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Queue::~Queue() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace bulkhead::host
