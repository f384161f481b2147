// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "lab/system.h"

namespace bulkhead::lab {

using Milliseconds = std::chrono::milliseconds;

// Where a process is to run: the namespaces (CLONE_NEW... flags) of the process `pid`.
struct Place {
  pid_t pid = 0;
  int namespaces = 0;
};

// -1 stands for /dev/null.
struct Streams {
  int in = -1;
  int out = -1;
  int err = -1;
};

using Work = std::function<int()>;

// Runs `work` in a process of its own in `place` and gives the pid of a process that ends with it,
// with its status, and leads a process group that holds them both: what must end early is killed by
// kill(-pid).
Result<pid_t> spawn(const Place& place, const Streams& streams, const Work& work);

// The same for a process that nobody waits for: it goes when the pid namespace that it runs in
// goes.
Result<void> spawn_detached(const Place& place, const Streams& streams, const Work& work);

// A Work that replaces the process by a program, with a clean environment.
Work program(std::vector<std::string> words);

struct Command {
  std::vector<std::string> words;
  std::string input;
  Milliseconds timeout{10'000};
};

struct Finished {
  int status = 0;  // as a shell has it: 128 + signal for a killed one
  bool timed_out = false;
  std::string output;  // stdout and stderr in the order they came
};

Result<Finished> run(const Place& place, const Command& command);

// The status of a process that has ended or ends now, as a shell has it.
int wait_for(pid_t pid);

}  // namespace bulkhead::lab
