// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "ext/argument/range32.h"
#include "ext/row.h"

namespace bulkhead::ext {

// --ahspi and --espspi: the number by which both ends know the keys (RFC 4301, 4.1).
constexpr Option spi_option(std::string_view name, const ir::Field* field) {
  return {
      .name = name,
      .type = &kRange32,
      .field = field,
      .fallback = kAnyRange32,
      .list = "spi:{!}{}",
      .list_many = "spis:{!}{}",
      .help = "security parameter index, or a range of them",
      .sentence = "its security parameter index is {not }{}",
  };
}

}  // namespace bulkhead::ext
