// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "backend/nft/constraint.h"
#include "backend/nft/field_load.h"

namespace bulkhead::backend::nft {
namespace {

struct Choice {
  FieldLoad field;
  U128 mask = 0;
  const ir::ValueSet* values = nullptr;
  ir::ValueSet rest;
};

bool always_there(ir::Base base) { return base == ir::Base::kNetwork || base == ir::Base::kRoute; }

Result<std::vector<Choice>> parts_of(const ir::AnyOf& any, net::Family family) {
  std::vector<Choice> parts;
  for (const ir::Constraint& alternative : any.alternatives) {
    auto field = field_load(*alternative.field, family);
    if (!field) return field.error();
    // A negation of an alternative is needed, and the field of one of the others must not decide
    // whether it can be asked.
    const bool alike = parts.empty() || field->base == parts[0].field.base ||
                       (always_there(field->base) && always_there(parts[0].field.base));
    if (!alike) {
      return refused(fmt::format("one rule can't ask for the {} or the {}",
                                 any.alternatives[0].field->words, alternative.field->words));
    }
    parts.push_back({*field, alternative.mask & low_bits(field->width), &alternative.values,
                     alternative.values.complement(field->width)});
  }
  return parts;
}

// The boxes where the first alternative that holds is the one at `chosen`.
size_t boxes_of(const std::vector<Choice>& parts, size_t chosen) {
  size_t boxes = parts[chosen].values->intervals().size();
  for (size_t i = 0; i < chosen && boxes <= kMaxBoxes; ++i)
    boxes *= parts[i].rest.intervals().size();
  return boxes;
}

void append_boxes(const std::vector<Choice>& parts, size_t chosen, size_t at, SetElement box,
                  Set& set) {
  if (at == parts.size()) {
    set.elements.push_back(box);
    return;
  }
  const Choice& part = parts[at];
  const ir::ValueSet all = ir::ValueSet::range(0, low_bits(part.field.width));
  const ir::ValueSet& side = at < chosen ? part.rest : at == chosen ? *part.values : all;
  for (const auto& [first, last] : side.intervals()) {
    SetElement longer = box;
    longer.first.append(first << part.field.shift, part.field.bytes);
    longer.last.append(last << part.field.shift, part.field.bytes);
    longer.first.pad();
    longer.last.pad();
    append_boxes(parts, chosen, at + 1, longer, set);
  }
}

}  // namespace

Result<std::vector<Expr>> lower(const ir::AnyOf& any, net::Family family) {
  if (any.alternatives.size() == 1) return lower(any.alternatives[0], family);
  auto parts = parts_of(any, family);
  if (!parts) return parts.error();

  std::vector<Expr> out;
  Set set{.kind = SetKind::kBoxes, .key_type = 0};
  for (const Choice& part : *parts) {
    const Register reg = static_cast<Register>(set.key_size / 4);
    set.key_size += (part.field.bytes + 3) / 4 * 4;
    if (set.key_size > Data::kCapacity)
      return refused("one rule can't ask for that many things at once");
    set.key_type = set.key_type << kKeyTypeBits | part.field.key_type;
    set.field_sizes.push_back(static_cast<uint8_t>(part.field.bytes));
    out.emplace_back(load(part.field, part.field.bytes, reg));
    if (part.mask != low_bits(part.field.width) || part.field.shares_bytes) {
      out.emplace_back(Bitwise{reg, part.field.data(part.mask), make_data(0, part.field.bytes)});
    }
    if (part.field.order == ByteOrder::kHost && part.field.bytes > 1) {
      out.emplace_back(ToNetworkOrder{reg, part.field.bytes});
    }
  }
  size_t boxes = 0;
  for (size_t chosen = 0; chosen < parts->size(); ++chosen) boxes += boxes_of(*parts, chosen);
  if (boxes > kMaxBoxes) return refused("one rule can't ask for that many values at once");
  for (size_t chosen = 0; chosen < parts->size(); ++chosen)
    append_boxes(*parts, chosen, 0, {}, set);
  if (set.elements.empty()) return never();
  std::sort(set.elements.begin(), set.elements.end());
  out.emplace_back(Lookup{0, false, std::move(set)});
  return out;
}

}  // namespace bulkhead::backend::nft
