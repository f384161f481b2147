// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// One packet of a set.

#include <optional>
#include <string>
#include <vector>

#include "set/model.h"

namespace bulkhead::set {

// A packet of the space: a value in each dimension.
struct Point {
  std::vector<U128> values;
};

// A packet of the set, one that a person would think of where there is a choice: a whole one, TCP,
// new, SYN, from a port that clients use. None if the set is empty.
std::optional<Point> witness(Model& model, Node set);

// The end that the packet comes to.
Node at(Model& model, Node function, const Point& point);

// A field of the packet; bits that no rule asks for are zero.
U128 value_of(const Space& space, const Point& point, const ir::Field& field);
Shape shape_of(const Space& space, const Point& point);

// The name that a value of ir::kInInterface stands for; unprintable bytes as '?'.
std::string interface_name(U128 value);
U128 interface_value(std::string_view name);

// Byte 13 of TCP's header.
inline constexpr ir::Field kTcpFlags{"flags", "TCP flags", ir::Kind::kFlags,
                                     ir::at(ir::Base::kTransport, 104, 8),
                                     ir::at(ir::Base::kTransport, 104, 8)};
// The type and the code of ICMP and ICMPv6.
inline constexpr ir::Field kIcmpTypeAndCode{"type", "ICMP type", ir::Kind::kIcmpType,
                                            ir::at(ir::Base::kTransport, 0, 16),
                                            ir::at(ir::Base::kTransport, 0, 16)};

}  // namespace bulkhead::set
