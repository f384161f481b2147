// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/extension_headers.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace bulkhead::set {

namespace {

// What such a match says of a packet whose first header behind IPv6's is that of a transport; none:
// it asks for something else.
std::optional<bool> answer_without(const ir::Opaque& match) {
  // Without the header they don't hold, negated or not.
  constexpr std::string_view kOfOne[] = {"rt", "hbh", "dst", "frag", "ah", "srh"};
  if (std::ranges::find(kOfOne, match.name) != std::end(kOfOne)) return false;
  if (match.name != "ipv6header" || match.bytes.size() < 3) return std::nullopt;
  // struct ip6t_ipv6header_info, and ipv6header_mt6 of the kernel's ip6t_ipv6header.c.
  constexpr unsigned kTransport = 0x01;  // MASK_PROTO
  const unsigned wanted = match.bytes[0];
  const unsigned inverted = match.bytes[1];
  const bool soft = match.bytes[2] != 0;
  if (soft) return ((kTransport ^ wanted ^ inverted) & wanted) == 0;
  return (kTransport == wanted) != (inverted != 0);
}

}  // namespace

Node without_extension_headers(Model& model) {
  Arena& arena = model.arena();
  // ESP is a header of its own to ipv6header, and behind "no next header" is no transport.
  constexpr unsigned kEsp = 50, kNone = 59;
  const Node without_transport =
      model.of({&ir::kProtocol, 0xff, ir::ValueSet({{kEsp, kEsp}, {kNone, kNone}})});
  Node all = kEverything;
  const auto& dimensions = model.space().dimensions();
  for (uint32_t i = 0; i < dimensions.size(); ++i) {
    const std::optional<ir::Opaque>& match = dimensions[i].match;
    const auto answer = match ? answer_without(*match) : std::nullopt;
    if (!answer) continue;
    Node as_said = model.of_atoms(i, {!*answer, *answer});
    if (match->name == "ipv6header") as_said = arena.unite(as_said, without_transport);
    all = arena.intersect(all, as_said);
  }
  return all;
}

}  // namespace bulkhead::set
