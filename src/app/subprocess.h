// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace bulkhead::app {

struct Finished {
  int status = -1;  // the exit code, or 128 and the signal
  std::string output;
  std::string errors;
};

// Where a program of the system lies: only in the folders of root's own, whatever PATH says. Empty:
// nowhere.
std::string find_program(std::string_view name);

// Runs a program, given by its path, to its end. Its stdin is `input`.
Result<Finished> run_program(const std::vector<std::string>& argv, std::string_view input = {});

}  // namespace bulkhead::app
