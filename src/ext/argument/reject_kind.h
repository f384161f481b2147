// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "icmp-port-unreachable", "port-unreach", "tcp-reset", or the beginning of such a word: the
// family's.
Result<std::string> parse_reject_kind(std::span<const std::string_view> words, const Context&);
// What REJECT does, by its one argument. kRefused for tcp-reset where -p isn't tcp.
Result<ir::Action> reject_action(std::span<const ir::Argument> arguments, const Context&);
std::string say_reject_kind(std::string_view canonical, const Context&);
std::string reject_kind_choices();
std::string reject6_kind_choices();

inline constexpr ArgumentType kRejectKind{
    .words = "type",
    .parse = parse_reject_kind,
    .say = say_reject_kind,
    .choices = reject_kind_choices,
};
inline constexpr ArgumentType kReject6Kind{
    .words = "type",
    .parse = parse_reject_kind,
    .say = say_reject_kind,
    .choices = reject6_kind_choices,
};

// --reject-with of REJECT, with the kinds of a family and the one that holds unless given.
constexpr Option reject_option(const ArgumentType& kinds, std::string_view fallback) {
  return {
      .name = "reject-with",
      .type = &kinds,
      .negation = Negation::kRefused,
      .fallback = fallback,
      .always_printed = true,
      .list = "reject-with {}",
      .help = "what the sender is told",
      .sentence = "with {}",
  };
}

}  // namespace bulkhead::ext
