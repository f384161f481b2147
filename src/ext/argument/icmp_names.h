// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "net/family.h"

namespace bulkhead::ext {

struct IcmpType {
  uint8_t type = 0;
  uint8_t first_code = 0;
  uint8_t last_code = 255;  // included

  friend bool operator==(const IcmpType&, const IcmpType&) = default;
};

struct IcmpName {
  std::string_view name;
  IcmpType type;
};

// iptables' names of the types of ICMP or ICMPv6, by type; the first of several names of one type
// is the one that is printed.
std::span<const IcmpName> icmp_names(net::Family family);

// One type a line with its other names in parentheses, its codes indented below it.
std::string icmp_name_tree(net::Family family);

}  // namespace bulkhead::ext
