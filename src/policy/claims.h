// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What is to hold of a firewall, as a person writes it down (docs/claims.md).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/source.h"
#include "ir/value_set.h"
#include "net/names.h"
#include "net/packet_text.h"

namespace bulkhead::policy {

struct Addresses {
  ir::ValueSet v4;
  ir::ValueSet v6;

  const ir::ValueSet& of(net::Family family) const {
    return family == net::Family::kIpv4 ? v4 : v6;
  }
};

// A protocol and, if they are named, its destination ports; of ICMP its types.
struct Service {
  std::optional<uint8_t> protocol;  // none: any, and then no ports
  std::optional<ir::ValueSet> ports;
};

struct Services {
  bool negated = false;  // every packet of none of them
  std::vector<Service> any_of;
};

// Packets. What isn't said is free, but for the marks, the interfaces (all but lo) and the state
// (docs/claims.md).
struct Description {
  net::Direction direction = net::Direction::kInput;
  std::optional<Addresses> source;
  std::optional<Addresses> destination;
  std::optional<Services> services;
  std::optional<ir::ValueSet> protocols;
  std::optional<ir::ValueSet> source_ports;
  std::optional<ir::ValueSet> destination_ports;
  std::optional<ir::ValueSet> in_interfaces;
  std::optional<ir::ValueSet> out_interfaces;
  std::optional<ir::ValueSet> states;  // of ir::kCtState
};

struct Claim {
  enum class Kind : uint8_t {
    kBlocked,  // none of the packets may pass
    kPasses,   // all of them do
    kWorks,    // connections: the first packets, the answers and those that follow pass
    kSame      // the verdicts of IPv4 are those of IPv6, addresses aside
  };
  Kind kind = Kind::kBlocked;
  std::string name;
  Span span;                          // in the claims' text
  std::optional<net::Family> family;  // none: both
  Description packets;
};

// All claims of a file, at least one. The error is kUsage, with its place. `names`: services; no
// host is looked up.
Result<std::vector<Claim>> parse_claims(const Source& source, const net::Names& names);

// "tcp/22", "udp/53", "not tcp/80": the words of `service` alone. The error's span is in the text.
Result<Services> parse_service(const Source& source, const net::Names& names);

}  // namespace bulkhead::policy
