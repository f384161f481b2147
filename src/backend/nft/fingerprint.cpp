// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/fingerprint.h"

#include <bit>
#include <cstring>
#include <variant>

namespace bulkhead::backend::nft {
namespace {

// Odd, with about half of their bits set, so that a multiplication spreads every bit.
constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;
constexpr uint64_t kMix = 0xbf58476d1ce4e5b9;
constexpr uint64_t kTurn = 0x94d049bb133111eb;

uint64_t finish(uint64_t x) {
  x = (x ^ (x >> 30)) * kMix;
  x = (x ^ (x >> 27)) * kTurn;
  return x ^ (x >> 31);
}

void add(Hasher& h, const Data& data) { h.add(data.view()); }

void add(Hasher& h, const Payload& e) {
  h.add(static_cast<uint64_t>(e.base) << 32 | e.to);
  h.add(static_cast<uint64_t>(e.offset) << 32 | e.length);
}
void add(Hasher& h, const PayloadSet& e) {
  h.add(uint64_t{1} << 63 | static_cast<uint64_t>(e.base) << 32 | e.from);
  h.add(static_cast<uint64_t>(e.offset) << 32 | e.length);
  h.add(e.checksum ? uint64_t{1} << 32 | *e.checksum : 0);
}
void add(Hasher& h, const Meta& e) { h.add(static_cast<uint64_t>(e.key) << 32 | e.to); }
void add(Hasher& h, const Ct& e) {
  h.add(static_cast<uint64_t>(e.key) << 32 | static_cast<uint64_t>(e.direction) << 8 | e.to);
}
void add(Hasher& h, const MetaSet& e) {
  h.add(uint64_t{1} << 63 | static_cast<uint64_t>(e.key) << 32 | e.from);
}
void add(Hasher& h, const CtSet& e) {
  h.add(uint64_t{1} << 63 | static_cast<uint64_t>(e.key) << 32 |
        static_cast<uint64_t>(e.direction) << 8 | e.from);
}
void add(Hasher& h, const GiveHelper& e) { h.add(e.object); }
void add(Hasher&, const Untrack&) {}
void add(Hasher& h, const StripTcpOption& e) { h.add(uint64_t{1} << 63 | e.kind); }
void add(Hasher& h, const Immediate& e) {
  h.add(uint64_t{1} << 63 | e.to);
  add(h, e.data);
}
void add(Hasher& h, const Fib& e) { h.add(static_cast<uint64_t>(e.flags) << 32 | e.to); }
void add(Hasher& h, const Exthdr& e) {
  h.add(static_cast<uint64_t>(e.type) << 32 | e.to);
  h.add(static_cast<uint64_t>(e.offset) << 32 | e.length);
}
void add(Hasher& h, const Bitwise& e) {
  h.add(e.reg);
  add(h, e.mask);
  add(h, e.flip);
}
void add(Hasher& h, const ToNetworkOrder& e) { h.add(static_cast<uint64_t>(e.size) << 32 | e.reg); }
void add(Hasher& h, const Cmp& e) {
  h.add(static_cast<uint64_t>(e.op) << 32 | e.reg);
  add(h, e.data);
}
void add(Hasher& h, const Range& e) {
  h.add(static_cast<uint64_t>(e.negated) << 32 | e.reg);
  add(h, e.first);
  add(h, e.last);
}
void add(Hasher& h, const Set& set) {
  h.add(static_cast<uint64_t>(set.kind) << 1 | static_cast<uint64_t>(set.foreign));
  h.add(static_cast<uint64_t>(set.key_type) << 32 | set.key_size);
  h.add(set.field_sizes);
  h.add(set.elements.size());
  for (const SetElement& element : set.elements) {
    add(h, element.first);
    add(h, element.last);
  }
}
void add(Hasher& h, const Lookup& e) {
  h.add(static_cast<uint64_t>(e.negated) << 32 | e.reg);
  add(h, e.set);
}
void add(Hasher& h, const MapLookup& e) {
  h.add(uint64_t{1} << 63 | static_cast<uint64_t>(e.to) << 32 | e.reg);
  add(h, e.set);
  h.add(static_cast<uint64_t>(e.set.value_type) << 32 | e.set.value_size);
  for (const SetElement& element : e.set.elements) add(h, element.value);
}
void add(Hasher&, const Counter&) {}
void add(Hasher& h, const Limit& e) {
  h.add(e.rate);
  h.add(e.seconds);
  h.add(e.burst);
}
void add(Hasher& h, const Log& e) {
  h.add(static_cast<uint64_t>(e.level) << 32 | e.flags);
  h.add(e.prefix);
}
void add(Hasher& h, const NetlinkLog& e) {
  h.add(static_cast<uint64_t>(e.group) << 32 | e.threshold);
  h.add(e.size ? uint64_t{1} << 32 | *e.size : 0);
  h.add(e.prefix);
}
void add(Hasher& h, const Reject& e) { h.add(static_cast<uint64_t>(e.type) << 32 | e.code); }
void add(Hasher& h, const Verdict& e) {
  h.add(static_cast<uint64_t>(static_cast<uint32_t>(e.code)));
  h.add(e.chain);
}
void add(Hasher& h, const XtMatch& e) {
  h.add(e.name);
  h.add(e.revision);
  h.add(e.info);
}
void add(Hasher& h, const XtTarget& e) {
  h.add(e.name);
  h.add(e.revision);
  h.add(e.info);
}
uint64_t number(const std::optional<Register>& reg) { return reg ? *reg : 0xff; }
void add(Hasher& h, const NatRange& range) { h.add(number(range.first) << 8 | number(range.last)); }
void add(Hasher& h, const Nat& e) {
  h.add(static_cast<uint64_t>(e.source) << 8 | static_cast<uint64_t>(e.family));
  add(h, e.addresses);
  add(h, e.ports);
  h.add(e.flags);
}
void add(Hasher& h, const Masquerade& e) {
  add(h, e.ports);
  h.add(e.flags);
}
void add(Hasher& h, const Redirect& e) {
  add(h, e.ports);
  h.add(e.flags);
}
void add(Hasher& h, const TransparentProxy& e) {
  h.add(static_cast<uint64_t>(e.family));
  h.add(number(e.address) << 8 | number(e.port));
}
void add(Hasher& h, const Unknown& e) {
  h.add(e.name);
  h.add(e.bytes);
}

}  // namespace

void Hasher::add(uint64_t word) {
  a_ = std::rotl(a_ ^ (word * kSpread), 27) * kMix + kTurn;
  b_ = std::rotl(b_ + (word ^ kTurn) * kMix, 31) * kSpread + a_;
}

void Hasher::add(std::span<const uint8_t> bytes) {
  add(static_cast<uint64_t>(bytes.size()));
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t part = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), part);
    add(word);
    bytes = bytes.subspan(part);
  }
}

void Hasher::add(std::string_view bytes) {
  add(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

void Hasher::add(const Fingerprint& other) {
  add(other.high);
  add(other.low);
}

Fingerprint Hasher::result() const {
  return {finish(a_ ^ std::rotl(b_, 17)), finish(b_ ^ kSpread)};
}

void add(Hasher& hasher, const Expr& expression) {
  std::visit(
      [&](const auto& e) {
        // By name: a table that an older program wrote must still be known for sound.
        if constexpr (requires { e.kName; }) hasher.add(e.kName);
        add(hasher, e);
      },
      expression);
}

Fingerprint fingerprint(const Rule& rule) {
  Hasher hasher;
  hasher.add(rule.id);
  hasher.add(static_cast<uint64_t>(rule.expressions.size()));
  for (const Expr& expression : rule.expressions) add(hasher, expression);
  return hasher.result();
}

Fingerprint fingerprint(std::string_view bytes) {
  Hasher hasher;
  hasher.add(bytes);
  return hasher.result();
}

}  // namespace bulkhead::backend::nft
