// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/field_load.h"

#include <fmt/format.h>

namespace bulkhead::backend::nft {
namespace {

KeyType key_type(ir::Kind kind, net::Family family) {
  switch (kind) {
    case ir::Kind::kAddress:
      return family == net::Family::kIpv4 ? kIpv4AddressKey : kIpv6AddressKey;
    case ir::Kind::kPort: return kPortKey;
    default: return kIntegerKey;
  }
}

// Keys, what nft_meta_get_eval and nft_ct_get_eval store for them (integers in the host's order),
// and what nft(8) calls them.
struct KernelKey {
  uint32_t key;
  unsigned bytes;
  ByteOrder order;
  KeyType type;
  CtDirection direction = CtDirection::kNone;
};

KernelKey meta_key(ir::Meta key) {
  const auto of = [](MetaKey kernel, unsigned bytes, ByteOrder order, KeyType type) {
    return KernelKey{static_cast<uint32_t>(kernel), bytes, order, type};
  };
  switch (key) {
    case ir::Meta::kInInterface:
      return of(MetaKey::kInInterface, 16, ByteOrder::kNetwork, kInterfaceKey);
    case ir::Meta::kOutInterface:
      return of(MetaKey::kOutInterface, 16, ByteOrder::kNetwork, kInterfaceKey);
    case ir::Meta::kProtocol: return of(MetaKey::kProtocol, 1, ByteOrder::kHost, kProtocolKey);
    case ir::Meta::kMark: return of(MetaKey::kMark, 4, ByteOrder::kHost, kMarkKey);
    case ir::Meta::kPriority: return of(MetaKey::kPriority, 4, ByteOrder::kHost, kIntegerKey);
    case ir::Meta::kLength: return of(MetaKey::kLength, 4, ByteOrder::kHost, kIntegerKey);
    case ir::Meta::kInDeviceType:
      return of(MetaKey::kInDeviceType, 2, ByteOrder::kHost, kDeviceTypeKey);
    case ir::Meta::kPacketType: break;
  }
  return of(MetaKey::kPacketType, 1, ByteOrder::kHost, kPacketTypeKey);
}

// Addresses and ports are in the network's order.
KernelKey ct_key(ir::Conntrack key, net::Family family) {
  const auto of = [](CtKey kernel, unsigned bytes, KeyType type,
                     CtDirection direction = CtDirection::kNone) {
    const bool directed = direction != CtDirection::kNone;
    return KernelKey{static_cast<uint32_t>(kernel), bytes,
                     directed ? ByteOrder::kNetwork : ByteOrder::kHost, type, direction};
  };
  const bool v4 = family == net::Family::kIpv4;
  const auto address = [&](CtKey if_v4, CtKey if_v6, CtDirection direction) {
    return v4 ? of(if_v4, 4, kIpv4AddressKey, direction)
              : of(if_v6, 16, kIpv6AddressKey, direction);
  };
  switch (key) {
    case ir::Conntrack::kState: return of(CtKey::kState, 4, kConnectionStateKey);
    case ir::Conntrack::kStatus: return of(CtKey::kStatus, 4, kConnectionStatusKey);
    case ir::Conntrack::kMark: return of(CtKey::kMark, 4, kMarkKey);
    case ir::Conntrack::kExpiration: return of(CtKey::kExpiration, 4, kIntegerKey);
    case ir::Conntrack::kProtocol: return of(CtKey::kProtocol, 1, kProtocolKey);
    case ir::Conntrack::kOriginalSource:
      return address(CtKey::kIpv4Source, CtKey::kIpv6Source, CtDirection::kOriginal);
    case ir::Conntrack::kOriginalDestination:
      return address(CtKey::kIpv4Destination, CtKey::kIpv6Destination, CtDirection::kOriginal);
    case ir::Conntrack::kReplySource:
      return address(CtKey::kIpv4Source, CtKey::kIpv6Source, CtDirection::kReply);
    case ir::Conntrack::kReplyDestination:
      return address(CtKey::kIpv4Destination, CtKey::kIpv6Destination, CtDirection::kReply);
    case ir::Conntrack::kOriginalSourcePort:
      return of(CtKey::kSourcePort, 2, kPortKey, CtDirection::kOriginal);
    case ir::Conntrack::kOriginalDestinationPort:
      return of(CtKey::kDestinationPort, 2, kPortKey, CtDirection::kOriginal);
    case ir::Conntrack::kReplySourcePort:
      return of(CtKey::kSourcePort, 2, kPortKey, CtDirection::kReply);
    case ir::Conntrack::kReplyDestinationPort:
      return of(CtKey::kDestinationPort, 2, kPortKey, CtDirection::kReply);
    case ir::Conntrack::kDirection: break;
  }
  return of(CtKey::kDirection, 1, kConnectionDirectionKey);
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
      return Error{
          .kind = ErrorKind::kRefused,
          .message = fmt::format("there is no {} in {}", field.words, net::family_word(family))};
    case ir::Base::kMeta:
    case ir::Base::kConntrack: {
      const KernelKey key = location.base == ir::Base::kMeta
                                ? meta_key(static_cast<ir::Meta>(location.offset))
                                : ct_key(static_cast<ir::Conntrack>(location.offset), family);
      load.offset = key.key;
      load.bytes = key.bytes;
      load.order = key.order;
      load.key_type = key.type;
      load.direction = key.direction;
      return load;
    }
    case ir::Base::kRoute: {
      const bool path = ir::is_path(static_cast<ir::Route>(location.offset));
      load.offset = location.offset;
      load.bytes = path ? 1 : 4;
      load.order = ByteOrder::kHost;
      load.key_type = path ? kBooleanKey : kAddressTypeKey;
      return load;
    }
    case ir::Base::kLink:
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
    case ir::Base::kConntrack: return Ct{static_cast<CtKey>(field.offset), to, field.direction};
    case ir::Base::kRoute: return Fib{field.offset, to};
    case ir::Base::kLink: return Payload{PayloadBase::kLink, field.offset, bytes, to};
    case ir::Base::kNetwork: return Payload{PayloadBase::kNetwork, field.offset, bytes, to};
    default: return Payload{PayloadBase::kTransport, field.offset, bytes, to};
  }
}

}  // namespace bulkhead::backend::nft
