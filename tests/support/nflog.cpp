// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/nflog.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include <libmnl/libmnl.h>

#include "support/exec.h"
#include "support/netfilter_socket.h"

namespace bulkhead::testing {
namespace {

constexpr uint32_t kCopyRange = 0xffff;        // the rule's snaplen decides
constexpr uint32_t kNeverInATest = 100 * 600;  // in 1/100 s
constexpr int kReceiveBuffer = 32 << 20;       // one event takes some 4 KiB of it
constexpr size_t kMessageBuffer = 128 << 10;   // more than the longest event

int take_attribute(const nlattr* attribute, void* data) {
  auto& event = *static_cast<LogEvent*>(data);
  const auto* payload = static_cast<const uint8_t*>(mnl_attr_get_payload(attribute));
  switch (mnl_attr_get_type(attribute)) {
    case NFULA_PACKET_HDR:
      event.hook = reinterpret_cast<const nfulnl_msg_packet_hdr*>(payload)->hook;
      break;
    case NFULA_PREFIX: event.prefix = mnl_attr_get_str(attribute); break;
    case NFULA_IFINDEX_INDEV: event.in_index = ntohl(mnl_attr_get_u32(attribute)); break;
    case NFULA_IFINDEX_OUTDEV: event.out_index = ntohl(mnl_attr_get_u32(attribute)); break;
    case NFULA_MARK: event.mark = ntohl(mnl_attr_get_u32(attribute)); break;
    case NFULA_PAYLOAD:
      event.packet.assign(payload, payload + mnl_attr_get_payload_len(attribute));
      break;
    default: break;
  }
  return MNL_CB_OK;
}

}  // namespace

NflogReader::NflogReader(uint16_t group, uint32_t queue)
    : socket_(open_netfilter_socket()), buffer_(kMessageBuffer) {
  constexpr uint16_t kConfig = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
  netfilter_request(socket_.get(), kConfig, group, [](nlmsghdr* header) {
    nfulnl_msg_config_cmd command{};
    command.command = NFULNL_CFG_CMD_BIND;
    mnl_attr_put(header, NFULA_CFG_CMD, sizeof command, &command);
  });
  netfilter_request(socket_.get(), kConfig, group, [&](nlmsghdr* header) {
    nfulnl_msg_config_mode mode{};
    mode.copy_range = htonl(kCopyRange);
    mode.copy_mode = NFULNL_COPY_PACKET;
    mnl_attr_put(header, NFULA_CFG_MODE, sizeof mode, &mode);
    mnl_attr_put_u32(header, NFULA_CFG_QTHRESH, htonl(queue));
    if (queue > 1) mnl_attr_put_u32(header, NFULA_CFG_TIMEOUT, htonl(kNeverInATest));
  });
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer,
                 sizeof kReceiveBuffer) != 0) {
    // Not root of the machine: what it grants is enough, since each packet's events are read at
    // once.
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  }
}

size_t NflogReader::drain(const std::function<void(const LogEvent&)>& take) {
  size_t events = 0;
  for (;;) {
    const ssize_t size = recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return events;
    if (size < 0) throw_errno("NFLOG receive");  // ENOBUFS: some were lost
    int left = static_cast<int>(size);
    for (const auto* head = reinterpret_cast<const nlmsghdr*>(buffer_.data());
         mnl_nlmsg_ok(head, left); head = mnl_nlmsg_next(head, &left)) {
      if (head->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET)) continue;
      LogEvent event;
      mnl_attr_parse(head, sizeof(nfgenmsg), take_attribute, &event);
      take(event);
      ++events;
    }
  }
}

bool NflogReader::wait(int milliseconds) {
  pollfd fd{socket_.get(), POLLIN, 0};
  return poll(&fd, 1, milliseconds) > 0;
}

ConntrackFlusher::ConntrackFlusher() : socket_(open_netfilter_socket()) {}

void ConntrackFlusher::flush() {
  netfilter_request(socket_.get(), NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0,
                    [](nlmsghdr*) {});
}

}  // namespace bulkhead::testing
