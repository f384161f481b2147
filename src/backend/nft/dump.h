// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// A program as text, for people and for golden tests. Bytes are in hex, in the order they have in
// the packet or in the kernel's register.

#include <span>
#include <string>

#include "backend/nft/program.h"

namespace bulkhead::backend::nft {

// "[ payload load 2b @ transport + 2 => reg 1 ]". Registers are named as the kernel names them.
std::string dump(const Expr& expression);
// One a line.
std::string dump(std::span<const Expr> expressions);
// Chains with their hooks, rules with their ids, expressions.
std::string dump(const Program& program);

}  // namespace bulkhead::backend::nft
