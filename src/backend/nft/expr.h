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
#include "net/family.h"

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

// Writes bytes of the packet. Their sum changes the Internet checksum (RFC 1071) at that offset of
// the same header, if there is one; so they begin at an even offset.
struct PayloadSet {
  static constexpr std::string_view kName = "payload";
  PayloadBase base = PayloadBase::kNetwork;
  uint32_t offset = 0;
  uint32_t length = 0;
  Register from = 0;
  std::optional<uint32_t> checksum;
  friend bool operator==(const PayloadSet&, const PayloadSet&) = default;
};

enum class MetaKey : uint32_t {
  kLength = 0,
  kPriority = 2,
  kMark = 3,
  kInInterface = 6,
  kOutInterface = 7,
  kInDeviceType = 8,
  kTrace = 12,
  kSecurityMark = 14,
  kProtocol = 16,
  kPacketType = 19,
};
struct Meta {
  static constexpr std::string_view kName = "meta";
  MetaKey key = MetaKey::kLength;
  Register to = 0;
  friend bool operator==(const Meta&, const Meta&) = default;
};

// Writes what stands in a register.
struct MetaSet {
  static constexpr std::string_view kName = "meta";
  MetaKey key = MetaKey::kMark;
  Register from = 0;
  friend bool operator==(const MetaSet&, const MetaSet&) = default;
};

enum class CtKey : uint32_t {
  kState = 0,
  kDirection = 1,
  kStatus = 2,
  kMark = 3,
  kSecurityMark = 4,
  kExpiration = 5,
  kProtocol = 10,
  kSourcePort = 11,
  kDestinationPort = 12,
  kZone = 17,
  kEvents = 18,
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

struct CtSet {
  static constexpr std::string_view kName = "ct";
  CtKey key = CtKey::kMark;
  Register from = 0;
  CtDirection direction = CtDirection::kNone;
  friend bool operator==(const CtSet&, const CtSet&) = default;
};

// Gives the packet's connection, if it isn't confirmed yet, the helper that is the table's object
// of that name.
struct GiveHelper {
  static constexpr std::string_view kName = "objref";
  std::string object;
  friend bool operator==(const GiveHelper&, const GiveHelper&) = default;
};

// Connection tracking passes the packet over.
struct Untrack {
  static constexpr std::string_view kName = "notrack";
  friend bool operator==(const Untrack&, const Untrack&) = default;
};

// `flags` are those of ir::Route, and the kernel's NFTA_FIB_F_*. With kPresent: whether there is an
// outgoing interface, one byte; without: the type of an address, RTN_* of linux/rtnetlink.h.
struct Fib {
  static constexpr std::string_view kName = "fib";
  static constexpr uint32_t kPresent = 32;
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

// Overwrites the TCP option of this kind with NOPs, wherever it stands in the header.
struct StripTcpOption {
  static constexpr std::string_view kName = "exthdr";
  uint8_t kind = 0;
  friend bool operator==(const StripTcpOption&, const StripTcpOption&) = default;
};

struct Immediate {
  static constexpr std::string_view kName = "immediate";
  Register to = 0;
  Data data;
  friend bool operator==(const Immediate&, const Immediate&) = default;
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

// The value of the key in an anonymous map, which this rule alone has. Where the key isn't in it
// the rule ends.
struct MapLookup {
  static constexpr std::string_view kName = "lookup";
  Register reg = 0;
  Register to = 0;
  Set set;
  friend bool operator==(const MapLookup&, const MapLookup&) = default;
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

// A target of xtables; its verdict is the rule's.
struct XtTarget {
  static constexpr std::string_view kName = "target";
  std::string name;
  uint32_t revision = 0;
  std::vector<uint8_t> info;
  friend bool operator==(const XtTarget&, const XtTarget&) = default;
};

// Registers of addresses and ports, both ends of a range; in their absence what the kernel chooses.
struct NatRange {
  std::optional<Register> first;
  std::optional<Register> last;
  friend bool operator==(const NatRange&, const NatRange&) = default;
};
// NF_NAT_RANGE_* of linux/netfilter/nf_nat.h, as far as they are chosen freely.
inline constexpr uint32_t kNatRandom = 1u << 2;
inline constexpr uint32_t kNatPersistent = 1u << 3;
inline constexpr uint32_t kNatFullyRandom = 1u << 4;
inline constexpr uint32_t kNatNetmap = 1u << 6;
struct Nat {
  static constexpr std::string_view kName = "nat";
  bool source = false;  // else the destination
  net::Family family = net::Family::kIpv4;
  NatRange addresses;
  NatRange ports;
  uint32_t flags = 0;
  friend bool operator==(const Nat&, const Nat&) = default;
};
struct Masquerade {
  static constexpr std::string_view kName = "masq";
  NatRange ports;
  uint32_t flags = 0;
  friend bool operator==(const Masquerade&, const Masquerade&) = default;
};
struct Redirect {
  static constexpr std::string_view kName = "redir";
  NatRange ports;
  uint32_t flags = 0;
  friend bool operator==(const Redirect&, const Redirect&) = default;
};

// Hands the packet to a local socket; where there is none the rule ends.
struct TransparentProxy {
  static constexpr std::string_view kName = "tproxy";
  net::Family family = net::Family::kIpv4;
  std::optional<Register> address;
  std::optional<Register> port;
  friend bool operator==(const TransparentProxy&, const TransparentProxy&) = default;
};

// What the kernel showed and this model has no word for. Never made by us, so a form with it is
// never ours.
struct Unknown {
  std::string name;
  std::vector<uint8_t> bytes;  // its netlink attributes
  friend bool operator==(const Unknown&, const Unknown&) = default;
};

using Expr = std::variant<Payload, PayloadSet, Meta, MetaSet, Ct, CtSet, GiveHelper, Untrack, Fib,
                          Exthdr, StripTcpOption, Immediate, Bitwise, ToNetworkOrder, Cmp, Range,
                          Lookup, MapLookup, Counter, Limit, Log, NetlinkLog, Reject, Verdict,
                          XtMatch, XtTarget, Nat, Masquerade, Redirect, TransparentProxy, Unknown>;

// The anonymous set of an expression that has one; null: it has none.
const Set* set_of(const Expr& expression);

}  // namespace bulkhead::backend::nft
