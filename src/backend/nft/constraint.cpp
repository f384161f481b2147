// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/constraint.h"

#include <algorithm>
#include <bit>
#include <optional>

#include <fmt/format.h>

#include "backend/nft/field_load.h"

namespace bulkhead::backend::nft {
namespace {

// The most natural way to write a set of values, found by shape. `mask` is of the field's own bits.
struct Shape {
  enum class Kind : uint8_t { kAlways, kNever, kEqual, kRange, kLookup };
  Kind kind = Kind::kLookup;
  bool negated = false;
  U128 mask = 0;  // kEqual: (field & mask) == value
  U128 value = 0;
  ir::ValueSet values;  // kRange: its only interval; kLookup
};

std::optional<Shape> equality(const ir::ValueSet& values, U128 mask, U128 all, bool negated) {
  if (values.intervals().size() != 1) return {};
  const auto [first, last] = values.intervals()[0];
  if (first == last) return Shape{Shape::Kind::kEqual, negated, mask, first, {}};
  // A prefix: all values that share their upper bits.
  const U128 differs = first ^ last;
  const bool prefix =
      (differs & (differs + 1)) == 0 && (first & differs) == 0 && (last & differs) == differs;
  if (mask == all && prefix) return Shape{Shape::Kind::kEqual, negated, all & ~differs, first, {}};
  return {};
}

Shape shape_of(const ir::ValueSet& values, U128 mask, unsigned width) {
  const U128 all = low_bits(width);
  mask &= all;
  const ir::ValueSet rest = values.complement(width);
  if (values.empty()) return {Shape::Kind::kNever};
  if (rest.empty()) return {Shape::Kind::kAlways};
  if (mask == 0) return {values.contains(0) ? Shape::Kind::kAlways : Shape::Kind::kNever};
  if (auto shape = equality(values, mask, all, false)) return *shape;
  // From 0 or up to the end is one comparison; the prefix that is left may need a mask.
  const auto excluded = equality(rest, mask, all, true);
  if (values.intervals().size() == 1 && !(excluded && excluded->mask == mask)) {
    return {Shape::Kind::kRange, false, mask, 0, values};
  }
  if (excluded) return *excluded;
  if (rest.intervals().size() == 1) return {Shape::Kind::kRange, true, mask, 0, rest};
  const bool negated = rest.intervals().size() < values.intervals().size();
  return {Shape::Kind::kLookup, negated, mask, 0, negated ? rest : values};
}

void append_mask(std::vector<Expr>& out, const FieldLoad& field, U128 mask, Register reg) {
  if (mask == low_bits(field.width) && !field.shares_bytes) return;
  out.emplace_back(Bitwise{reg, field.data(mask), make_data(0, field.bytes)});
}

// Comparing bytes compares numbers only if the most significant one comes first.
void append_network_order(std::vector<Expr>& out, FieldLoad& field, Register reg) {
  if (field.order == ByteOrder::kNetwork || field.bytes == 1) return;
  out.emplace_back(ToNetworkOrder{reg, field.bytes});
  field.order = ByteOrder::kNetwork;
}

// Where only leading whole bytes count, those alone are compared, as nft writes "ip
// saddr 10.0.0.0/8" and "eth*". Gives how many, if it is so.
std::optional<unsigned> leading_bytes(const FieldLoad& field, U128 mask) {
  if (field.shares_bytes || field.order == ByteOrder::kHost) return {};
  const U128 absent = low_bits(field.width) & ~mask;
  if ((absent & (absent + 1)) != 0) return {};
  const unsigned bits = static_cast<unsigned>(std::popcount(static_cast<uint64_t>(absent)) +
                                              std::popcount(static_cast<uint64_t>(absent >> 64)));
  if (bits % 8 != 0) return {};
  return field.bytes - bits / 8;
}

std::vector<Expr> compare_equal(const FieldLoad& field, const Shape& shape) {
  const CmpOp op = shape.negated ? CmpOp::kNotEqual : CmpOp::kEqual;
  std::vector<Expr> out;
  if (auto bytes = leading_bytes(field, shape.mask)) {
    out.emplace_back(load(field, *bytes, 0));
    out.emplace_back(Cmp{0, op, make_data(shape.value >> (field.bytes - *bytes) * 8, *bytes)});
    return out;
  }
  out.emplace_back(load(field, field.bytes, 0));
  append_mask(out, field, shape.mask, 0);
  out.emplace_back(Cmp{0, op, field.data(shape.value)});
  return out;
}

std::vector<Expr> compare_range(FieldLoad field, const Shape& shape) {
  std::vector<Expr> out{load(field, field.bytes, 0)};
  append_mask(out, field, shape.mask, 0);
  append_network_order(out, field, 0);
  const auto [first, last] = shape.values.intervals()[0];
  if (!shape.negated && first == 0) {
    out.emplace_back(Cmp{0, CmpOp::kLessOrEqual, field.data(last)});
  } else if (!shape.negated && last == low_bits(field.width)) {
    out.emplace_back(Cmp{0, CmpOp::kGreaterOrEqual, field.data(first)});
  } else {
    out.emplace_back(Range{0, shape.negated, field.data(first), field.data(last)});
  }
  return out;
}

std::vector<Expr> look_up(FieldLoad field, const Shape& shape) {
  std::vector<Expr> out{load(field, field.bytes, 0)};
  append_mask(out, field, shape.mask, 0);
  const auto& intervals = shape.values.intervals();
  const bool single = std::all_of(intervals.begin(), intervals.end(),
                                  [](const auto& i) { return i.first == i.last; });
  if (!single) append_network_order(out, field, 0);
  Set set{.kind = single ? SetKind::kHash : SetKind::kIntervals,
          .key_type = field.key_type,
          .key_size = field.bytes,
          .order = field.bytes == 1 ? ByteOrder::kHost : field.order};
  for (const auto& [first, last] : intervals)
    set.elements.push_back({field.data(first), field.data(last)});
  // The host's byte order sorts differently.
  std::sort(set.elements.begin(), set.elements.end());
  out.emplace_back(Lookup{0, shape.negated, std::move(set)});
  return out;
}

// That the field is there, whatever it holds.
std::vector<Expr> readable(const FieldLoad& field) {
  return {load(field, field.bytes, 0), Cmp{0, CmpOp::kGreaterOrEqual, make_data(0, field.bytes)}};
}

}  // namespace

uint32_t state_mask(const ir::ValueSet& values) {
  uint32_t mask = 0;
  for (ir::CtState state : {ir::CtState::kInvalid, ir::CtState::kEstablished, ir::CtState::kRelated,
                            ir::CtState::kNew, ir::CtState::kUntracked}) {
    if (values.contains(static_cast<uint32_t>(state))) mask |= static_cast<uint32_t>(state);
  }
  return mask;
}

std::vector<Expr> never() {
  return {Meta{MetaKey::kLength, 0}, Cmp{0, CmpOp::kEqual, make_data(0, 4, ByteOrder::kHost)}};
}

Result<std::vector<Expr>> lower(const ir::Constraint& constraint, net::Family family) {
  auto field = field_load(*constraint.field, family);
  if (!field) return field.error();
  if (field->base == ir::Base::kConntrack &&
      field->offset == static_cast<uint32_t>(CtKey::kState)) {
    const uint32_t mask = state_mask(constraint.values);
    if (mask == 0) return never();
    return std::vector<Expr>{load(*field, field->bytes, 0),
                             Bitwise{0, field->data(mask), make_data(0, field->bytes)},
                             Cmp{0, CmpOp::kNotEqual, make_data(0, field->bytes)}};
  }
  const Shape shape = shape_of(constraint.values, constraint.mask, field->width);
  switch (shape.kind) {
    case Shape::Kind::kNever: return never();
    case Shape::Kind::kAlways:
      if (field->base == ir::Base::kTransport || field->base == ir::Base::kConntrack ||
          field->base == ir::Base::kLink) {
        return readable(*field);
      }
      return std::vector<Expr>{};
    case Shape::Kind::kEqual: return compare_equal(*field, shape);
    case Shape::Kind::kRange: return compare_range(*field, shape);
    case Shape::Kind::kLookup: break;
  }
  return look_up(*field, shape);
}

}  // namespace bulkhead::backend::nft
