// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What the kernel table carries so that the rules can be read back as they were written:
//
//   bulkhead 1
//   family ip
//   change 5f1c...            random, so that no two sources are alike (host/transaction.h)
//   next 118
//   ids 1-12 40 13-117        of policies and rules, in the order of each_counted()
//
//   *filter ...               canonical iptables-save -c text; its counters are offsets to the
//   kernel's
//
// Text, because the parser and the printer are there anyway and are the most tested part of the
// house.

#include <string>
#include <string_view>

#include "core/result.h"
#include "ir/ruleset.h"

namespace bulkhead::app {

// Needs ids everywhere.
std::string write_source(const ir::Ruleset& offsets, std::string_view change);

// The ruleset with its ids, offsets for counters. kDamaged where the text isn't one that
// write_source() gives.
Result<ir::Ruleset> read_source(std::string_view text, net::Family family);

}  // namespace bulkhead::app
