// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/field_load.h"

#include <fmt/format.h>

namespace bulkhead::backend::nft {
namespace {

KeyType key_type(ir::Kind kind, net::Family family) {
  switch (kind) {
    case ir::Kind::kAddress: return family == net::Family::kIpv4 ? kIpv4AddressKey : kIpv6AddressKey;
    case ir::Kind::kPort: return kPortKey;
    case ir::Kind::kProtocol: return kProtocolKey;
    case ir::Kind::kInterface: return kInterfaceKey;
    default: return kIntegerKey;
  }
}

// Keys and what nft_meta_get_eval and nft_ct_get_eval store for them. Integers are in the host's order.
struct KernelKey {
  uint32_t key;
  unsigned bytes;
  ByteOrder order;
};

KernelKey meta_key(ir::Meta key) {
  switch (key) {
    case ir::Meta::kInInterface:
      return {static_cast<uint32_t>(MetaKey::kInInterface), 16, ByteOrder::kNetwork};
    case ir::Meta::kOutInterface:
      return {static_cast<uint32_t>(MetaKey::kOutInterface), 16, ByteOrder::kNetwork};
    case ir::Meta::kProtocol: return {static_cast<uint32_t>(MetaKey::kProtocol), 1, ByteOrder::kHost};
    case ir::Meta::kMark: return {static_cast<uint32_t>(MetaKey::kMark), 4, ByteOrder::kHost};
    case ir::Meta::kLength: return {static_cast<uint32_t>(MetaKey::kLength), 4, ByteOrder::kHost};
    case ir::Meta::kPacketType: break;
  }
  return {static_cast<uint32_t>(MetaKey::kPacketType), 1, ByteOrder::kHost};
}

KernelKey ct_key(ir::Conntrack key) {
  switch (key) {
    case ir::Conntrack::kState: return {static_cast<uint32_t>(CtKey::kState), 4, ByteOrder::kHost};
    case ir::Conntrack::kStatus: return {static_cast<uint32_t>(CtKey::kStatus), 4, ByteOrder::kHost};
    case ir::Conntrack::kMark: return {static_cast<uint32_t>(CtKey::kMark), 4, ByteOrder::kHost};
    case ir::Conntrack::kDirection: break;
  }
  return {static_cast<uint32_t>(CtKey::kDirection), 1, ByteOrder::kHost};
}

}  // namespace

Result<FieldLoad> field_load(const ir::Field& field, net::Family family) {
  const ir::Location& location = field.location(family);
  FieldLoad load;
  load.base = location.base;
  load.width = location.width;
  load.key_type = key_type(field.kind, family);
  switch (location.base) {
    case ir::Base::kNone:
      return Error{.kind = ErrorKind::kRefused,
                   .message = fmt::format("there is no {} in {}", field.words, net::family_word(family))};
    case ir::Base::kMeta:
    case ir::Base::kConntrack: {
      const KernelKey key = location.base == ir::Base::kMeta
                                ? meta_key(static_cast<ir::Meta>(location.offset))
                                : ct_key(static_cast<ir::Conntrack>(location.offset));
      load.offset = key.key;
      load.bytes = key.bytes;
      load.order = key.order;
      return load;
    }
    case ir::Base::kNetwork:
    case ir::Base::kTransport: break;
  }
  const unsigned end = location.offset + location.width;
  load.offset = location.offset / 8u;
  load.bytes = (end + 7) / 8 - load.offset;
  load.shift = (load.offset + load.bytes) * 8 - end;
  load.shares_bytes = load.bytes * 8 != load.width;
  if (load.bytes > Data::kCapacity) {
    return Error{.kind = ErrorKind::kRefused,
                 .message = fmt::format("the {} is too long for a register", field.words)};
  }
  return load;
}

Expr load(const FieldLoad& field, unsigned bytes, Register to) {
  switch (field.base) {
    case ir::Base::kMeta: return Meta{static_cast<MetaKey>(field.offset), to};
    case ir::Base::kConntrack: return Ct{static_cast<CtKey>(field.offset), to};
    case ir::Base::kNetwork: return Payload{PayloadBase::kNetwork, field.offset, bytes, to};
    default: return Payload{PayloadBase::kTransport, field.offset, bytes, to};
  }
}

}  // namespace bulkhead::backend::nft
