// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// One packet of a set.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "set/model.h"

namespace bulkhead::set {

// A packet of the space: a value in each dimension.
struct Point {
  std::vector<U128> values;
};

// A packet of the set, one that a person would think of where there is a choice: a whole one, TCP,
// new, SYN, from a port that clients use. Where it can be so, it is a packet that connection
// tracking calls what its state says. None if the set is empty.
std::optional<Point> witness(Model& model, Node set);

// The end that the packet comes to.
Node at(Model& model, Node function, const Point& point);

// A field of the packet; bits that no rule asks for are zero.
U128 value_of(const Space& space, const Point& point, const ir::Field& field);
Shape shape_of(const Space& space, const Point& point);
// Is a packet that has this value in the field, and is the same else, the same to every rule?
bool is_like(const Space& space, const Point& point, const ir::Field& field, U128 value);

// TCP's flags that connection tracking calls so (tcp_conntracks of nf_conntrack_proto_tcp.c), the
// most usual first: a SYN begins a connection, an ACK is taken for one that began before, and what
// belongs to none and begins none is invalid.
std::span<const uint8_t> usual_tcp_flags(ir::CtState state);
// The type of ICMP or ICMPv6 that one thinks of where no rule asks for it: a request where new, its
// reply where established, else an error.
uint8_t usual_icmp_type(net::Family family, ir::CtState state);

// The name that a value of ir::kInInterface stands for; unprintable bytes as '?'.
std::string interface_name(U128 value);
U128 interface_value(std::string_view name);

// Byte 13 of TCP's header.
inline constexpr ir::Field kTcpFlags{"flags", "TCP flags", ir::Kind::kFlags,
                                     ir::at(ir::Base::kTransport, 104, 8),
                                     ir::at(ir::Base::kTransport, 104, 8)};
// FIN, SYN, RST and ACK: those that connection tracking looks at.
inline constexpr uint8_t kTellingFlags = 0x17;
// The type and the code of ICMP and ICMPv6.
inline constexpr ir::Field kIcmpTypeAndCode{"type", "ICMP type", ir::Kind::kIcmpType,
                                            ir::at(ir::Base::kTransport, 0, 16),
                                            ir::at(ir::Base::kTransport, 0, 16)};

}  // namespace bulkhead::set
