// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/family.h"

namespace bulkhead::fuzz {

// A new row is fuzzed from its first day: its own examples and words are what the fuzzers begin
// with.
struct RowExample {
  std::string_view row;
  bool is_target = false;
  net::Family family = net::Family::kIpv4;
  std::string_view rule;  // what follows "-A CHAIN"
  std::string_view hit;   // words of packets
  std::string_view miss;
};
std::vector<RowExample> row_examples();

// "--dport", "-m", "tcp": every option of every row and its names.
std::vector<std::string> row_words();

}  // namespace bulkhead::fuzz
