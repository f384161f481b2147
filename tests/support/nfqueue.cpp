// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/nfqueue.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <sys/socket.h>

#include <cerrno>

#include "support/exec.h"
#include "support/netfilter_socket.h"

namespace bulkhead::testing {
namespace {

constexpr uint32_t kWholePacket = 0xffff;
constexpr size_t kMessageBuffer = 128 << 10;  // more than the longest packet

int take_attribute(const nlattr* attribute, void* data) {
  auto& queued = *static_cast<Queued*>(data);
  const auto* payload = static_cast<const uint8_t*>(mnl_attr_get_payload(attribute));
  if (mnl_attr_get_type(attribute) == NFQA_PACKET_HDR) {
    const auto* header = reinterpret_cast<const nfqnl_msg_packet_hdr*>(payload);
    queued.id = ntohl(header->packet_id);
    queued.hook = header->hook;
  }
  if (mnl_attr_get_type(attribute) == NFQA_PAYLOAD)
    queued.packet.assign(payload, payload + mnl_attr_get_payload_len(attribute));
  return MNL_CB_OK;
}

}  // namespace

QueueListener::QueueListener(uint16_t first, uint16_t count) : socket_(open_netfilter_socket()) {
  constexpr uint16_t kConfig = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG;
  for (unsigned queue = first; queue < unsigned{first} + count; ++queue) {
    netfilter_request(socket_.get(), kConfig, static_cast<uint16_t>(queue), [](nlmsghdr* header) {
      nfqnl_msg_config_cmd command{};
      command.command = NFQNL_CFG_CMD_BIND;
      mnl_attr_put(header, NFQA_CFG_CMD, sizeof command, &command);
    });
    netfilter_request(socket_.get(), kConfig, static_cast<uint16_t>(queue), [](nlmsghdr* header) {
      nfqnl_msg_config_params params{};
      params.copy_range = htonl(kWholePacket);
      params.copy_mode = NFQNL_COPY_PACKET;
      mnl_attr_put(header, NFQA_CFG_PARAMS, sizeof params, &params);
    });
  }
}

std::vector<Queued> QueueListener::take() {
  std::vector<Queued> all;
  Bytes buffer(kMessageBuffer);
  for (;;) {
    const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return all;
    if (size < 0) throw_errno("NFQUEUE receive");
    int left = static_cast<int>(size);
    for (const auto* head = reinterpret_cast<const nlmsghdr*>(buffer.data());
         mnl_nlmsg_ok(head, left); head = mnl_nlmsg_next(head, &left)) {
      if (head->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET)) continue;
      const auto* generic = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(head));
      Queued queued{.queue = ntohs(generic->res_id)};
      mnl_attr_parse(head, sizeof(nfgenmsg), take_attribute, &queued);
      all.push_back(std::move(queued));
    }
  }
}

void QueueListener::decide(const Queued& queued, bool accept) {
  constexpr uint16_t kVerdict = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT;
  netfilter_order(socket_.get(), kVerdict, queued.queue, [&](nlmsghdr* header) {
    nfqnl_msg_verdict_hdr verdict{};
    verdict.verdict = htonl(accept ? NF_ACCEPT : NF_DROP);
    verdict.id = htonl(queued.id);
    mnl_attr_put(header, NFQA_VERDICT_HDR, sizeof verdict, &verdict);
  });
}

}  // namespace bulkhead::testing
