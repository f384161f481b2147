// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/kernel_rules.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cstdint>
#include <memory>

#include <libmnl/libmnl.h>

#include "support/exec.h"

namespace bulkhead::testing {
namespace {

struct Close {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, Close>;

// A dump's message is as long as the buffer that it is read into, up to 32 KiB.
using Buffer = std::array<char, 64 << 10>;

template <class Take> int call(const nlmsghdr* message, void* take) {
  (*static_cast<Take*>(take))(message);
  return MNL_CB_OK;
}

// Hands every object of the table's that the kernel shows to `take`.
template <class Take>
void dump(mnl_socket* socket, uint16_t message, uint16_t table_attribute, const std::string& table,
          Take take) {
  alignas(nlmsghdr) Buffer buffer;
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  auto* family =
      static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(struct nfgenmsg)));
  family->nfgen_family = NFPROTO_IPV4;
  mnl_attr_put_strz(request, table_attribute, table.c_str());
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) throw_errno("netlink dump");
  for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
    const ssize_t size = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (size < 0) throw_errno("netlink dump");
    more = mnl_cb_run(buffer.data(), static_cast<size_t>(size), 0, 0, call<Take>, &take);
    if (more < 0) throw_errno("netlink dump");
  }
}

template <class Take> void for_each(const void* first, size_t size, Take take) {
  const char* end = static_cast<const char*>(first) + size;
  for (auto* attribute = static_cast<const nlattr*>(first);
       mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute)) {
    take(attribute);
  }
}
template <class Take> void for_each(const nlattr* nest, Take take) {
  for_each(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), take);
}
template <class Take> void for_each(const nlmsghdr* message, Take take) {
  constexpr size_t kHead = MNL_ALIGN(sizeof(struct nfgenmsg));
  for_each(mnl_nlmsg_get_payload_offset(message, kHead), mnl_nlmsg_get_payload_len(message) - kHead,
           take);
}

// The attribute of this type in a message or another attribute; null where there is none.
template <class Of> const nlattr* find(const Of* of, uint16_t type) {
  const nlattr* found = nullptr;
  for_each(of, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == type) found = attribute;
  });
  return found;
}

template <class Of> std::string text(const Of* of, uint16_t type) {
  const nlattr* found = find(of, type);
  return found == nullptr ? "" : mnl_attr_get_str(found);
}

std::string expressions(const nlmsghdr* rule) {
  std::string bytes;
  const nlattr* list = find(rule, NFTA_RULE_EXPRESSIONS);
  if (list == nullptr) return bytes;
  for_each(list, [&](const nlattr* expression) {
    const std::string name = text(expression, NFTA_EXPR_NAME);
    bytes += name + "\n";
    const nlattr* data = find(expression, NFTA_EXPR_DATA);
    if (data == nullptr || name == "counter") return;
    bytes.append(static_cast<const char*>(mnl_attr_get_payload(data)),
                 mnl_attr_get_payload_len(data));
  });
  return bytes;
}

}  // namespace

KernelRules kernel_rules(const NetNamespace& net, std::string_view table) {
  const std::string name(table);
  KernelRules out;
  net.run([&] {
    const Socket socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
      throw_errno("netlink socket");
    }
    dump(socket.get(), NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE, name, [&](const nlmsghdr* chain) {
      if (text(chain, NFTA_CHAIN_TABLE) == name) out[text(chain, NFTA_CHAIN_NAME)];
    });
    dump(socket.get(), NFT_MSG_GETRULE, NFTA_RULE_TABLE, name, [&](const nlmsghdr* rule) {
      if (text(rule, NFTA_RULE_TABLE) == name)
        out[text(rule, NFTA_RULE_CHAIN)].push_back(expressions(rule));
    });
  });
  return out;
}

}  // namespace bulkhead::testing
