// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ir/action.h"
#include "ir/condition.h"

namespace bulkhead::ext {

// An Info of linux/netfilter/xt_*.h as `fill` leaves it, padded as the kernel wants it. What `fill`
// doesn't set is zero, the gaps between the members too: the bytes are compared with those that the
// kernel gives back.
template <class Info, class Fill> std::vector<uint8_t> xt_info(const Fill& fill) {
  static_assert(std::is_trivially_copyable_v<Info>);
  constexpr size_t kAlign = 8;  // XT_ALIGN of linux/netfilter/x_tables.h
  std::vector<uint8_t> bytes((sizeof(Info) + kAlign - 1) / kAlign * kAlign);
  Info info;
  std::memset(&info, 0, sizeof info);
  fill(info);
  std::memcpy(bytes.data(), &info, sizeof info);
  return bytes;
}

// A match of the kernel that looks only at the packet and its surroundings.
template <class Info, class Fill>
ir::Opaque xt_match(std::string_view name, uint8_t revision, const Fill& fill) {
  return {.name = std::string(name),
          .revision = revision,
          .bytes = xt_info<Info>(fill),
          .stateful = false};
}

// One that remembers: what it answers depends on the packets that it was asked of before.
template <class Info, class Fill>
ir::Opaque xt_match_with_memory(std::string_view name, uint8_t revision, const Fill& fill) {
  ir::Opaque match = xt_match<Info>(name, revision, fill);
  match.stateful = true;
  return match;
}

// A target of the kernel behind which the walk goes on.
template <class Info, class Fill>
ir::OpaqueTarget xt_target(std::string_view name, uint8_t revision, const Fill& fill) {
  return {.name = std::string(name), .revision = revision, .bytes = xt_info<Info>(fill)};
}

}  // namespace bulkhead::ext
