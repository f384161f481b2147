// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <libmnl/libmnl.h>

#include "core/byte_order.h"

namespace bulkhead::backend::nft::netlink {

inline std::span<const uint8_t> payload(const nlattr* attribute) {
  return {static_cast<const uint8_t*>(mnl_attr_get_payload(attribute)),
          mnl_attr_get_payload_len(attribute)};
}
// What stands behind the netlink header and the one of the subsystem.
inline std::span<const uint8_t> payload(const nlmsghdr* message,
                                        size_t header_size = sizeof(nfgenmsg)) {
  const std::span all{static_cast<const uint8_t*>(mnl_nlmsg_get_payload(message)),
                      mnl_nlmsg_get_payload_len(message)};
  return all.subspan(std::min(all.size(), static_cast<size_t>(MNL_ALIGN(header_size))));
}

// Calls `take` for each attribute, in order, as far as they are whole.
template <class Take> void for_each_attribute(std::span<const uint8_t> bytes, Take take) {
  while (bytes.size() >= sizeof(nlattr)) {
    const auto* attribute = reinterpret_cast<const nlattr*>(bytes.data());
    if (!mnl_attr_ok(attribute, static_cast<int>(bytes.size()))) return;
    take(attribute);
    bytes =
        bytes.subspan(std::min(bytes.size(), static_cast<size_t>(MNL_ALIGN(attribute->nla_len))));
  }
}

// The attributes of a message or of a nest, by type. They point into the message. What isn't there,
// or has another length than it must have, is nothing.
class Attributes {
 public:
  static constexpr uint16_t kMaxType = 40;

  explicit Attributes(std::span<const uint8_t> bytes) {
    for_each_attribute(bytes, [this](const nlattr* attribute) {
      if (const uint16_t type = mnl_attr_get_type(attribute); type <= kMaxType)
        found_[type] = attribute;
    });
  }
  explicit Attributes(const nlattr* nest) : Attributes(payload(nest)) {}
  explicit Attributes(const nlmsghdr* message) : Attributes(payload(message)) {}

  const nlattr* operator[](uint16_t type) const {
    return type <= kMaxType ? found_[type] : nullptr;
  }
  bool has(uint16_t type) const { return (*this)[type] != nullptr; }
  Attributes nested(uint16_t type) const { return Attributes(bytes(type)); }

  std::span<const uint8_t> bytes(uint16_t type) const {
    const nlattr* attribute = (*this)[type];
    return attribute == nullptr ? std::span<const uint8_t>{} : payload(attribute);
  }
  std::string_view raw_text(uint16_t type) const {
    const auto part = bytes(type);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  // Up to its NUL.
  std::string_view text(uint16_t type) const {
    const std::string_view all = raw_text(type);
    return all.substr(0, all.find('\0'));
  }
  std::optional<uint64_t> number(uint16_t type, size_t width) const {
    const auto part = bytes(type);
    if (part.size() != width) return {};
    return static_cast<uint64_t>(load_be(part));
  }
  uint32_t u32(uint16_t type, uint32_t otherwise = 0) const {
    return static_cast<uint32_t>(number(type, 4).value_or(otherwise));
  }
  uint64_t u64(uint16_t type) const { return number(type, 8).value_or(0); }

 private:
  std::array<const nlattr*, kMaxType + 1> found_{};
};

}  // namespace bulkhead::backend::nft::netlink
