// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/nft/netlink/attributes.h"
#include "backend/nft/netlink/writer.h"
#include "backend/nft/set.h"
#include "backend/nft/stored.h"
#include "net/family.h"

namespace bulkhead::backend::nft::netlink {

// NFPROTO_*, which is what a family's number is.
constexpr uint8_t nfproto(net::Family family) { return static_cast<uint8_t>(family); }

// One element as nf_tables has it: of an interval set, two of them make an interval.
struct RawElement {
  Data key;
  Data key_end;  // empty where there is none
  bool interval_end = false;
  Data value;  // of a map
  std::string user_data;
  bool extra = false;  // it has a timeout, a counter, a verdict or the like

  friend bool operator==(const RawElement&, const RawElement&) = default;
};

// For nft(8): how a set's key, if it is a number, is to be read.
void put_byte_order(Writer& out, ByteOrder order);
// The body of NFT_MSG_NEWSET for an anonymous set, behind table, name and id.
void put_set(Writer& out, const Set& set);
// The elements of an anonymous set, in order. An interval ends with an element of its own, the
// first value behind it.
std::vector<RawElement> raw_elements(const Set& set);
// NFTA_LIST_ELEM of an element list.
void put_element(Writer& out, const RawElement& element);

// The other way: from NFT_MSG_NEWSET, and from NFTA_LIST_ELEM.
bool is_anonymous(const Attributes& set);
RawElement read_element(const nlattr* element);
// Without its elements. What isn't a constant set of a kind that we make comes out as `foreign`.
Set read_set(const Attributes& set);
// In any order. `foreign` also if they aren't as raw_elements() makes them.
void fill(Set& set, std::vector<RawElement> elements);

// The element of the source set that carries this piece.
Data piece_key(uint32_t number);
Piece read_piece(const RawElement& element);

}  // namespace bulkhead::backend::nft::netlink
