// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/stored.h"

#include <algorithm>
#include <cassert>
#include <optional>

#include <fmt/format.h>
#include <zstd.h>

#include "backend/nft/user_data.h"
#include "core/byte_order.h"

namespace bulkhead::backend::nft {
namespace {

constexpr uint8_t kVersion = 1;
// Far above any ruleset that the kernel could hold: it needs many times a rule's text for the rule.
constexpr uint64_t kMaxBodySize = uint64_t{1} << 28;
// RFC 8878: a block has 4 bytes or more and gives 128 KiB at most. So a forged length costs no more
// memory than what was put into the kernel can fill.
constexpr uint64_t kMostFromByte = (uint64_t{128} << 10) / 4;

struct Trailer {
  uint32_t pieces = 0;       // before it
  uint64_t packed_size = 0;  // of those together
  uint64_t body_size = 0;    // unpacked
  Fingerprint checksum;      // of what is packed: another packing of the same would be a change too
  Stored stored;             // without what is in the body
};

class Writer {
 public:
  void put(uint64_t number, size_t width) {
    uint8_t bytes[8];
    store_be(number, std::span(bytes).first(width));
    out_.append(reinterpret_cast<const char*>(bytes), width);
  }
  void put(const Fingerprint& value) {
    put(value.high, 8);
    put(value.low, 8);
  }
  void put(std::string_view text) { out_ += text; }
  const std::string& text() const { return out_; }

 private:
  std::string out_;
};

// Gives zeros behind the end; only the checksum, which is taken of all, says whether there was one.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  uint64_t number(size_t width) {
    const std::string_view part = text(width);
    return static_cast<uint64_t>(
        load_be({reinterpret_cast<const uint8_t*>(part.data()), part.size()}));
  }
  Fingerprint fingerprint() {
    const uint64_t high = number(8);
    return {high, number(8)};
  }
  std::string_view text(size_t size) {
    const std::string_view part = text_.substr(0, size);
    text_.remove_prefix(part.size());
    return part;
  }
  std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

std::string write_trailer(const Trailer& trailer) {
  Writer body;
  body.put(kVersion, 1);
  body.put(trailer.pieces, 4);
  body.put(trailer.packed_size, 8);
  body.put(trailer.body_size, 8);
  body.put(trailer.checksum);
  body.put(trailer.stored.digest);
  body.put(trailer.stored.epoch, 4);
  body.put(trailer.stored.transaction);
  Writer out;
  out.put(fingerprint(body.text()));
  out.put(body.text());
  return out.text();
}

std::optional<Trailer> read_trailer(std::string_view text) {
  Reader reader(text);
  const Fingerprint own = reader.fingerprint();
  if (own != fingerprint(reader.rest()) || reader.number(1) != kVersion) return {};
  Trailer trailer;
  trailer.pieces = static_cast<uint32_t>(reader.number(4));
  trailer.packed_size = reader.number(8);
  trailer.body_size = reader.number(8);
  trailer.checksum = reader.fingerprint();
  trailer.stored.digest = reader.fingerprint();
  trailer.stored.epoch = static_cast<unsigned>(reader.number(4));
  trailer.stored.transaction = reader.rest();
  return trailer;
}

// The body: the marks, then the source.
std::string write_body(const Stored& stored) {
  Writer out;
  out.put(stored.marks.size(), 4);
  for (const ChainMark& chain : stored.marks) {
    out.put(chain.name.size(), 2);
    out.put(chain.name);
    out.put(chain.rules, 4);
    out.put(chain.form, 8);
  }
  out.put(stored.source);
  return out.text();
}

void read_body(std::string_view body, Stored& stored) {
  Reader reader(body);
  const uint64_t chains = reader.number(4);
  for (uint64_t i = 0; i < chains && !reader.rest().empty(); ++i) {
    ChainMark& chain = stored.marks.emplace_back();
    chain.name = reader.text(reader.number(2));
    chain.rules = static_cast<uint32_t>(reader.number(4));
    chain.form = reader.number(8);
  }
  stored.source = reader.rest();
}

std::string pack(std::string_view body) {
  std::string packed(ZSTD_compressBound(body.size()), '\0');
  const size_t size =
      ZSTD_compress(packed.data(), packed.size(), body.data(), body.size(), ZSTD_CLEVEL_DEFAULT);
  assert(!ZSTD_isError(size));
  packed.resize(size);
  return packed;
}

std::optional<std::string> unpack(std::string_view packed, uint64_t size) {
  if (size > std::min(kMaxBodySize, packed.size() * kMostFromByte)) return {};
  if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != size) return {};
  std::string body(size, '\0');
  if (ZSTD_decompress(body.data(), size, packed.data(), packed.size()) != size) return {};
  return body;
}

Error damaged(std::string message) {
  return {.kind = ErrorKind::kDamaged, .message = std::move(message)};
}

}  // namespace

std::vector<Piece> split(const Stored& stored) {
  assert(stored.transaction.size() <= kMaxTransactionSize);
  const std::string body = write_body(stored);
  const std::string packed = pack(body);
  std::vector<Piece> pieces;
  for (size_t at = 0; at < packed.size(); at += kMaxUserValue) {
    pieces.push_back({static_cast<uint32_t>(pieces.size()), packed.substr(at, kMaxUserValue)});
  }
  Trailer trailer{
      .pieces = static_cast<uint32_t>(pieces.size()),
      .packed_size = packed.size(),
      .body_size = body.size(),
      .checksum = fingerprint(packed),
      .stored = {
          .transaction = stored.transaction, .digest = stored.digest, .epoch = stored.epoch}};
  pieces.push_back({trailer.pieces, write_trailer(trailer)});
  return pieces;
}

Result<Stored> assemble(std::span<const Piece> pieces) {
  if (pieces.empty()) return damaged("its source is missing");
  std::vector<const Piece*> order;
  for (const Piece& piece : pieces) order.push_back(&piece);
  std::sort(order.begin(), order.end(),
            [](const Piece* a, const Piece* b) { return a->number < b->number; });
  std::string packed;
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i]->number > i)
      return damaged(fmt::format("piece {} of its source is missing", i + 1));
    if (order[i]->number < i) {
      return damaged(fmt::format("piece {} of its source is there twice", order[i]->number + 1));
    }
    if (i + 1 < order.size()) packed += order[i]->value;
  }
  auto trailer = read_trailer(order.back()->value);
  if (!trailer) return damaged("the end of its source is missing or was changed");
  if (trailer->pieces != order.size() - 1 || trailer->packed_size != packed.size()) {
    return damaged("its source has another length than was written");
  }
  if (fingerprint(packed) != trailer->checksum) return damaged("its source was changed");
  auto body = unpack(packed, trailer->body_size);
  if (!body) return damaged("its source can't be unpacked");
  read_body(*body, trailer->stored);
  return std::move(trailer->stored);
}

}  // namespace bulkhead::backend::nft
