// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/set_message.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "backend/nft/netlink/registers.h"
#include "backend/nft/user_data.h"

namespace bulkhead::backend::nft::netlink {
namespace {

uint32_t flags_of(SetKind kind, bool map) {
  const uint32_t flags =
      NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | (map ? static_cast<uint32_t>(NFT_SET_MAP) : 0);
  switch (kind) {
    case SetKind::kHash: return flags;
    case SetKind::kIntervals: return flags | NFT_SET_INTERVAL;
    case SetKind::kBoxes: break;
  }
  return flags | NFT_SET_INTERVAL | NFT_SET_CONCAT;
}

bool all_ones(const Data& data) {
  return std::all_of(data.view().begin(), data.view().end(),
                     [](uint8_t byte) { return byte == 0xff; });
}

Data neighbour(const Data& data, int step) {
  const U128 value = load_be(data.view());
  return make_data(step > 0 ? value + 1 : value - 1, data.size);
}

Data data_of(std::span<const uint8_t> bytes) {
  Data data;
  data.size = static_cast<uint8_t>(std::min(bytes.size(), Data::kCapacity));
  std::copy_n(bytes.begin(), data.size, data.bytes.begin());
  return data;
}

// False if they don't pair up as raw_elements() makes them.
bool pair_up(std::vector<RawElement>& raw, Set& set) {
  std::sort(raw.begin(), raw.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  bool open = false;
  for (const RawElement& element : raw) {
    if (element.interval_end) {
      if (open) set.elements.back().last = neighbour(element.key, -1);
      if (!open && !set.elements.empty()) return false;
      open = false;
    } else {
      if (open) return false;
      set.elements.push_back({element.key, make_data(kU128Max, element.key.size)});
      open = true;
    }
  }
  return true;
}

}  // namespace

// nft(8) asks for the byte order of keys whose type doesn't say it (libnftnl:
// NFTNL_UDATA_SET_KEYBYTEORDER).
void put_byte_order(Writer& out, ByteOrder order) {
  constexpr uint8_t kKeyByteOrder = 0;
  const uint32_t value = order == ByteOrder::kHost ? 1 : 2;
  std::array<uint8_t, 6> data{kKeyByteOrder, sizeof value};
  std::memcpy(data.data() + 2, &value, sizeof value);
  out.put(NFTA_SET_USERDATA, data);
}

void put_set(Writer& out, const Set& set) {
  const bool map = set.value_size != 0;
  out.put_u32(NFTA_SET_FLAGS, flags_of(set.kind, map));
  out.put_u32(NFTA_SET_KEY_TYPE, set.key_type);
  out.put_u32(NFTA_SET_KEY_LEN, set.key_size);
  if (map) {
    out.put_u32(NFTA_SET_DATA_TYPE, set.value_type);
    out.put_u32(NFTA_SET_DATA_LEN, set.value_size);
  }
  out.nest(NFTA_SET_DESC, [&] {
    // A tree has up to two elements an interval, and one before the first.
    const size_t size = set.elements.size();
    out.put_u32(NFTA_SET_DESC_SIZE,
                static_cast<uint32_t>(set.kind == SetKind::kIntervals ? 2 * size + 1 : size));
    if (set.kind != SetKind::kBoxes) return;
    out.nest(NFTA_SET_DESC_CONCAT, [&] {
      for (uint8_t field : set.field_sizes) {
        out.nest(NFTA_LIST_ELEM, [&] { out.put_u32(NFTA_SET_FIELD_LEN, field); });
      }
    });
  });
  put_byte_order(out, set.order);
}

std::vector<RawElement> raw_elements(const Set& set) {
  std::vector<RawElement> out;
  if (set.kind == SetKind::kIntervals &&
      set.elements[0].first != make_data(0, set.elements[0].first.size)) {
    // What lies before the first interval is outside; nft(8) writes it, and reads sets that have
    // it.
    out.push_back({.key = make_data(0, set.elements[0].first.size), .interval_end = true});
  }
  for (const SetElement& element : set.elements) {
    RawElement raw{.key = element.first, .value = element.value};
    if (set.kind == SetKind::kBoxes) raw.key_end = element.last;
    out.push_back(std::move(raw));
    if (set.kind == SetKind::kIntervals && !all_ones(element.last)) {
      out.push_back({.key = neighbour(element.last, 1), .interval_end = true});
    }
  }
  return out;
}

void put_element(Writer& out, const RawElement& element) {
  out.nest(NFTA_LIST_ELEM, [&] {
    put_value(out, NFTA_SET_ELEM_KEY, element.key);
    if (element.key_end.size != 0) put_value(out, NFTA_SET_ELEM_KEY_END, element.key_end);
    if (element.interval_end) out.put_u32(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
    if (element.value.size != 0) put_value(out, NFTA_SET_ELEM_DATA, element.value);
    if (!element.user_data.empty()) {
      out.put(NFTA_SET_ELEM_USERDATA, {reinterpret_cast<const uint8_t*>(element.user_data.data()),
                                       element.user_data.size()});
    }
  });
}

bool is_anonymous(const Attributes& set) {
  return (set.u32(NFTA_SET_FLAGS) & NFT_SET_ANONYMOUS) != 0;
}

RawElement read_element(const nlattr* element) {
  const Attributes a(element);
  const uint32_t flags = a.u32(NFTA_SET_ELEM_FLAGS);
  RawElement out{.key = data_of(a.nested(NFTA_SET_ELEM_KEY).bytes(NFTA_DATA_VALUE)),
                 .key_end = data_of(a.nested(NFTA_SET_ELEM_KEY_END).bytes(NFTA_DATA_VALUE)),
                 .interval_end = (flags & NFT_SET_ELEM_INTERVAL_END) != 0,
                 .value = data_of(a.nested(NFTA_SET_ELEM_DATA).bytes(NFTA_DATA_VALUE)),
                 .user_data = std::string(a.raw_text(NFTA_SET_ELEM_USERDATA))};
  for (uint16_t type : {NFTA_SET_ELEM_TIMEOUT, NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_OBJREF,
                        NFTA_SET_ELEM_EXPRESSIONS}) {
    out.extra = out.extra || a.has(type);
  }
  // A verdict is no value.
  if (a.has(NFTA_SET_ELEM_DATA) && out.value.size == 0) out.extra = true;
  if ((flags & ~static_cast<uint32_t>(NFT_SET_ELEM_INTERVAL_END)) != 0) out.extra = true;
  return out;
}

Set read_set(const Attributes& a) {
  Set set{.key_type = a.u32(NFTA_SET_KEY_TYPE),
          .key_size = a.u32(NFTA_SET_KEY_LEN),
          .value_type = a.u32(NFTA_SET_DATA_TYPE),
          .value_size = a.u32(NFTA_SET_DATA_LEN)};
  const uint32_t flags = a.u32(NFTA_SET_FLAGS);
  const bool map = (flags & NFT_SET_MAP) != 0;
  for (SetKind kind : {SetKind::kIntervals, SetKind::kBoxes}) {
    if (flags == flags_of(kind, map)) set.kind = kind;
  }
  set.foreign = flags != flags_of(set.kind, map) || map != (set.value_size != 0);
  for_each_attribute(a.nested(NFTA_SET_DESC).bytes(NFTA_SET_DESC_CONCAT), [&](const nlattr* field) {
    set.field_sizes.push_back(static_cast<uint8_t>(Attributes(field).u32(NFTA_SET_FIELD_LEN)));
  });
  return set;
}

void fill(Set& set, std::vector<RawElement> elements) {
  for (const RawElement& element : elements) {
    const bool valued = element.value.size != 0;
    set.foreign = set.foreign || element.extra || valued != (set.value_size != 0);
  }
  if (set.kind == SetKind::kIntervals) {
    set.foreign = !pair_up(elements, set) || set.foreign;
    return;
  }
  for (const RawElement& element : elements) {
    set.elements.push_back(
        {element.key, element.key_end.size == 0 ? element.key : element.key_end, element.value});
  }
  std::sort(set.elements.begin(), set.elements.end());
}

Data piece_key(uint32_t number) { return make_data(number, 4, ByteOrder::kHost); }

Piece read_piece(const RawElement& element) {
  Piece piece;
  std::memcpy(&piece.number, element.key.bytes.data(), sizeof piece.number);
  if (auto value = unwrap_user_data(element.user_data)) piece.value = *value;
  return piece;
}

}  // namespace bulkhead::backend::nft::netlink
