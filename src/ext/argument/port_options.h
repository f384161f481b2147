// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "ext/argument/port.h"
#include "ext/row.h"

namespace bulkhead::ext {

inline constexpr std::string_view kSourcePortAliases[] = {"source-port"};
inline constexpr std::string_view kDestinationPortAliases[] = {"destination-port"};

// --sport and --dport as tcp, udp, sctp and dccp have them. They differ in how a port is read, in
// what is said if one is given twice (kSaysTwice: the older words), and in whether -S prints the
// port that means any (kPrintsAny).
enum PortHabits : uint8_t { kUsualPorts = 0, kSaysTwice = 1, kPrintsAny = 2 };

constexpr Option source_port_option(const ArgumentType& type, unsigned habits = kUsualPorts) {
  return {
      .name = "sport",
      .aliases = kSourcePortAliases,
      .type = &type,
      .field = &ir::kSourcePort,
      .fallback = kAnyPort,
      .fallback_kept = (habits & kPrintsAny) != 0,
      .twice = (habits & kSaysTwice) != 0 ? "Only one `--source-port' allowed" : "",
      .list = "spt:{!}{}",
      .list_many = "spts:{!}{}",
      .help = "source port, or a range of them",
      .sentence = "its source port is {not }{}",
  };
}

constexpr Option destination_port_option(const ArgumentType& type, unsigned habits = kUsualPorts) {
  return {
      .name = "dport",
      .aliases = kDestinationPortAliases,
      .type = &type,
      .field = &ir::kDestinationPort,
      .fallback = kAnyPort,
      .fallback_kept = (habits & kPrintsAny) != 0,
      .twice = (habits & kSaysTwice) != 0 ? "Only one `--destination-port' allowed" : "",
      .list = "dpt:{!}{}",
      .list_many = "dpts:{!}{}",
      .help = "destination port, or a range of them",
      .sentence = "its destination port is {not }{}",
  };
}

}  // namespace bulkhead::ext
