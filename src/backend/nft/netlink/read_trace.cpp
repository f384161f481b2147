// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/read_trace.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "backend/nft/netlink/attributes.h"

namespace bulkhead::backend::nft::netlink {
namespace {

// Since Linux 6.16, so older headers don't have it. NF_CT_STATE_BIT(...), as `ct state` gives it.
constexpr uint16_t kTraceCtState = 21;

std::vector<uint8_t> copy(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

TraceMessage::Type type_of(uint32_t number) {
  switch (number) {
    case NFT_TRACETYPE_POLICY: return TraceMessage::Type::kPolicy;
    case NFT_TRACETYPE_RETURN: return TraceMessage::Type::kReturn;
    case NFT_TRACETYPE_RULE: return TraceMessage::Type::kRule;
    default: return TraceMessage::Type::kOther;
  }
}

}  // namespace

std::optional<TraceMessage> read_trace(const nlmsghdr* message) {
  if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE)) return {};
  if (mnl_nlmsg_get_payload_len(message) < sizeof(nfgenmsg)) return {};
  const auto* generic = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
  const Attributes a(message);
  if (!a.has(NFTA_TRACE_ID) || !a.has(NFTA_TRACE_TABLE) || !a.has(NFTA_TRACE_CHAIN)) return {};
  TraceMessage out{.packet = a.u32(NFTA_TRACE_ID),
                   .table_family = generic->nfgen_family,
                   .packet_family = static_cast<uint8_t>(a.u32(NFTA_TRACE_NFPROTO)),
                   .table = std::string(a.text(NFTA_TRACE_TABLE)),
                   .chain = std::string(a.text(NFTA_TRACE_CHAIN)),
                   .handle = a.u64(NFTA_TRACE_RULE_HANDLE),
                   .type = type_of(a.u32(NFTA_TRACE_TYPE)),
                   .network = copy(a.bytes(NFTA_TRACE_NETWORK_HEADER)),
                   .transport = copy(a.bytes(NFTA_TRACE_TRANSPORT_HEADER)),
                   .in_index = a.u32(NFTA_TRACE_IIF),
                   .out_index = a.u32(NFTA_TRACE_OIF),
                   .connection_state = a.u32(kTraceCtState),
                   .mark = a.u32(NFTA_TRACE_MARK)};
  out.verdict =
      static_cast<int32_t>(out.type == TraceMessage::Type::kPolicy
                               ? a.u32(NFTA_TRACE_POLICY)
                               : a.nested(NFTA_TRACE_VERDICT)
                                     .u32(NFTA_VERDICT_CODE, static_cast<uint32_t>(NFT_CONTINUE)));
  return out;
}

}  // namespace bulkhead::backend::nft::netlink
