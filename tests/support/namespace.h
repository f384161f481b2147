// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/exec.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {

// Why kernel tests can't run here (not root, no namespaces); nothing if they can. For GTEST_SKIP().
std::optional<std::string> kernel_tests_obstacle();

// A network namespace with lo up, and a mount namespace whose /run is a tmpfs of its own
// (xtables.lock and our own files live there). Held by two file descriptors alone: no process to
// lose; when they are closed the kernel takes everything down, also after a crash of the test.
// Nothing is done in it before it is certain that it is not the namespace that the test was started
// in.
class NetNamespace {
 public:
  NetNamespace();

  // Runs a program inside. options.in_child is overwritten.
  ExecResult exec(const std::vector<std::string>& argv, ExecOptions options = {}) const;
  // The same, and a SupportError with its output unless it exits 0. Gives stdout.
  std::string must_exec(const std::vector<std::string>& argv, ExecOptions options = {}) const;

  // Runs a function on a thread of its own inside; waits for it; its exception comes out here.
  // Sockets and tun devices that it opens stay in the namespace wherever they are used later.
  void run(const std::function<void()>& function) const;

  // "net.ipv4.ip_forward" or "net/ipv4/conf/eth0.1/rp_filter".
  void set_sysctl(std::string_view name, std::string_view value) const;
  std::string sysctl(std::string_view name) const;  // without the line's end

  // For ip(8), which takes /proc/PID/fd/N for a namespace.
  int net_fd() const { return net_.get(); }

 private:
  bool enter() const;  // only system calls; the calling thread is inside afterwards

  UniqueFd net_;
  UniqueFd mount_;
  ino_t outer_ = 0;  // of the network namespace that we were started in
  ino_t inner_ = 0;
};

}  // namespace bulkhead::testing
