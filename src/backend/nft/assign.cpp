// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/assign.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "backend/nft/field_load.h"

namespace bulkhead::backend::nft {
namespace {

// Bytes of a header that are written together, and the field in them.
struct Region {
  PayloadBase base = PayloadBase::kNetwork;
  uint32_t offset = 0;  // in bytes
  uint32_t bytes = 0;
  unsigned shift = 0;  // from the region's last bit to the field's
  std::optional<uint32_t> checksum;

  Expr load(Register reg) const { return Payload{base, offset, bytes, reg}; }
  Expr write(Register reg) const { return PayloadSet{base, offset, bytes, reg, checksum}; }
};

constexpr uint32_t kIpv4Checksum = 10;  // RFC 791
constexpr uint32_t kTcpChecksum = 16;   // RFC 9293; of the transport headers only TCP's is written

Region region_of(const FieldLoad& field, net::Family family) {
  Region region{
      .base = field.base == ir::Base::kTransport ? PayloadBase::kTransport : PayloadBase::kNetwork,
      .offset = field.offset,
      .bytes = field.bytes,
      .shift = field.shift,
      .checksum = {}};
  if (region.base == PayloadBase::kTransport) {
    region.checksum = kTcpChecksum;
  } else if (family == net::Family::kIpv4) {
    region.checksum = kIpv4Checksum;
  }
  // The kernel adds up what is written as 16-bit words from its beginning on.
  if (region.checksum && region.offset % 2 != 0) {
    --region.offset;
    ++region.bytes;
  }
  return region;
}

bool is_header(const FieldLoad& field) {
  return field.base == ir::Base::kNetwork || field.base == ir::Base::kTransport;
}

Error unwritable(const ir::Field& field) {
  return {.kind = ErrorKind::kRefused,
          .message = fmt::format("nf_tables can't write the {}", field.words)};
}

Data host_word(uint32_t value) { return make_data(value, sizeof value, ByteOrder::kHost); }

// mark = (mark & keep) ^ flip, of what stands in register 0.
void append_bitwise(std::vector<Expr>& out, uint32_t keep, uint32_t flip) {
  if (keep == UINT32_MAX && flip == 0) return;
  out.emplace_back(Bitwise{0, host_word(keep), host_word(flip)});
}

// linux/netfilter/xt_connmark.h: struct xt_connmark_tginfo2, padded as XT_ALIGN does.
XtTarget xt_connmark(const ir::ConnectionMark& mark) {
  struct Info {
    uint32_t connection_mark, connection_mask, packet_mask;
    uint8_t right, bits, mode, padding;
  };
  const Info info{mark.value,
                  mark.connection_mask,
                  mark.packet_mask,
                  static_cast<uint8_t>(mark.shift < 0),
                  static_cast<uint8_t>(mark.shift < 0 ? -mark.shift : mark.shift),
                  static_cast<uint8_t>(mark.mode),
                  0};
  static_assert(sizeof info == 16);
  XtTarget target{"CONNMARK", 2, std::vector<uint8_t>(sizeof info)};
  std::memcpy(target.info.data(), &info, sizeof info);
  return target;
}

}  // namespace

Result<std::vector<Expr>> lower(const ir::Assign& assign, net::Family family) {
  const auto field = field_load(*assign.field, family);
  if (!field) return field.error();
  const U128 all = low_bits(field->width);
  std::vector<Expr> out;
  if (is_header(*field)) {
    const Region region = region_of(*field, family);
    const U128 outside = low_bits(region.bytes * 8) & ~(all << region.shift);
    const U128 keep = outside | (assign.keep & all) << region.shift;
    const Data flip = make_data((assign.flip & all) << region.shift, region.bytes);
    if (keep == 0) return std::vector<Expr>{Immediate{0, flip}, region.write(0)};
    return std::vector<Expr>{region.load(0), Bitwise{0, make_data(keep, region.bytes), flip},
                             region.write(0)};
  }
  if (field->base != ir::Base::kMeta) return unwritable(*assign.field);
  const auto key = static_cast<MetaKey>(field->offset);
  if (key != MetaKey::kMark && key != MetaKey::kPriority) return unwritable(*assign.field);
  if ((assign.keep & all) == 0) {
    out.emplace_back(Immediate{0, field->data(assign.flip)});
  } else {
    if (key != MetaKey::kMark) return unwritable(*assign.field);
    out.emplace_back(Meta{key, 0});
    append_bitwise(out, static_cast<uint32_t>(assign.keep), static_cast<uint32_t>(assign.flip));
  }
  out.emplace_back(MetaSet{key, 0});
  return out;
}

Result<std::vector<Expr>> lower(const ir::Adjust& adjust, net::Family family) {
  const auto field = field_load(*adjust.field, family);
  if (!field) return field.error();
  if (!is_header(*field) || field->bytes != 1 || field->shares_bytes)
    return unwritable(*adjust.field);
  const Region region = region_of(*field, family);
  assert(region.bytes == 1 && "no field that is adjusted begins at an odd byte");
  Set map{.key_type = kIntegerKey,
          .key_size = 1,
          .value_type = kIntegerKey,
          .value_size = 1,
          .order = ByteOrder::kHost};
  for (int value = 0; value <= UINT8_MAX; ++value) {
    const int changed = std::clamp(value + adjust.by, 0, int{UINT8_MAX});
    const Data key = make_data(static_cast<unsigned>(value), 1);
    map.elements.push_back({key, key, make_data(static_cast<unsigned>(changed), 1)});
  }
  return std::vector<Expr>{region.load(0), MapLookup{0, 0, std::move(map)}, region.write(0)};
}

// Without a connection `ct load` ends the rule, and there is nothing left to do in it.
std::vector<Expr> lower(const ir::ConnectionMark& mark) {
  using Mode = ir::ConnectionMark::Mode;
  const bool whole = mark.connection_mask == UINT32_MAX && mark.packet_mask == UINT32_MAX;
  std::vector<Expr> out;
  if (mark.mode == Mode::kSet && mark.shift == 0) {
    if (mark.connection_mask == UINT32_MAX) {
      out.emplace_back(Immediate{0, host_word(mark.value)});
    } else {
      out.emplace_back(Ct{CtKey::kMark, 0});
      append_bitwise(out, ~mark.connection_mask, mark.value);
    }
    out.emplace_back(CtSet{CtKey::kMark, 0});
  } else if (whole && mark.shift == 0 && mark.mode == Mode::kSave) {
    out.emplace_back(Meta{MetaKey::kMark, 0});
    out.emplace_back(CtSet{CtKey::kMark, 0});
  } else if (whole && mark.shift == 0 && mark.mode == Mode::kRestore) {
    out.emplace_back(Ct{CtKey::kMark, 0});
    out.emplace_back(MetaSet{MetaKey::kMark, 0});
  } else {
    // Two marks in one expression: kernels before 6.13 can't.
    out.emplace_back(xt_connmark(mark));
  }
  return out;
}

// net/netfilter/xt_CONNSECMARK.c: what is there already is kept.
std::vector<Expr> lower(const ir::ConnectionSecurityMark& mark) {
  const Data none = host_word(0);
  const Expr packet = Meta{MetaKey::kSecurityMark, 0};
  const Expr connection = Ct{CtKey::kSecurityMark, 0};
  if (mark.restore) {
    return {packet, Cmp{0, CmpOp::kEqual, none}, connection, Cmp{0, CmpOp::kNotEqual, none},
            MetaSet{MetaKey::kSecurityMark, 0}};
  }
  return {connection, Cmp{0, CmpOp::kEqual, none}, packet, Cmp{0, CmpOp::kNotEqual, none},
          CtSet{CtKey::kSecurityMark, 0}};
}

}  // namespace bulkhead::backend::nft
