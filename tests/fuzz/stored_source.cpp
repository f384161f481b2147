// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/stored_source.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <zstd.h>

#include "backend/nft/inspect.h"
#include "backend/nft/stored.h"
#include "backend/nft/user_data.h"
#include "core/byte_order.h"
#include "fuzz/fuzz.h"

namespace bulkhead::fuzz {

namespace nft = backend::nft;

namespace {

// Big-endian, as a trailer has its numbers.
void put(std::string& out, uint64_t number, size_t width) {
  uint8_t bytes[8];
  store_be(number, std::span(bytes).first(width));
  out.append(reinterpret_cast<const char*>(bytes), width);
}

void put(std::string& out, const nft::Fingerprint& value) {
  put(out, value.high, 8);
  put(out, value.low, 8);
}

// Pieces as any program could put them there that knows our form (backend/nft/stored.cpp), written
// anew: the checksums are right, what they cover is not ours.
std::vector<nft::Piece> forge(std::string_view packed, uint64_t body_size) {
  std::vector<nft::Piece> pieces;
  for (size_t at = 0; at < packed.size(); at += nft::kMaxUserValue) {
    pieces.push_back(
        {static_cast<uint32_t>(pieces.size()), std::string(packed.substr(at, nft::kMaxUserValue))});
  }
  std::string trailer;
  put(trailer, 1, 1);
  put(trailer, pieces.size(), 4);
  put(trailer, packed.size(), 8);
  put(trailer, body_size, 8);
  put(trailer, nft::fingerprint(packed));
  put(trailer, nft::Fingerprint{});
  put(trailer, 0, 4);
  trailer += "a forger";
  std::string checked;
  put(checked, nft::fingerprint(trailer));
  pieces.push_back({static_cast<uint32_t>(pieces.size()), checked + trailer});
  return pieces;
}

std::vector<nft::Piece> pieces_of_lines(std::string_view text) {
  std::vector<nft::Piece> pieces;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    pieces.push_back({static_cast<uint32_t>(line[0] - '0'), std::string(line.substr(1))});
  }
  return pieces;
}

void read(std::string_view source) {
  for (const net::Family family : net::kFamilies) {
    const Result<ir::Ruleset> rules = app::read_source(source, family);
    if (!rules) require(!rules.error().message.empty(), "an error has a text");
  }
}

// All that a look does with pieces that lie in the kernel.
void look_at(std::vector<nft::Piece> pieces) {
  const nft::KernelTable table{
      .present = true,
      .chains = {{.name = "filter/INPUT", .rules = {{.handle = 1, .id = 3}}}},
      .source_set = true,
      .pieces = std::move(pieces)};
  const nft::Inspection inspection = nft::inspect(table);
  require(inspection.stored.has_value() == inspection.damage.empty(),
          "a table is sound, or it is said why not");
  if (const auto stored = nft::assemble(table.pieces)) read(stored->source);
}

std::string packed(std::string_view body) {
  std::string out(ZSTD_compressBound(body.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), body.data(), body.size(), 1));
  return out;
}

void store_and_read(std::string_view source) {
  const auto pieces = nft::split({.source = std::string(source), .transaction = "fuzz"});
  const Result<nft::Stored> stored = nft::assemble(pieces);
  require(stored.ok(), "what is split can be assembled", stored ? "" : stored.error().message);
  require(stored->source == source, "a source comes back as it was");
  read(source);
}

void unwrap(std::string_view user_data) {
  const auto value = nft::unwrap_user_data(user_data);
  require(!value || value->size() + 2 <= user_data.size(), "a value fits the data that it came in");
  if (nft::rule_id_of(user_data) != ir::kNoId) require(value.has_value(), "an id is a value");
}

}  // namespace

void stored_source(std::string_view input) {
  if (input.empty()) return;
  const std::string_view rest = input.substr(1);
  switch (input[0]) {
    case 'p': return look_at(pieces_of_lines(rest));
    case 'f': return look_at(forge(rest, ZSTD_getFrameContentSize(rest.data(), rest.size())));
    case 'b': return look_at(forge(packed(rest), rest.size()));
    case 's': return store_and_read(rest);
    case 'u': return unwrap(rest);
    default: return;
  }
}

}  // namespace bulkhead::fuzz
