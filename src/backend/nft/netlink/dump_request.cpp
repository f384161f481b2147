// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/dump_request.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "backend/nft/netlink/writer.h"

namespace bulkhead::backend::nft::netlink {
namespace {

uint8_t family_of(const nlmsghdr* message) {
  const auto* generic = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
  return mnl_nlmsg_get_payload_len(message) < sizeof *generic ? 0 : generic->nfgen_family;
}

Result<bool> dump(Socket& socket, uint16_t type, const Scope& scope, uint16_t table_attribute,
                  const Take& take) {
  Writer request;
  request.begin(NFNL_SUBSYS_NFTABLES, type, NLM_F_DUMP, scope.family, socket.next_sequence());
  if (!scope.table.empty()) request.put_text(table_attribute, scope.table);
  request.end();
  return socket.dump(request.bytes(), [&](const nlmsghdr* message) {
    take(family_of(message), Attributes(message));
  });
}

}  // namespace

Result<bool> dump_tables(Socket& socket, const Scope& scope, const Take& take) {
  return dump(socket, NFT_MSG_GETTABLE, {.family = scope.family}, 0, take);
}

Result<bool> dump_chains(Socket& socket, const Scope& scope, const Take& take) {
  return dump(socket, NFT_MSG_GETCHAIN, {.family = scope.family}, 0, take);
}

Result<bool> dump_rules(Socket& socket, const Scope& scope, const Take& take) {
  return dump(socket, NFT_MSG_GETRULE, scope, NFTA_RULE_TABLE, take);
}

Result<bool> dump_sets(Socket& socket, const Scope& scope, const Take& take) {
  return dump(socket, NFT_MSG_GETSET, scope, NFTA_SET_TABLE, take);
}

Result<bool> dump_objects(Socket& socket, const Scope& scope, const Take& take) {
  return dump(socket, NFT_MSG_GETOBJ, scope, NFTA_OBJ_TABLE, take);
}

Result<bool> dump_elements(Socket& socket, const Scope& scope,
                           const std::function<void(const nlattr*)>& take) {
  Writer request;
  request.begin(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM, NLM_F_DUMP, scope.family,
                socket.next_sequence());
  request.put_text(NFTA_SET_ELEM_LIST_TABLE, scope.table);
  request.put_text(NFTA_SET_ELEM_LIST_SET, scope.set);
  request.end();
  return socket.dump(request.bytes(), [&](const nlmsghdr* message) {
    for_each_attribute(Attributes(message).bytes(NFTA_SET_ELEM_LIST_ELEMENTS), take);
  });
}

Result<uint32_t> read_generation(Socket& socket) {
  Writer request;
  request.begin(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, 0, 0, socket.next_sequence());
  request.end();
  uint32_t generation = 0;
  auto done = socket.dump(request.bytes(), [&](const nlmsghdr* message) {
    generation = Attributes(message).u32(NFTA_GEN_ID);
  });
  if (!done) {
    Error error = done.error();
    // nfnetlink's answer if there is nobody for nf_tables (nfnetlink_rcv_msg).
    if (error.errno_value == EINVAL || error.errno_value == EOPNOTSUPP) {
      return kernel_error(EPROTONOSUPPORT, "can't read nf_tables");
    }
    return error;
  }
  return generation;
}

}  // namespace bulkhead::backend::nft::netlink
