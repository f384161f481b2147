// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/dump.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bulkhead::backend::nft {
namespace {

std::string hex(std::span<const uint8_t> bytes) {
  return fmt::format("0x{:02x}", fmt::join(bytes, ""));
}
std::string hex(const Data& data) { return hex(data.view()); }

// NFT_REG_1 to NFT_REG_4 are 16 bytes long, NFT_REG32_00 (8) and up 4 bytes.
int number(Register reg) { return reg % 4 == 0 ? reg / 4 + 1 : reg + 8; }

std::string_view word(MetaKey key) {
  switch (key) {
    case MetaKey::kLength: return "length";
    case MetaKey::kPriority: return "priority";
    case MetaKey::kTrace: return "nftrace";
    case MetaKey::kSecurityMark: return "secmark";
    case MetaKey::kMark: return "mark";
    case MetaKey::kInInterface: return "iifname";
    case MetaKey::kOutInterface: return "oifname";
    case MetaKey::kProtocol: return "l4proto";
    case MetaKey::kInDeviceType: return "iiftype";
    case MetaKey::kPacketType: break;
  }
  return "pkttype";
}

std::string_view word(CtKey key) {
  switch (key) {
    case CtKey::kState: return "state";
    case CtKey::kDirection: return "direction";
    case CtKey::kStatus: return "status";
    case CtKey::kSecurityMark: return "secmark";
    case CtKey::kExpiration: return "expiration";
    case CtKey::kZone: return "zone";
    case CtKey::kEvents: return "event";
    case CtKey::kProtocol: return "protocol";
    case CtKey::kSourcePort: return "proto-src";
    case CtKey::kDestinationPort: return "proto-dst";
    case CtKey::kIpv4Source:
    case CtKey::kIpv6Source: return "saddr";
    case CtKey::kIpv4Destination:
    case CtKey::kIpv6Destination: return "daddr";
    case CtKey::kMark: break;
  }
  return "mark";
}

std::string_view word(PayloadBase base) {
  switch (base) {
    case PayloadBase::kLink: return "link";
    case PayloadBase::kNetwork: return "network";
    case PayloadBase::kTransport: break;
  }
  return "transport";
}

std::string_view word(CmpOp op) {
  switch (op) {
    case CmpOp::kEqual: return "eq";
    case CmpOp::kNotEqual: return "neq";
    case CmpOp::kLess: return "lt";
    case CmpOp::kLessOrEqual: return "lte";
    case CmpOp::kGreater: return "gt";
    case CmpOp::kGreaterOrEqual: break;
  }
  return "gte";
}

std::string_view word(VerdictCode code) {
  switch (code) {
    case VerdictCode::kDrop: return "drop";
    case VerdictCode::kAccept: return "accept";
    case VerdictCode::kJump: return "jump";
    case VerdictCode::kGoto: return "goto";
    case VerdictCode::kReturn: break;
  }
  return "return";
}

std::string text(const Set& set) {
  std::string out;
  for (const SetElement& element : set.elements) {
    if (!out.empty()) out += ", ";
    out += hex(element.first);
    if (set.kind != SetKind::kHash) out += "-" + hex(element.last);
    if (set.value_size != 0) out += " : " + hex(element.value);
  }
  return out;
}

std::string body(const Payload& e) {
  return fmt::format("payload load {}b @ {} + {} => reg {}", e.length, word(e.base), e.offset,
                     number(e.to));
}
std::string body(const PayloadSet& e) {
  return fmt::format("payload write reg {} => {}b @ {} + {}{}", number(e.from), e.length,
                     word(e.base), e.offset,
                     e.checksum ? fmt::format(" checksum @ {}", *e.checksum) : "");
}
std::string body(const Meta& e) {
  return fmt::format("meta load {} => reg {}", word(e.key), number(e.to));
}
std::string body(const MetaSet& e) {
  return fmt::format("meta set {} with reg {}", word(e.key), number(e.from));
}
constexpr std::string_view kDirections[] = {"", " original", " reply"};
std::string body(const Ct& e) {
  return fmt::format("ct load {}{} => reg {}", word(e.key),
                     kDirections[static_cast<size_t>(e.direction)], number(e.to));
}
std::string body(const CtSet& e) {
  return fmt::format("ct set {}{} with reg {}", word(e.key),
                     kDirections[static_cast<size_t>(e.direction)], number(e.from));
}
std::string body(const GiveHelper& e) { return "give helper " + e.object; }
std::string body(const Untrack&) { return "notrack"; }
std::string body(const StripTcpOption& e) { return fmt::format("strip tcp option {}", e.kind); }
std::string body(const Immediate& e) {
  return fmt::format("immediate {} => reg {}", hex(e.data), number(e.to));
}
std::string body(const Fib& e) {
  return fmt::format("fib {}{}{}{} {} => reg {}", (e.flags & 1) != 0 ? "saddr" : "daddr",
                     (e.flags & 4) != 0 ? " . mark" : "", (e.flags & 8) != 0 ? " . iif" : "",
                     (e.flags & 16) != 0 ? " . oif" : "",
                     (e.flags & Fib::kPresent) != 0 ? "oif present" : "type", number(e.to));
}
std::string body(const Exthdr& e) {
  return fmt::format("exthdr load {}b @ {} + {} => reg {}", e.length, e.type, e.offset,
                     number(e.to));
}
std::string body(const Bitwise& e) {
  return fmt::format("bitwise reg {} & {} ^ {}", number(e.reg), hex(e.mask), hex(e.flip));
}
std::string body(const ToNetworkOrder& e) {
  return fmt::format("byteorder reg {} hton {}b", number(e.reg), e.size);
}
std::string body(const Cmp& e) {
  return fmt::format("cmp {} reg {} {}", word(e.op), number(e.reg), hex(e.data));
}
std::string body(const Range& e) {
  return fmt::format("range {} reg {} {}-{}", e.negated ? "neq" : "eq", number(e.reg), hex(e.first),
                     hex(e.last));
}
std::string body(const Lookup& e) {
  return fmt::format("lookup reg {} {} {{ {} }}", number(e.reg), e.negated ? "not in" : "in",
                     text(e.set));
}
// A long map by its size and its ends.
std::string body(const MapLookup& e) {
  constexpr size_t kCountable = 4;
  Set shown = e.set;
  std::string what = text(shown);
  if (e.set.elements.size() > kCountable) {
    shown.elements = {e.set.elements.front()};
    what = fmt::format("{}, ({} elements), ", text(shown), e.set.elements.size());
    shown.elements = {e.set.elements.back()};
    what += text(shown);
  }
  return fmt::format("lookup reg {} in {{ {} }} => reg {}", number(e.reg), what, number(e.to));
}
std::string body(const Counter&) { return "counter"; }
std::string body(const Limit& e) {
  return fmt::format("limit {} packets / {} s burst {}", e.rate, e.seconds, e.burst);
}
std::string body(const Log& e) {
  return fmt::format("log level {} flags {:#x} prefix \"{}\"", e.level, e.flags, e.prefix);
}
std::string body(const NetlinkLog& e) {
  std::string out = fmt::format("log group {}", e.group);
  if (e.threshold != 0) out += fmt::format(" threshold {}", e.threshold);
  if (e.size) out += fmt::format(" size {}", *e.size);
  return out + fmt::format(" prefix \"{}\"", e.prefix);
}
std::string body(const Reject& e) {
  if (e.type == RejectType::kTcpReset) return "reject with tcp reset";
  return fmt::format("reject with icmp code {}", e.code);
}
std::string body(const Verdict& e) {
  return e.chain.empty() ? std::string(word(e.code)) : fmt::format("{} {}", word(e.code), e.chain);
}
// The kernel's structs are mostly empty; more zeros than anybody counts are written "(40 zeros)".
std::string hex_of_struct(std::span<const uint8_t> bytes) {
  constexpr size_t kCountable = 32;
  std::string out = "0x";
  for (size_t i = 0; i < bytes.size();) {
    size_t end = i;
    while (end < bytes.size() && bytes[end] == 0) ++end;
    if (end - i > kCountable) {
      out += fmt::format("({} zeros)", end - i);
      i = end;
    } else {
      out += fmt::format("{:02x}", bytes[i++]);
    }
  }
  return out;
}
std::string body(const XtMatch& e) {
  return fmt::format("match {} rev {} {}", e.name, e.revision, hex_of_struct(e.info));
}
std::string body(const XtTarget& e) {
  return fmt::format("target {} rev {} {}", e.name, e.revision, hex_of_struct(e.info));
}
std::string range(std::string_view what, const NatRange& e) {
  if (!e.first) return "";
  return fmt::format(" {} reg {}-{}", what, number(*e.first), number(*e.last));
}
std::string nat_flags(uint32_t flags) {
  std::string out;
  if ((flags & kNatRandom) != 0) out += " random";
  if ((flags & kNatPersistent) != 0) out += " persistent";
  if ((flags & kNatFullyRandom) != 0) out += " fully-random";
  if ((flags & kNatNetmap) != 0) out += " netmap";
  return out;
}
std::string body(const Nat& e) {
  return fmt::format("{} {}{}{}{}", e.source ? "snat" : "dnat", net::family_word(e.family),
                     range("addr", e.addresses), range("port", e.ports), nat_flags(e.flags));
}
std::string body(const Masquerade& e) {
  return fmt::format("masq{}{}", range("port", e.ports), nat_flags(e.flags));
}
std::string body(const Redirect& e) {
  return fmt::format("redir{}{}", range("port", e.ports), nat_flags(e.flags));
}
std::string body(const TransparentProxy& e) {
  std::string out = fmt::format("tproxy {}", net::family_word(e.family));
  if (e.address) out += fmt::format(" addr reg {}", number(*e.address));
  if (e.port) out += fmt::format(" port reg {}", number(*e.port));
  return out;
}
std::string body(const Unknown& e) { return fmt::format("{} {}", e.name, hex(e.bytes)); }

}  // namespace

std::string dump(const Expr& expression) {
  return std::visit([](const auto& e) { return fmt::format("[ {} ]", body(e)); }, expression);
}

std::string dump(std::span<const Expr> expressions) {
  std::string out;
  for (const Expr& expression : expressions) out += dump(expression) + "\n";
  return out;
}

std::string dump(const Program& program) {
  std::string out = fmt::format("table {} {}\n", net::family_word(program.family), kTableName);
  for (const Helper& helper : program.helpers) {
    out += fmt::format("helper {} is {} of protocol {}\n", helper.name, helper.helper,
                       helper.protocol);
  }
  for (const Chain& chain : program.chains) {
    out += "chain " + chain.name;
    if (chain.base) {
      out += fmt::format(" type {} hook {} priority {}{}", chain.base->type, chain.base->hook,
                         chain.base->priority, chain.base->drop_policy ? " policy drop" : "");
    }
    out += "\n";
    for (const Rule& rule : chain.rules) {
      out += rule.id == ir::kNoId ? "  rule\n" : fmt::format("  rule {}\n", rule.id);
      for (const Expr& expression : rule.expressions) out += "    " + dump(expression) + "\n";
    }
  }
  return out;
}

}  // namespace bulkhead::backend::nft
