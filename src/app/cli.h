// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace bulkhead::app {

// The program `bulkhead`, whose commands are in command/. Gives the exit code.
int bulkhead_main(int argc, char** argv);

}  // namespace bulkhead::app
