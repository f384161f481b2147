// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/nft/expr.h"
#include "core/result.h"
#include "ir/field.h"
#include "net/family.h"

namespace bulkhead::backend::nft {

// How a field gets into a register: whole bytes, in which its bits stand `shift` above the lowest.
struct FieldLoad {
  ir::Base base = ir::Base::kNone;
  uint32_t offset = 0;  // bytes into the header, the Meta or Ct key of nf_tables, the Fib flags
  CtDirection direction = CtDirection::kNone;
  unsigned width = 0;  // of the field, in bits
  unsigned bytes = 0;  // loaded
  unsigned shift = 0;  // bits of other fields below it
  ByteOrder order = ByteOrder::kNetwork;
  bool shares_bytes = false;  // other fields' bits are loaded with it
  KeyType key_type = kIntegerKey;

  Data data(U128 value) const { return make_data(value << shift, bytes, order); }
};

// kRefused where the family has no such field, or where it doesn't fit a 16-byte register.
Result<FieldLoad> field_load(const ir::Field& field, net::Family family);

// The load itself, of the first `bytes` of it.
Expr load(const FieldLoad& field, unsigned bytes, Register to);

}  // namespace bulkhead::backend::nft
