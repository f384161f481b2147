// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/user_data.h"

#include <cassert>

#include "core/byte_order.h"

namespace bulkhead::backend::nft {
namespace {

constexpr char kType = 0x62;
constexpr size_t kIdSize = 8;

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::string wrap_user_data(std::string_view value) {
  assert(value.size() <= kMaxUserValue);
  std::string out{kType, static_cast<char>(value.size())};
  out += value;
  return out;
}

std::optional<std::string_view> unwrap_user_data(std::string_view data) {
  while (data.size() >= 2) {
    const size_t length = static_cast<uint8_t>(data[1]);
    if (data.size() < 2 + length) return {};
    if (data[0] == kType) return data.substr(2, length);
    data.remove_prefix(2 + length);
  }
  return {};
}

std::string user_data_of(ir::RuleId id) {
  if (id == ir::kNoId) return {};
  std::string value(kIdSize, '\0');
  store_be(id, {reinterpret_cast<uint8_t*>(value.data()), value.size()});
  return wrap_user_data(value);
}

ir::RuleId rule_id_of(std::string_view user_data) {
  auto value = unwrap_user_data(user_data);
  if (!value || value->size() != kIdSize) return ir::kNoId;
  return static_cast<ir::RuleId>(load_be(bytes_of(*value)));
}

}  // namespace bulkhead::backend::nft
