// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/socket.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <libmnl/libmnl.h>

#include "backend/nft/netlink/attributes.h"

namespace bulkhead::backend::nft::netlink {
namespace {

// The kernel answers a batch before send() returns, and a dump as fast as we read. This is for a
// machine in trouble.
constexpr timeval kPatience{.tv_sec = 20, .tv_usec = 0};
// The kernel makes its dump messages as large as what we read with, up to 32 KiB.
constexpr size_t kReceiveSize = 64 * 1024;
constexpr int kReceiveBuffer = 8 * 1024 * 1024;

Reply reply_of(const nlmsghdr* message) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  Reply reply{.sequence = message->nlmsg_seq, .error = -error->error};
  // With NETLINK_CAP_ACK only the header of our message comes back, then the words.
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
    const Attributes said(payload(message, sizeof(nlmsgerr)));
    reply.message = said.text(NLMSGERR_ATTR_MSG);
    if (const auto offset = said.bytes(NLMSGERR_ATTR_OFFS); offset.size() == sizeof reply.offset)
      std::memcpy(&reply.offset, offset.data(), sizeof reply.offset);
  }
  return reply;
}

bool is_reply(const nlmsghdr* message) {
  return message->nlmsg_type == NLMSG_ERROR &&
         mnl_nlmsg_get_payload_len(message) >= sizeof(nlmsgerr);
}

}  // namespace

Error kernel_error(int errno_value, std::string what) {
  Error error{.message = fmt::format("{}: {}", what, std::strerror(errno_value)),
              .errno_value = errno_value};
  switch (errno_value) {
    case EPERM:
    case EACCES:
      error.kind = ErrorKind::kPermission;
      error.hint = "this needs root, or the capability CAP_NET_ADMIN";
      break;
    case ERESTART: error.kind = ErrorKind::kStale; break;
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
      error.hint =
          "this kernel has no nf_tables (CONFIG_NF_TABLES); Linux 5.6 or later has what is needed";
      break;
    case EMLINK: error.hint = "the kernel follows a packet through 16 chains at most"; break;
    default: break;
  }
  return error;
}

void Socket::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

Socket::Socket(mnl_socket* socket) : socket_(socket), buffer_(kReceiveSize) {}

Result<Socket> Socket::open() {
  mnl_socket* raw = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
  if (raw == nullptr) return kernel_error(errno, "can't talk to the kernel's netfilter");
  Socket socket(raw);
  if (mnl_socket_bind(raw, 0, MNL_SOCKET_AUTOPID) < 0)
    return kernel_error(errno, "can't bind a netlink socket");
  const int fd = mnl_socket_get_fd(raw);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) < 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  }
  // Words with errors, and not all of our message.
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
  return socket;
}

// The kernel takes a datagram only if it fits the send buffer (netlink_sendmsg), and only root of
// the initial user namespace may make that larger than net.core.wmem_max.
Result<void> Socket::make_room(size_t size) {
  if (size <= room_) return {};
  const int fd = mnl_socket_get_fd(socket_.get());
  const int wanted = static_cast<int>(size);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) < 0) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
  }
  // It takes twice what was asked for and needs some for itself.
  int given = 0;
  socklen_t length = sizeof given;
  getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &given, &length);
  constexpr size_t kOverhead = 32;
  room_ = given > 0 ? static_cast<size_t>(given) - kOverhead : 0;
  if (size <= room_) return {};
  return Error{
      .message = fmt::format(
          "a transaction of {} bytes doesn't fit the {} that may be sent at once", size, room_),
      .hint = fmt::format("outside of a user namespace there is no such limit; or set the sysctl "
                          "net.core.wmem_max of the host to {}",
                          (size + kOverhead + 1) / 2),
      .errno_value = EMSGSIZE};
}

Result<void> Socket::send(std::span<const uint8_t> messages) {
  if (auto room = make_room(messages.size()); !room) return room.error();
  if (mnl_socket_sendto(socket_.get(), messages.data(), messages.size()) >= 0) return {};
  Error error = kernel_error(errno, "can't send to the kernel's netfilter");
  // The batch was carried out and its answers had no room, or was interrupted at a place that we
  // can't know.
  if (errno == ENOBUFS || errno == EAGAIN || errno == EINTR) error.kind = ErrorKind::kUnclear;
  return error;
}

Result<bool> Socket::dump(std::span<const uint8_t> request,
                          const std::function<void(const nlmsghdr*)>& take) {
  if (auto sent = send(request); !sent) return sent.error();
  const uint32_t sequence = reinterpret_cast<const nlmsghdr*>(request.data())->nlmsg_seq;
  bool consistent = true;
  while (true) {
    const ssize_t received = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return kernel_error(errno, "no answer from the kernel's netfilter");
    int left = static_cast<int>(received);
    for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
         mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence) continue;
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
      if (message->nlmsg_type == NLMSG_DONE) {
        // Carries what ended the dump (netlink_dump_done() of net/netlink/af_netlink.c); 0: its
        // end.
        const int status = mnl_nlmsg_get_payload_len(message) >= sizeof(int)
                               ? *static_cast<const int*>(mnl_nlmsg_get_payload(message))
                               : 0;
        if (status < 0) return kernel_error(-status, "can't read nf_tables");
        return consistent;
      }
      if (is_reply(message)) {
        const Reply reply = reply_of(message);
        if (reply.error == 0) return consistent;
        return kernel_error(reply.error, "can't read nf_tables");
      }
      take(message);
      if ((message->nlmsg_flags & NLM_F_MULTI) == 0) return consistent;
    }
  }
}

Result<void> Socket::replies(const std::function<bool(const Reply&)>& take) {
  while (true) {
    const ssize_t received = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) {
      Error error = kernel_error(errno, "the kernel's answer to a transaction was lost");
      error.kind = ErrorKind::kUnclear;
      return error;
    }
    int left = static_cast<int>(received);
    for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
         mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (is_reply(message) && take(reply_of(message))) return {};
    }
  }
}

Result<void> Socket::join(unsigned group) {
  if (mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
    return kernel_error(errno, "can't listen to the kernel's netfilter");
  return {};
}

Result<Socket::Received> Socket::receive(const std::function<void(const nlmsghdr*)>& take) {
  // No end may be in sight, and the caller has other things to look after.
  constexpr int kAtOnce = 4096;
  Received out;
  for (int i = 0; i < kAtOnce; ++i) {
    const ssize_t received = recv(descriptor(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno == EAGAIN) {
      out.emptied = true;
      break;
    }
    if (received < 0 && errno == ENOBUFS) {
      out.lost = true;
      continue;
    }
    if (received < 0) return kernel_error(errno, "can't hear the kernel's netfilter");
    int left = static_cast<int>(received);
    for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
         mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      take(message);
    }
  }
  return out;
}

int Socket::descriptor() const { return mnl_socket_get_fd(socket_.get()); }

uint32_t Socket::port() const { return mnl_socket_get_portid(socket_.get()); }

void Socket::drain() {
  const int fd = mnl_socket_get_fd(socket_.get());
  while (recv(fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
         errno == EINTR) {
  }
}

}  // namespace bulkhead::backend::nft::netlink
