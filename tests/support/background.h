// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/exec.h"
#include "support/namespace.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {

// A program that runs in a namespace beside the test, until it ends or this goes away. What takes
// longer than some seconds is a SupportError that shows all it has said.
class Background {
 public:
  Background(const NetNamespace& net, const std::vector<std::string>& argv);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Waits until it has said that, on stderr or stdout; so many times.
  void wait_for_err(std::string_view words);
  void wait_for_out(std::string_view words, size_t times = 1);
  void send(int signal) const;
  // Waits until it has stopped (SIGSTOP).
  void wait_until_stopped() const;
  // Waits for its end.
  ExecResult finish();

 private:
  bool read_some(int milliseconds);  // false: both pipes are closed
  void wait_for(const std::string& text, std::string_view words, size_t times);

  pid_t pid_ = -1;
  UniqueFd out_;
  UniqueFd err_;
  ExecResult result_;
};

}  // namespace bulkhead::testing
