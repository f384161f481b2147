// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "backend/nft/netlink/attributes.h"
#include "backend/nft/netlink/socket.h"
#include "core/result.h"

namespace bulkhead::backend::nft::netlink {

// Hands out each object's family (NFPROTO_*) and attributes.
using Take = std::function<void(uint8_t family, const Attributes&)>;

// What is asked for: all of a family (0: of all of them), or what lies in one table of it, or in
// one set.
struct Scope {
  uint8_t family = 0;
  std::string_view table{};
  std::string_view set{};
};

// Each gives false if something changed meanwhile, so that something may be missing or there twice.
Result<bool> dump_tables(Socket& socket, const Scope& scope, const Take& take);
Result<bool> dump_chains(Socket& socket, const Scope& scope,
                         const Take& take);  // the whole family: no filter there
Result<bool> dump_rules(Socket& socket, const Scope& scope, const Take& take);
Result<bool> dump_sets(Socket& socket, const Scope& scope, const Take& take);
Result<bool> dump_objects(Socket& socket, const Scope& scope, const Take& take);
Result<bool> dump_elements(Socket& socket, const Scope& scope,
                           const std::function<void(const nlattr* element)>& take);

Result<uint32_t> read_generation(Socket& socket);

}  // namespace bulkhead::backend::nft::netlink
