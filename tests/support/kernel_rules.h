// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/namespace.h"

namespace bulkhead::testing {

// A chain's rules in their order, each as the bytes of its expressions: all that the kernel does
// with a packet, without counts, handle and user data.
using KernelRules = std::map<std::string, std::vector<std::string>>;

// All chains and rules of one of the namespace's nf_tables tables of family ip, read from the
// kernel without a line of the product; empty if there is no such table. Sets are not followed. A
// SupportError where the kernel doesn't answer.
KernelRules kernel_rules(const NetNamespace& net, std::string_view table);

}  // namespace bulkhead::testing
