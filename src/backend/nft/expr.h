// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The nf_tables expressions that we use, as values. kName is what the kernel calls the expression,
// the enumerators are its numbers (linux/netfilter/nf_tables.h, which only netlink/ includes).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/nft/data.h"
#include "backend/nft/set.h"

namespace bulkhead::backend::nft {

// The first of the 32-bit registers that a value starts in: 0 to 15. Where it is a multiple of 4
// the kernel calls it by its 16-byte name (NFT_REG_1 to NFT_REG_4).
using Register = uint8_t;

enum class PayloadBase : uint8_t { kLink = 0, kNetwork = 1, kTransport = 2 };

// Bytes of the packet. Where they can't be read the rule doesn't match.
struct Payload {
  static constexpr std::string_view kName = "payload";
  PayloadBase base = PayloadBase::kNetwork;
  uint32_t offset = 0;  // in bytes
  uint32_t length = 0;
  Register to = 0;
  friend bool operator==(const Payload&, const Payload&) = default;
};

enum class MetaKey : uint32_t {
  kLength = 0,
  kMark = 3,
  kInInterface = 6,
  kOutInterface = 7,
  kInDeviceType = 8,
  kProtocol = 16,
  kPacketType = 19,
};
struct Meta {
  static constexpr std::string_view kName = "meta";
  MetaKey key = MetaKey::kLength;
  Register to = 0;
  friend bool operator==(const Meta&, const Meta&) = default;
};

enum class CtKey : uint32_t {
  kState = 0,
  kDirection = 1,
  kStatus = 2,
  kMark = 3,
  kExpiration = 5,
  kProtocol = 10,
  kSourcePort = 11,
  kDestinationPort = 12,
  kIpv4Source = 19,
  kIpv4Destination = 20,
  kIpv6Source = 21,
  kIpv6Destination = 22,
};
// Of which packet's view addresses and ports are; the other keys have none.
enum class CtDirection : uint8_t { kNone, kOriginal, kReply };
struct Ct {
  static constexpr std::string_view kName = "ct";
  CtKey key = CtKey::kState;
  Register to = 0;
  CtDirection direction = CtDirection::kNone;
  friend bool operator==(const Ct&, const Ct&) = default;
};

// The type of an address, RTN_* of linux/rtnetlink.h. `flags` are those of ir::Route, and the
// kernel's NFTA_FIB_F_*.
struct Fib {
  static constexpr std::string_view kName = "fib";
  uint32_t flags = 0;
  Register to = 0;
  friend bool operator==(const Fib&, const Fib&) = default;
};

// Bytes of an IPv6 extension header (`type` is its protocol number).
struct Exthdr {
  static constexpr std::string_view kName = "exthdr";
  uint8_t type = 0;
  uint32_t offset = 0;
  uint32_t length = 0;
  Register to = 0;
  friend bool operator==(const Exthdr&, const Exthdr&) = default;
};

// register = (register & mask) ^ flip
struct Bitwise {
  static constexpr std::string_view kName = "bitwise";
  Register reg = 0;
  Data mask;
  Data flip;
  friend bool operator==(const Bitwise&, const Bitwise&) = default;
};

// From the host's byte order to the network's, so that bytes compare as numbers do.
struct ToNetworkOrder {
  static constexpr std::string_view kName = "byteorder";
  Register reg = 0;
  uint32_t size = 4;  // 2, 4 or 8 bytes
  friend bool operator==(const ToNetworkOrder&, const ToNetworkOrder&) = default;
};

// As memcmp(3) compares.
enum class CmpOp : uint32_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
struct Cmp {
  static constexpr std::string_view kName = "cmp";
  Register reg = 0;
  CmpOp op = CmpOp::kEqual;
  Data data;
  friend bool operator==(const Cmp&, const Cmp&) = default;
};

struct Range {
  static constexpr std::string_view kName = "range";
  Register reg = 0;
  bool negated = false;
  Data first;
  Data last;  // included
  friend bool operator==(const Range&, const Range&) = default;
};

// In an anonymous set, which this rule alone has.
struct Lookup {
  static constexpr std::string_view kName = "lookup";
  Register reg = 0;
  bool negated = false;
  Set set;
  friend bool operator==(const Lookup&, const Lookup&) = default;
};

// Its values are no part of the form.
struct Counter {
  static constexpr std::string_view kName = "counter";
  friend bool operator==(const Counter&, const Counter&) = default;
};

struct Limit {
  static constexpr std::string_view kName = "limit";
  uint64_t rate = 0;     // packets ...
  uint64_t seconds = 1;  // ... in that time
  uint32_t burst = 0;
  friend bool operator==(const Limit&, const Limit&) = default;
};

struct Log {
  static constexpr std::string_view kName = "log";
  uint32_t level = 0;  // syslog(3)
  uint32_t flags = 0;  // NF_LOG_*
  std::string prefix;
  friend bool operator==(const Log&, const Log&) = default;
};

// The same expression of the kernel with a group instead of a level.
struct NetlinkLog {
  static constexpr std::string_view kName = "log";
  uint16_t group = 0;
  uint16_t threshold = 0;        // 0: the kernel's own
  std::optional<uint32_t> size;  // of the packet, in bytes
  std::string prefix;
  friend bool operator==(const NetlinkLog&, const NetlinkLog&) = default;
};

enum class RejectType : uint32_t { kIcmpUnreachable = 0, kTcpReset = 1 };
struct Reject {
  static constexpr std::string_view kName = "reject";
  RejectType type = RejectType::kIcmpUnreachable;
  uint8_t code = 0;  // of the family's ICMP; 0 with a reset
  friend bool operator==(const Reject&, const Reject&) = default;
};

enum class VerdictCode : int32_t { kDrop = 0, kAccept = 1, kJump = -3, kGoto = -4, kReturn = -5 };
struct Verdict {
  static constexpr std::string_view kName = "immediate";
  VerdictCode code = VerdictCode::kAccept;
  std::string chain;  // of a jump or a goto
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// A match of xtables through nf_tables' compatibility layer. Its hotdrop drops here too.
struct XtMatch {
  static constexpr std::string_view kName = "match";
  std::string name;
  uint32_t revision = 0;
  std::vector<uint8_t> info;  // the kernel's struct, padded to 8 bytes
  friend bool operator==(const XtMatch&, const XtMatch&) = default;
};

// What the kernel showed and this model has no word for. Never made by us, so a form with it is
// never ours.
struct Unknown {
  std::string name;
  std::vector<uint8_t> bytes;  // its netlink attributes
  friend bool operator==(const Unknown&, const Unknown&) = default;
};

using Expr =
    std::variant<Payload, Meta, Ct, Fib, Exthdr, Bitwise, ToNetworkOrder, Cmp, Range, Lookup,
                 Counter, Limit, Log, NetlinkLog, Reject, Verdict, XtMatch, Unknown>;

}  // namespace bulkhead::backend::nft
