// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <unordered_map>

#include "backend/nft/netlink/expression.h"
#include "backend/nft/netlink/registers.h"

namespace bulkhead::backend::nft::netlink {
namespace {

using Maybe = std::optional<Expr>;  // nothing: not one that we would have made

struct Context {
  const FindSet& find_set;
  ir::Counters& counters;
};

Maybe payload_write(const Attributes& a) {
  const auto from = from_kernel(a.u32(NFTA_PAYLOAD_SREG));
  const uint32_t base = a.u32(NFTA_PAYLOAD_BASE);
  const uint32_t checksum = a.u32(NFTA_PAYLOAD_CSUM_TYPE);
  if (!from || base > NFT_PAYLOAD_TRANSPORT_HEADER || checksum > NFT_PAYLOAD_CSUM_INET ||
      a.u32(NFTA_PAYLOAD_CSUM_FLAGS) != 0) {
    return {};
  }
  PayloadSet set{static_cast<PayloadBase>(base),
                 a.u32(NFTA_PAYLOAD_OFFSET),
                 a.u32(NFTA_PAYLOAD_LEN),
                 *from,
                 {}};
  if (checksum == NFT_PAYLOAD_CSUM_INET) set.checksum = a.u32(NFTA_PAYLOAD_CSUM_OFFSET);
  return set;
}

Maybe payload_load(const Attributes& a, const Context&) {
  if (a.has(NFTA_PAYLOAD_SREG)) return payload_write(a);
  const auto reg = from_kernel(a.u32(NFTA_PAYLOAD_DREG));
  const uint32_t base = a.u32(NFTA_PAYLOAD_BASE);
  if (!reg || base > NFT_PAYLOAD_TRANSPORT_HEADER) return {};
  return Payload{static_cast<PayloadBase>(base), a.u32(NFTA_PAYLOAD_OFFSET),
                 a.u32(NFTA_PAYLOAD_LEN), *reg};
}

Maybe meta_write(const Attributes& a) {
  const auto from = from_kernel(a.u32(NFTA_META_SREG));
  switch (const uint32_t key = a.u32(NFTA_META_KEY, UINT32_MAX); key) {
    case NFT_META_MARK:
    case NFT_META_PRIORITY:
    case NFT_META_NFTRACE:
    case NFT_META_SECMARK:
      if (from) return MetaSet{static_cast<MetaKey>(key), *from};
      return {};
    default: return {};
  }
}

Maybe meta(const Attributes& a, const Context&) {
  if (a.has(NFTA_META_SREG)) return meta_write(a);
  const auto reg = from_kernel(a.u32(NFTA_META_DREG));
  switch (const uint32_t key = a.u32(NFTA_META_KEY, UINT32_MAX); key) {
    case NFT_META_LEN:
    case NFT_META_MARK:
    case NFT_META_SECMARK:
    case NFT_META_IIFNAME:
    case NFT_META_OIFNAME:
    case NFT_META_IIFTYPE:
    case NFT_META_L4PROTO:
    case NFT_META_PKTTYPE:
      if (reg) return Meta{static_cast<MetaKey>(key), *reg};
      return {};
    default: return {};
  }
}

CtDirection direction_of(const Attributes& a) {
  const auto direction = a.number(NFTA_CT_DIRECTION, 1);
  // Of a zone for both the kernel shows what it keeps for none.
  if (!direction || *direction == IP_CT_DIR_MAX) return CtDirection::kNone;
  return *direction == IP_CT_DIR_REPLY ? CtDirection::kReply : CtDirection::kOriginal;
}

Maybe ct_write(const Attributes& a) {
  const auto from = from_kernel(a.u32(NFTA_CT_SREG));
  switch (const uint32_t key = a.u32(NFTA_CT_KEY, UINT32_MAX); key) {
    case NFT_CT_MARK:
    case NFT_CT_SECMARK:
    case NFT_CT_ZONE:
    case NFT_CT_EVENTMASK:
      if (from) return CtSet{static_cast<CtKey>(key), *from, direction_of(a)};
      return {};
    default: return {};
  }
}

Maybe ct(const Attributes& a, const Context&) {
  if (a.has(NFTA_CT_SREG)) return ct_write(a);
  const auto reg = from_kernel(a.u32(NFTA_CT_DREG));
  switch (const uint32_t key = a.u32(NFTA_CT_KEY, UINT32_MAX); key) {
    case NFT_CT_STATE:
    case NFT_CT_DIRECTION:
    case NFT_CT_STATUS:
    case NFT_CT_MARK:
    case NFT_CT_SECMARK:
    case NFT_CT_EXPIRATION:
      if (!reg || a.has(NFTA_CT_DIRECTION)) return {};
      return Ct{static_cast<CtKey>(key), *reg};
    case NFT_CT_PROTOCOL:
    case NFT_CT_PROTO_SRC:
    case NFT_CT_PROTO_DST:
    case NFT_CT_SRC_IP:
    case NFT_CT_DST_IP:
    case NFT_CT_SRC_IP6:
    case NFT_CT_DST_IP6:
      if (!reg) return {};
      return Ct{static_cast<CtKey>(key), *reg, direction_of(a)};
    default: return {};
  }
}

Maybe fib(const Attributes& a, const Context&) {
  const auto reg = from_kernel(a.u32(NFTA_FIB_DREG));
  const uint32_t flags = a.u32(NFTA_FIB_FLAGS);
  if (!reg || a.u32(NFTA_FIB_RESULT) != fib_result(flags)) return {};
  return Fib{flags, *reg};
}

Maybe exthdr(const Attributes& a, const Context&) {
  if (a.u32(NFTA_EXTHDR_OP) == NFT_EXTHDR_OP_TCPOPT && !a.has(NFTA_EXTHDR_DREG) &&
      !a.has(NFTA_EXTHDR_SREG)) {
    return StripTcpOption{static_cast<uint8_t>(a.number(NFTA_EXTHDR_TYPE, 1).value_or(0))};
  }
  const auto reg = from_kernel(a.u32(NFTA_EXTHDR_DREG));
  const auto type = a.number(NFTA_EXTHDR_TYPE, 1);
  if (!reg || !type || a.u32(NFTA_EXTHDR_OP) != NFT_EXTHDR_OP_IPV6 || a.u32(NFTA_EXTHDR_FLAGS) != 0)
    return {};
  return Exthdr{static_cast<uint8_t>(*type), a.u32(NFTA_EXTHDR_OFFSET), a.u32(NFTA_EXTHDR_LEN),
                *reg};
}

Maybe bitwise(const Attributes& a, const Context&) {
  const auto reg = from_kernel(a.u32(NFTA_BITWISE_SREG));
  const auto mask = value_of(a, NFTA_BITWISE_MASK);
  const auto flip = value_of(a, NFTA_BITWISE_XOR);
  if (!reg || reg != from_kernel(a.u32(NFTA_BITWISE_DREG)) ||
      a.u32(NFTA_BITWISE_OP) != NFT_BITWISE_BOOL)
    return {};
  if (!mask || !flip || mask->size != a.u32(NFTA_BITWISE_LEN)) return {};
  return Bitwise{*reg, *mask, *flip};
}

Maybe byteorder(const Attributes& a, const Context&) {
  const auto reg = from_kernel(a.u32(NFTA_BYTEORDER_SREG));
  const uint32_t size = a.u32(NFTA_BYTEORDER_SIZE);
  if (!reg || reg != from_kernel(a.u32(NFTA_BYTEORDER_DREG)) || a.u32(NFTA_BYTEORDER_LEN) != size ||
      a.u32(NFTA_BYTEORDER_OP) != NFT_BYTEORDER_HTON) {
    return {};
  }
  return ToNetworkOrder{*reg, size};
}

Maybe cmp(const Attributes& a, const Context&) {
  const auto reg = from_kernel(a.u32(NFTA_CMP_SREG));
  const auto data = value_of(a, NFTA_CMP_DATA);
  const uint32_t op = a.u32(NFTA_CMP_OP, UINT32_MAX);
  if (!reg || !data || op > NFT_CMP_GTE) return {};
  return Cmp{*reg, static_cast<CmpOp>(op), *data};
}

Maybe range(const Attributes& a, const Context&) {
  const auto reg = from_kernel(a.u32(NFTA_RANGE_SREG));
  const auto first = value_of(a, NFTA_RANGE_FROM_DATA);
  const auto last = value_of(a, NFTA_RANGE_TO_DATA);
  const uint32_t op = a.u32(NFTA_RANGE_OP, UINT32_MAX);
  if (!reg || !first || !last || op > NFT_RANGE_NEQ) return {};
  return Range{*reg, op == NFT_RANGE_NEQ, *first, *last};
}

Maybe lookup(const Attributes& a, const Context& context) {
  const auto reg = from_kernel(a.u32(NFTA_LOOKUP_SREG));
  const Set* set = context.find_set(a.text(NFTA_LOOKUP_SET));
  if (!reg || set == nullptr) return {};
  if (a.has(NFTA_LOOKUP_DREG)) {
    const auto to = from_kernel(a.u32(NFTA_LOOKUP_DREG));
    if (!to || set->value_size == 0) return {};
    return MapLookup{*reg, *to, *set};
  }
  return Lookup{*reg, a.u32(NFTA_LOOKUP_FLAGS) == NFT_LOOKUP_F_INV, *set};
}

Maybe counter(const Attributes& a, const Context& context) {
  context.counters =
      context.counters + ir::Counters{a.u64(NFTA_COUNTER_PACKETS), a.u64(NFTA_COUNTER_BYTES)};
  return Counter{};
}

Maybe limit(const Attributes& a, const Context&) {
  if (a.u32(NFTA_LIMIT_TYPE) != NFT_LIMIT_PKTS || a.u32(NFTA_LIMIT_FLAGS) != 0) return {};
  return Limit{a.u64(NFTA_LIMIT_RATE), a.u64(NFTA_LIMIT_UNIT), a.u32(NFTA_LIMIT_BURST)};
}

Maybe log(const Attributes& a, const Context&) {
  if (const auto group = a.number(NFTA_LOG_GROUP, 2)) {
    NetlinkLog log{.group = static_cast<uint16_t>(*group),
                   .threshold = static_cast<uint16_t>(a.number(NFTA_LOG_QTHRESHOLD, 2).value_or(0)),
                   .size = {},
                   .prefix = std::string(a.text(NFTA_LOG_PREFIX))};
    if (a.has(NFTA_LOG_SNAPLEN)) log.size = a.u32(NFTA_LOG_SNAPLEN);
    return log;
  }
  return Log{a.u32(NFTA_LOG_LEVEL), a.u32(NFTA_LOG_FLAGS), std::string(a.text(NFTA_LOG_PREFIX))};
}

Maybe reject(const Attributes& a, const Context&) {
  const uint32_t type = a.u32(NFTA_REJECT_TYPE, UINT32_MAX);
  if (type != NFT_REJECT_ICMP_UNREACH && type != NFT_REJECT_TCP_RST) return {};
  return Reject{static_cast<RejectType>(type),
                static_cast<uint8_t>(a.number(NFTA_REJECT_ICMP_CODE, 1).value_or(0))};
}

Maybe immediate(const Attributes& a, const Context&) {
  if (a.u32(NFTA_IMMEDIATE_DREG) != NFT_REG_VERDICT) {
    const auto to = from_kernel(a.u32(NFTA_IMMEDIATE_DREG));
    const auto data = value_of(a, NFTA_IMMEDIATE_DATA);
    if (!to || !data) return {};
    return Immediate{*to, *data};
  }
  const Attributes verdict = a.nested(NFTA_IMMEDIATE_DATA).nested(NFTA_DATA_VERDICT);
  switch (const auto code = static_cast<VerdictCode>(verdict.u32(NFTA_VERDICT_CODE)); code) {
    case VerdictCode::kDrop:
    case VerdictCode::kAccept:
    case VerdictCode::kJump:
    case VerdictCode::kGoto:
    case VerdictCode::kReturn: return Verdict{code, std::string(verdict.text(NFTA_VERDICT_CHAIN))};
  }
  return {};
}

Maybe xt_match(const Attributes& a, const Context&) {
  const auto info = a.bytes(NFTA_MATCH_INFO);
  return XtMatch{
      std::string(a.text(NFTA_MATCH_NAME)), a.u32(NFTA_MATCH_REV), {info.begin(), info.end()}};
}

Maybe give_helper(const Attributes& a, const Context&) {
  if (a.u32(NFTA_OBJREF_IMM_TYPE) != NFT_OBJECT_CT_HELPER || a.has(NFTA_OBJREF_SET_SREG)) return {};
  return GiveHelper{std::string(a.text(NFTA_OBJREF_IMM_NAME))};
}

Maybe untrack(const Attributes&, const Context&) { return Untrack{}; }

Maybe xt_target(const Attributes& a, const Context&) {
  const auto info = a.bytes(NFTA_TARGET_INFO);
  return XtTarget{
      std::string(a.text(NFTA_TARGET_NAME)), a.u32(NFTA_TARGET_REV), {info.begin(), info.end()}};
}

// The kernel shows what follows from the registers beside what was chosen.
constexpr uint32_t kChosenNatFlags = kNatRandom | kNatPersistent | kNatFullyRandom | kNatNetmap;

std::optional<NatRange> nat_range(const Attributes& a, uint16_t first, uint16_t last) {
  if (!a.has(first)) return NatRange{};
  const NatRange range{from_kernel(a.u32(first)), from_kernel(a.u32(last))};
  if (!range.first || !range.last) return {};
  return range;
}

Maybe nat(const Attributes& a, const Context&) {
  const auto addresses = nat_range(a, NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX);
  const auto ports = nat_range(a, NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX);
  if (!addresses || !ports) return {};
  return Nat{a.u32(NFTA_NAT_TYPE) == NFT_NAT_SNAT, static_cast<net::Family>(a.u32(NFTA_NAT_FAMILY)),
             *addresses, *ports, a.u32(NFTA_NAT_FLAGS) & kChosenNatFlags};
}

Maybe masquerade(const Attributes& a, const Context&) {
  const auto ports = nat_range(a, NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX);
  if (!ports) return {};
  const uint32_t flags = a.u32(NFTA_MASQ_FLAGS);
  // Without that flag the ports mean nothing: see encode.cpp.
  if (((flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0) != ports->first.has_value()) return {};
  return Masquerade{*ports, flags & kChosenNatFlags};
}

Maybe redirect(const Attributes& a, const Context&) {
  const auto ports = nat_range(a, NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX);
  if (!ports) return {};
  return Redirect{*ports, a.u32(NFTA_REDIR_FLAGS) & kChosenNatFlags};
}

Maybe transparent_proxy(const Attributes& a, const Context&) {
  TransparentProxy out{static_cast<net::Family>(a.u32(NFTA_TPROXY_FAMILY)), {}, {}};
  if (a.has(NFTA_TPROXY_REG_ADDR)) out.address = from_kernel(a.u32(NFTA_TPROXY_REG_ADDR));
  if (a.has(NFTA_TPROXY_REG_PORT)) out.port = from_kernel(a.u32(NFTA_TPROXY_REG_PORT));
  return out;
}

using Decoder = Maybe (*)(const Attributes&, const Context&);
const std::unordered_map<std::string_view, Decoder> kDecoders = {
    {Payload::kName, payload_load},
    {Meta::kName, meta},
    {Ct::kName, ct},
    {GiveHelper::kName, give_helper},
    {Untrack::kName, untrack},
    {Fib::kName, fib},
    {Exthdr::kName, exthdr},
    {Bitwise::kName, bitwise},
    {ToNetworkOrder::kName, byteorder},
    {Cmp::kName, cmp},
    {Range::kName, range},
    {Lookup::kName, lookup},
    {Counter::kName, counter},
    {Limit::kName, limit},
    {Log::kName, log},
    {Reject::kName, reject},
    {Verdict::kName, immediate},
    {XtMatch::kName, xt_match},
    {XtTarget::kName, xt_target},
    {Nat::kName, nat},
    {Masquerade::kName, masquerade},
    {Redirect::kName, redirect},
    {TransparentProxy::kName, transparent_proxy},
};

}  // namespace

Expr decode(const nlattr* element, const FindSet& find_set, ir::Counters& counters) {
  const Attributes outer(element);
  const std::string_view name = outer.text(NFTA_EXPR_NAME);
  if (auto decoder = kDecoders.find(name); decoder != kDecoders.end()) {
    if (Maybe known = decoder->second(outer.nested(NFTA_EXPR_DATA), {find_set, counters}))
      return *known;
  }
  const auto bytes = outer.bytes(NFTA_EXPR_DATA);
  return Unknown{std::string(name), {bytes.begin(), bytes.end()}};
}

}  // namespace bulkhead::backend::nft::netlink
