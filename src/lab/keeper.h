// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "lab/system.h"

namespace bulkhead::lab {

// Keeps a world up after its story. Between the program that the user started, the world that
// stays, and the later `bulkhead-lab down`: a pipe says to the first that it may go; an abstract
// socket in the machine's network namespace (no file, and gone with the world) takes the last one's
// word.
class Keeper {
 public:
  // Before the world is made, in the machine's network namespace.
  Result<void> listen();

  // In the world: lets the caller go with `status` and stays until it is told to end.
  [[noreturn]] void keep(int status);

  // In the caller: readable when the world has been left to itself; -1 if nothing is to be kept.
  int notice() const { return notice_.read.get(); }
  // The status that came with it; -1 if the world ended instead.
  int status() const;

  // Ends every world that this user kept; gives how many.
  static Result<int> end_all();

 private:
  Fd listener_;
  Pipe notice_;
};

}  // namespace bulkhead::lab
