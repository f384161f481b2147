// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ext/argument/nat_range.h"
#include "ext/argument/number.h"
#include "ext/row.h"

namespace bulkhead::ext {

// What the targets of network address translation have in common.

// --random and its like say how a port or an address is chosen; nothing follows them.
constexpr Option nat_flag(std::string_view name, std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &kFlag,
          .negation = Negation::kRefused,
          .list = name,
          .help = help,
          .sentence = sentence};
}
inline constexpr Option kRandomPort =
    nat_flag("random", "the port is chosen by a hash of both ends", "with a random port");
inline constexpr Option kFullyRandomPort =
    nat_flag("random-fully", "the port is chosen by chance alone", "with a port by chance alone");
inline constexpr Option kPersistentAddress =
    nat_flag("persistent", "of a range, a client gets the same address for every connection",
             "always the same address for one client");

// --to-ports of MASQUERADE and REDIRECT.
constexpr Option nat_ports_option(std::string_view list, std::string_view help) {
  return {.name = "to-ports",
          .type = &kNatPorts,
          .negation = Negation::kRefused,
          .list = list,
          .help = help,
          .sentence = "at port {}"};
}

// From the options above, and from --to-source or --to-destination with the text of a NatRange.
template <ir::Nat::Kind kKind>
Result<ir::Action> nat_action(std::span<const ir::Argument> arguments, const Context& context) {
  ir::Nat nat{.kind = kKind};
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "random") nat.random = true;
    if (argument.option == "random-fully") nat.fully_random = true;
    if (argument.option == "persistent") nat.persistent = true;
    if (argument.option == "to-ports") nat.ports = read_nat_ports(argument.text);
    if (argument.option != "to-source" && argument.option != "to-destination") continue;
    const NatRange range = read_nat_range(argument.text, context.family);
    nat.addresses = range.addresses;
    nat.ports = range.ports;
  }
  return ir::Action{nat};
}

}  // namespace bulkhead::ext
