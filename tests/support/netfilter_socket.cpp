// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/netfilter_socket.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "support/exec.h"

namespace bulkhead::testing {
namespace {

void send_message(int fd, uint16_t type, uint16_t flags, uint16_t resource,
                  const std::function<void(nlmsghdr*)>& fill) {
  alignas(nlmsghdr) std::array<char, 2048> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  auto* family = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  family->version = NFNETLINK_V0;
  family->res_id = htons(resource);
  fill(header);
  if (send(fd, header, header->nlmsg_len, 0) < 0) throw_errno("netlink send");
}

}  // namespace

UniqueFd open_netfilter_socket() {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!fd) throw_errno("netlink socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw_errno("netlink bind");
  return fd;
}

void netfilter_request(int fd, uint16_t type, uint16_t resource,
                       const std::function<void(nlmsghdr*)>& fill, uint16_t flags) {
  send_message(fd, type, static_cast<uint16_t>(NLM_F_ACK | flags), resource, fill);
  alignas(nlmsghdr) std::array<char, 4096> answer{};
  const ssize_t size = recv(fd, answer.data(), answer.size(), 0);
  if (size < 0) throw_errno("netlink receive");
  const auto* head = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (!mnl_nlmsg_ok(head, static_cast<int>(size)) || head->nlmsg_type != NLMSG_ERROR) {
    throw SupportError("netlink: no acknowledgement");
  }
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(head));
  if (error->error != 0) {
    errno = -error->error;
    throw_errno("netlink request");
  }
}

void netfilter_order(int fd, uint16_t type, uint16_t resource,
                     const std::function<void(nlmsghdr*)>& fill) {
  send_message(fd, type, 0, resource, fill);
}

}  // namespace bulkhead::testing
