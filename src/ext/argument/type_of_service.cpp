// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/type_of_service.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace bulkhead::ext {

// A value with other bits than the mask's is taken, as the kernel takes it, and never matches.
Values type_of_service_values(std::string_view canonical, const Context&) {
  const TosBits service = read_tos_bits(canonical);
  const bool possible = (service.value & ~service.mask) == 0;
  return {.mask = service.mask,
          .values = possible ? ir::ValueSet::of(service.value) : ir::ValueSet()};
}

std::string list_type_of_service(std::string_view canonical, bool numeric, const Context&) {
  const std::optional<std::string_view> name = tos_name(read_tos_bits(canonical));
  if (numeric || !name) return std::string(canonical);
  return fmt::format(" {}", *name);
}

std::string say_type_of_service(std::string_view canonical, const Context&) {
  const TosBits service = read_tos_bits(canonical);
  const std::optional<std::string_view> name = tos_name(service);
  if (name) return fmt::format("{} ({})", canonical, *name);
  if (service.mask == UINT8_MAX) return fmt::format("{:#04x}", service.value);
  return fmt::format("{:#04x} in the bits {:#04x}", service.value, service.mask);
}

}  // namespace bulkhead::ext
