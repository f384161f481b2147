// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <cassert>

#include "backend/nft/netlink/expression.h"
#include "backend/nft/netlink/registers.h"

namespace bulkhead::backend::nft::netlink {
namespace {

struct Encoder {
  Writer& out;
  uint32_t set_id;

  void operator()(const Payload& e) const {
    out.put_u32(NFTA_PAYLOAD_DREG, to_kernel(e.to));
    out.put_u32(NFTA_PAYLOAD_BASE, static_cast<uint32_t>(e.base));
    out.put_u32(NFTA_PAYLOAD_OFFSET, e.offset);
    out.put_u32(NFTA_PAYLOAD_LEN, e.length);
  }
  void operator()(const PayloadSet& e) const {
    out.put_u32(NFTA_PAYLOAD_SREG, to_kernel(e.from));
    out.put_u32(NFTA_PAYLOAD_BASE, static_cast<uint32_t>(e.base));
    out.put_u32(NFTA_PAYLOAD_OFFSET, e.offset);
    out.put_u32(NFTA_PAYLOAD_LEN, e.length);
    out.put_u32(NFTA_PAYLOAD_CSUM_TYPE, e.checksum ? NFT_PAYLOAD_CSUM_INET : NFT_PAYLOAD_CSUM_NONE);
    out.put_u32(NFTA_PAYLOAD_CSUM_OFFSET, e.checksum.value_or(0));
  }
  void operator()(const Meta& e) const {
    out.put_u32(NFTA_META_KEY, static_cast<uint32_t>(e.key));
    out.put_u32(NFTA_META_DREG, to_kernel(e.to));
  }
  void operator()(const MetaSet& e) const {
    out.put_u32(NFTA_META_KEY, static_cast<uint32_t>(e.key));
    out.put_u32(NFTA_META_SREG, to_kernel(e.from));
  }
  void operator()(const CtSet& e) const {
    out.put_u32(NFTA_CT_KEY, static_cast<uint32_t>(e.key));
    out.put_u32(NFTA_CT_SREG, to_kernel(e.from));
    put_direction(e.direction);
  }
  void operator()(const GiveHelper& e) const {
    out.put_u32(NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_CT_HELPER);
    out.put_text(NFTA_OBJREF_IMM_NAME, e.object);
  }
  void operator()(const Untrack&) const {}
  void operator()(const StripTcpOption& e) const {
    out.put_u8(NFTA_EXTHDR_TYPE, e.kind);
    out.put_u32(NFTA_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
  }
  void operator()(const Immediate& e) const {
    out.put_u32(NFTA_IMMEDIATE_DREG, to_kernel(e.to));
    put_value(out, NFTA_IMMEDIATE_DATA, e.data);
  }
  void operator()(const Ct& e) const {
    out.put_u32(NFTA_CT_KEY, static_cast<uint32_t>(e.key));
    out.put_u32(NFTA_CT_DREG, to_kernel(e.to));
    put_direction(e.direction);
  }
  void operator()(const Fib& e) const {
    out.put_u32(NFTA_FIB_DREG, to_kernel(e.to));
    out.put_u32(NFTA_FIB_RESULT, fib_result(e.flags));
    out.put_u32(NFTA_FIB_FLAGS, e.flags);
  }
  void operator()(const Exthdr& e) const {
    out.put_u32(NFTA_EXTHDR_DREG, to_kernel(e.to));
    out.put_u8(NFTA_EXTHDR_TYPE, e.type);
    out.put_u32(NFTA_EXTHDR_OFFSET, e.offset);
    out.put_u32(NFTA_EXTHDR_LEN, e.length);
    out.put_u32(NFTA_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
  }
  void operator()(const Bitwise& e) const {
    out.put_u32(NFTA_BITWISE_SREG, to_kernel(e.reg));
    out.put_u32(NFTA_BITWISE_DREG, to_kernel(e.reg));
    out.put_u32(NFTA_BITWISE_LEN, e.mask.size);
    put_value(out, NFTA_BITWISE_MASK, e.mask);
    put_value(out, NFTA_BITWISE_XOR, e.flip);
  }
  void operator()(const ToNetworkOrder& e) const {
    out.put_u32(NFTA_BYTEORDER_SREG, to_kernel(e.reg));
    out.put_u32(NFTA_BYTEORDER_DREG, to_kernel(e.reg));
    out.put_u32(NFTA_BYTEORDER_OP, NFT_BYTEORDER_HTON);
    out.put_u32(NFTA_BYTEORDER_LEN, e.size);
    out.put_u32(NFTA_BYTEORDER_SIZE, e.size);
  }
  void operator()(const Cmp& e) const {
    out.put_u32(NFTA_CMP_SREG, to_kernel(e.reg));
    out.put_u32(NFTA_CMP_OP, static_cast<uint32_t>(e.op));
    put_value(out, NFTA_CMP_DATA, e.data);
  }
  void operator()(const Range& e) const {
    out.put_u32(NFTA_RANGE_SREG, to_kernel(e.reg));
    out.put_u32(NFTA_RANGE_OP, e.negated ? NFT_RANGE_NEQ : NFT_RANGE_EQ);
    put_value(out, NFTA_RANGE_FROM_DATA, e.first);
    put_value(out, NFTA_RANGE_TO_DATA, e.last);
  }
  void operator()(const Lookup& e) const {
    out.put_text(NFTA_LOOKUP_SET, kAnonymousSetName);
    out.put_u32(NFTA_LOOKUP_SET_ID, set_id);
    out.put_u32(NFTA_LOOKUP_SREG, to_kernel(e.reg));
    if (e.negated) out.put_u32(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  }
  void operator()(const MapLookup& e) const {
    out.put_text(NFTA_LOOKUP_SET, kAnonymousSetName);
    out.put_u32(NFTA_LOOKUP_SET_ID, set_id);
    out.put_u32(NFTA_LOOKUP_SREG, to_kernel(e.reg));
    out.put_u32(NFTA_LOOKUP_DREG, to_kernel(e.to));
  }
  void operator()(const Counter&) const {
    out.put_u64(NFTA_COUNTER_BYTES, 0);
    out.put_u64(NFTA_COUNTER_PACKETS, 0);
  }
  void operator()(const Limit& e) const {
    out.put_u64(NFTA_LIMIT_RATE, e.rate);
    out.put_u64(NFTA_LIMIT_UNIT, e.seconds);
    out.put_u32(NFTA_LIMIT_BURST, e.burst);
    out.put_u32(NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
  }
  void operator()(const Log& e) const {
    if (!e.prefix.empty()) out.put_text(NFTA_LOG_PREFIX, e.prefix);
    out.put_u32(NFTA_LOG_LEVEL, e.level);
    if (e.flags != 0) out.put_u32(NFTA_LOG_FLAGS, e.flags);
  }
  void operator()(const NetlinkLog& e) const {
    out.put_u16(NFTA_LOG_GROUP, e.group);
    if (!e.prefix.empty()) out.put_text(NFTA_LOG_PREFIX, e.prefix);
    if (e.size) out.put_u32(NFTA_LOG_SNAPLEN, *e.size);
    if (e.threshold != 0) out.put_u16(NFTA_LOG_QTHRESHOLD, e.threshold);
  }
  void operator()(const Reject& e) const {
    out.put_u32(NFTA_REJECT_TYPE, static_cast<uint32_t>(e.type));
    if (e.type == RejectType::kIcmpUnreachable) out.put_u8(NFTA_REJECT_ICMP_CODE, e.code);
  }
  void operator()(const Verdict& e) const {
    out.put_u32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    out.nest(NFTA_IMMEDIATE_DATA, [&] {
      out.nest(NFTA_DATA_VERDICT, [&] {
        out.put_u32(NFTA_VERDICT_CODE, static_cast<uint32_t>(e.code));
        if (!e.chain.empty()) out.put_text(NFTA_VERDICT_CHAIN, e.chain);
      });
    });
  }
  void operator()(const XtMatch& e) const {
    out.put_text(NFTA_MATCH_NAME, e.name);
    out.put_u32(NFTA_MATCH_REV, e.revision);
    out.put(NFTA_MATCH_INFO, e.info);
  }
  void operator()(const XtTarget& e) const {
    out.put_text(NFTA_TARGET_NAME, e.name);
    out.put_u32(NFTA_TARGET_REV, e.revision);
    out.put(NFTA_TARGET_INFO, e.info);
  }
  void operator()(const Nat& e) const {
    out.put_u32(NFTA_NAT_TYPE, e.source ? NFT_NAT_SNAT : NFT_NAT_DNAT);
    out.put_u32(NFTA_NAT_FAMILY, static_cast<uint32_t>(e.family));
    put_range(NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX, e.addresses);
    put_range(NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX, e.ports);
    if (e.flags != 0) out.put_u32(NFTA_NAT_FLAGS, e.flags);
  }
  void operator()(const Masquerade& e) const {
    // Of snat, dnat and redir the kernel sees by itself that there are ports.
    const uint32_t flags = e.flags | (e.ports.first ? NF_NAT_RANGE_PROTO_SPECIFIED : 0);
    if (flags != 0) out.put_u32(NFTA_MASQ_FLAGS, flags);
    put_range(NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX, e.ports);
  }
  void operator()(const Redirect& e) const {
    put_range(NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX, e.ports);
    if (e.flags != 0) out.put_u32(NFTA_REDIR_FLAGS, e.flags);
  }
  void operator()(const TransparentProxy& e) const {
    out.put_u32(NFTA_TPROXY_FAMILY, static_cast<uint32_t>(e.family));
    if (e.address) out.put_u32(NFTA_TPROXY_REG_ADDR, to_kernel(*e.address));
    if (e.port) out.put_u32(NFTA_TPROXY_REG_PORT, to_kernel(*e.port));
  }
  void put_direction(CtDirection direction) const {
    if (direction == CtDirection::kNone) return;
    out.put_u8(NFTA_CT_DIRECTION,
               direction == CtDirection::kReply ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL);
  }
  void put_range(uint16_t first, uint16_t last, const NatRange& range) const {
    if (!range.first) return;
    out.put_u32(first, to_kernel(*range.first));
    out.put_u32(last, to_kernel(*range.last));
  }
  void operator()(const Unknown&) const { assert(false && "only read, never made"); }
};

}  // namespace

void encode(Writer& out, const Expr& expression, uint32_t set_id) {
  out.nest(NFTA_LIST_ELEM, [&] {
    std::visit(
        [&](const auto& e) {
          if constexpr (requires { e.kName; }) out.put_text(NFTA_EXPR_NAME, e.kName);
          out.nest(NFTA_EXPR_DATA, [&] { Encoder{out, set_id}(e); });
        },
        expression);
  });
}

}  // namespace bulkhead::backend::nft::netlink
