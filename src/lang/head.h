// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The options that every rule may have without a match: -s -d -i -o -p -f. In ir they are arguments
// of Rule::head under these names, in the order of -S.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "ir/ruleset.h"
#include "net/address.h"
#include "net/names.h"

namespace bulkhead::lang {

inline constexpr std::string_view kSource = "source";
inline constexpr std::string_view kDestination = "destination";
inline constexpr std::string_view kInInterface = "in-interface";
inline constexpr std::string_view kOutInterface = "out-interface";
inline constexpr std::string_view kProtocol = "protocol";
inline constexpr std::string_view kFragment = "fragment";

// One of them as it was typed.
struct HeadWord {
  std::string text;
  bool negated = false;
  Span span;
};

struct HeadWords {
  std::optional<HeadWord> source;
  std::optional<HeadWord> destination;
  std::optional<HeadWord> in_interface;
  std::optional<HeadWord> out_interface;
  std::optional<HeadWord> protocol;
  std::optional<HeadWord> fragment;
  uint8_t protocol_number = 0;  // of `protocol`; 0: all
};

// A number or a name, in any case of letters.
Result<uint8_t> parse_protocol(const HeadWord& word, const net::Names& names);

// Whether it can be the name of an interface, or the beginning of some with a '+'.
Result<void> check_interface(const HeadWord& word);

// "192.0.2.1,198.51.100.0/24,host.example": every network that -s or -d names. A host with several
// addresses gives several; with a mask of no bits the name isn't looked at.
Result<std::vector<net::Network>> parse_networks(const HeadWord& word, net::Family family,
                                                 const net::Names& names);

// The head of every rule that the words stand for: each source with each destination.
Result<std::vector<ir::Match>> heads_of(const HeadWords& words, net::Family family,
                                        const net::Names& names);

}  // namespace bulkhead::lang
