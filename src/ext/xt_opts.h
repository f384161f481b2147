// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// The kernel's match for hop-by-hop ("hbh") and destination options ("dst"), by the arguments of
// "--hbh-len" and "--hbh-opts", or "--dst-len" and "--dst-opts".
ir::Opaque xt_opts(std::string_view name, std::span<const ir::Argument> arguments);

}  // namespace bulkhead::ext
