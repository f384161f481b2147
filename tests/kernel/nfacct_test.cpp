// SPDX-License-Identifier: GPL-2.0-or-later
// The nfacct match counts in an object that somebody else has made, and holds as that object says.
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_acct.h>

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "core/byte_order.h"
#include "support/netfilter_socket.h"
#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr uint16_t kNew = NFNL_SUBSYS_ACCT << 8 | NFNL_MSG_ACCT_NEW;
constexpr uint16_t kGet = NFNL_SUBSYS_ACCT << 8 | NFNL_MSG_ACCT_GET;

void put_big_endian(nlmsghdr* header, uint16_t type, uint64_t value) {
  std::array<uint8_t, sizeof value> bytes{};
  store_be(value, bytes);
  mnl_attr_put(header, type, bytes.size(), bytes.data());
}

// With a quota, in packets, it holds once that has been counted.
void make_object(const NetNamespace& net, const std::string& name,
                 std::optional<uint64_t> quota = {}) {
  net.run([&] {
    const UniqueFd socket = open_netfilter_socket();
    netfilter_request(
        socket.get(), kNew, 0,
        [&](nlmsghdr* header) {
          mnl_attr_put_strz(header, NFACCT_NAME, name.c_str());
          if (!quota) return;
          mnl_attr_put_u32(header, NFACCT_FLAGS, htonl(NFACCT_F_QUOTA_PKTS));
          put_big_endian(header, NFACCT_QUOTA, *quota);
        },
        NLM_F_CREATE | NLM_F_EXCL);
  });
}

// The packets that an object has counted.
uint64_t counted(const NetNamespace& net, const std::string& name) {
  uint64_t packets = 0;
  net.run([&] {
    const UniqueFd socket = open_netfilter_socket();
    alignas(nlmsghdr) std::array<char, 2048> buffer{};
    nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
    header->nlmsg_type = kGet;
    header->nlmsg_flags = NLM_F_REQUEST;
    mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg));
    mnl_attr_put_strz(header, NFACCT_NAME, name.c_str());
    if (send(socket.get(), header, header->nlmsg_len, 0) < 0) throw_errno("netlink send");
    const ssize_t size = recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) throw_errno("netlink receive");
    const auto read = [](const nlattr* attribute, void* data) -> int {
      if (mnl_attr_get_type(attribute) == NFACCT_PKTS) {
        const auto* bytes = static_cast<const uint8_t*>(mnl_attr_get_payload(attribute));
        *static_cast<uint64_t*>(data) =
            static_cast<uint64_t>(load_be(std::span(bytes, sizeof(uint64_t))));
      }
      return MNL_CB_OK;
    };
    mnl_attr_parse(reinterpret_cast<const nlmsghdr*>(buffer.data()), sizeof(nfgenmsg), read,
                   &packets);
  });
  return packets;
}

class Nfacct : public TwoFirewalls {};

TEST_F(Nfacct, CountsWhatComesToItAndHolds) {
  for (const auto& firewall : both_) {
    make_object(firewall->net, "web");
    make_object(firewall->net, "all of tcp");
    firewall->ip4.must_restore(
        filter("-A INPUT -m nfacct --nfacct-name web -m comment --comment all\n"
               "-A INPUT -p tcp -m nfacct --nfacct-name \"all of tcp\" -m comment --comment tcp\n"
               "-A INPUT -m nfacct --nfacct-name web -p udp -m udp --dport 53 -m comment "
               "--comment before\n"));
    firewall->rig.inject("eth0", to_host({Tcp{}}));
    firewall->rig.inject("eth0", to_host({Udp{.dport = 53}}));
    firewall->rig.inject("eth0", to_host({Udp{.dport = 54}}));
    EXPECT_EQ(firewall->packets("all"), 3u) << firewall->name;
    EXPECT_EQ(firewall->packets("tcp"), 1u) << firewall->name;
    EXPECT_EQ(firewall->packets("before"), 1u) << firewall->name;
    EXPECT_EQ(counted(firewall->net, "all of tcp"), 1u) << firewall->name;
    // The third rule asks -p before its matches, and nfacct, which counts, before the port.
    EXPECT_EQ(counted(firewall->net, "web"), 5u) << firewall->name;
  }
}

TEST_F(Nfacct, WithAQuotaHoldsFromThereOn) {
  for (const auto& firewall : both_) {
    make_object(firewall->net, "two", 2);
    for (const bool v6 : {false, true})
      firewall->tables(v6).must_restore(
          filter("-A INPUT -m nfacct --nfacct-name two -m comment --comment over\n"));
    for (int i = 0; i < 3; ++i) firewall->rig.inject("eth0", to_host({Udp{}}));
    EXPECT_EQ(firewall->packets("over"), 1u) << firewall->name;
    firewall->rig.inject("eth0", to_host6({Udp{}}));
    EXPECT_EQ(firewall->packets("over", true), 1u) << firewall->name;
  }
}

}  // namespace
}  // namespace bulkhead::testing
