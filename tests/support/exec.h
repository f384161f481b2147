// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bulkhead::testing {

// The machine refused something that a test stands on: no verdict about the product.
struct SupportError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// "what: No such file or directory", from errno.
[[noreturn]] void throw_errno(const std::string& what);

struct ExecOptions {
  std::string input = {};                     // what the program reads from stdin
  std::chrono::milliseconds timeout{20'000};  // then its process group is killed
  std::vector<std::pair<std::string, std::string>> environment = {};  // added to ours
  // Runs in the child before exec; false means: don't exec. Only system calls are safe there, since
  // other threads of ours may hold locks at the fork.
  std::function<bool()> in_child = {};
};

struct ExecResult {
  int exit_code = -1;  // 127: not found, 126: in_child said no; -1: see signal
  int signal = 0;
  bool timed_out = false;
  std::string out;
  std::string err;

  bool ok() const { return exit_code == 0; }
  // For a test's failure message: how it ended and what it said.
  std::string describe() const;
};

// Runs a program (looked up in PATH and in the sbin folders) to its end or to the time limit.
ExecResult exec(const std::vector<std::string>& argv, const ExecOptions& options = {});

}  // namespace bulkhead::testing
