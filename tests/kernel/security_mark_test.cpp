// SPDX-License-Identifier: GPL-2.0-or-later
// CONNSECMARK. No security module is there to give packets a mark, and nft(8) has no words to; so a
// table of our own, written in the kernel's, marks what comes in by one interface and counts marks.
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <libmnl/libmnl.h>

#include "kernel/changing_fixture.h"

namespace bulkhead::testing {
namespace {

constexpr char kTable[] = "watch";
constexpr uint32_t kSecurityMark = 5;
constexpr int kBehindConntrack = -160;  // and before table mangle
constexpr int kBehindFilter = 60;

using Attributes = std::function<void(nlmsghdr*)>;

void nest(nlmsghdr* message, uint16_t type, const Attributes& inside) {
  nlattr* begin = mnl_attr_nest_start(message, type);
  inside(message);
  mnl_attr_nest_end(message, begin);
}

void put_number(nlmsghdr* message, uint16_t type, uint32_t value) {
  mnl_attr_put_u32(message, type, htonl(value));
}

void expression(nlmsghdr* message, const char* name, const Attributes& data) {
  nest(message, NFTA_LIST_ELEM, [&](nlmsghdr* m) {
    mnl_attr_put_strz(m, NFTA_EXPR_NAME, name);
    nest(m, NFTA_EXPR_DATA, data);
  });
}
void meta(nlmsghdr* message, uint16_t to_or_from, uint32_t key) {
  expression(message, "meta", [=](nlmsghdr* m) {
    put_number(m, NFTA_META_KEY, key);
    put_number(m, to_or_from, NFT_REG_1);
  });
}
void value(nlmsghdr* message, uint16_t type, uint32_t number) {
  nest(message, type, [=](nlmsghdr* m) { mnl_attr_put_u32(m, NFTA_DATA_VALUE, number); });
}
void compare(nlmsghdr* message, uint32_t number) {
  expression(message, "cmp", [=](nlmsghdr* m) {
    put_number(m, NFTA_CMP_SREG, NFT_REG_1);
    put_number(m, NFTA_CMP_OP, NFT_CMP_EQ);
    value(m, NFTA_CMP_DATA, number);
  });
}

class Batch {
 public:
  Batch() { control(NFNL_MSG_BATCH_BEGIN); }

  void chain(const char* name, uint32_t hook, int priority) {
    add(NFT_MSG_NEWCHAIN, [=](nlmsghdr* m) {
      mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, kTable);
      mnl_attr_put_strz(m, NFTA_CHAIN_NAME, name);
      mnl_attr_put_strz(m, NFTA_CHAIN_TYPE, "filter");
      nest(m, NFTA_CHAIN_HOOK, [=](nlmsghdr* inner) {
        put_number(inner, NFTA_HOOK_HOOKNUM, hook);
        put_number(inner, NFTA_HOOK_PRIORITY, static_cast<uint32_t>(priority));
      });
    });
  }
  void rule(const char* chain, const Attributes& expressions) {
    add(NFT_MSG_NEWRULE, [&](nlmsghdr* m) {
      mnl_attr_put_strz(m, NFTA_RULE_TABLE, kTable);
      mnl_attr_put_strz(m, NFTA_RULE_CHAIN, chain);
      nest(m, NFTA_RULE_EXPRESSIONS, expressions);
    });
  }
  void table() {
    add(NFT_MSG_NEWTABLE, [](nlmsghdr* m) { mnl_attr_put_strz(m, NFTA_TABLE_NAME, kTable); });
  }
  // Gives 0 or an errno value.
  int send() {
    control(NFNL_MSG_BATCH_END);
    mnl_socket* socket = mnl_socket_open(NETLINK_NETFILTER);
    mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID);
    mnl_socket_sendto(socket, buffer_.data(), used_);
    std::array<char, 8192> answer{};
    int error = 0;
    for (unsigned i = 0; i < asked_ && error == 0; ++i) {
      const ssize_t size = mnl_socket_recvfrom(socket, answer.data(), answer.size());
      if (mnl_cb_run(answer.data(), static_cast<size_t>(size), 0, 0, nullptr, nullptr) < 0)
        error = errno;
    }
    mnl_socket_close(socket);
    return error;
  }

 private:
  nlmsghdr* begin(uint16_t type, uint16_t flags, uint8_t family, uint16_t subsystem) {
    nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data() + used_);
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    header->nfgen_family = family;
    header->res_id = htons(subsystem);
    return message;
  }
  void control(uint16_t type) {
    used_ += begin(type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)->nlmsg_len;
  }
  void add(uint16_t type, const Attributes& attributes) {
    constexpr uint16_t kFlags = NLM_F_CREATE | NLM_F_ACK | NLM_F_APPEND;
    nlmsghdr* message = begin(NFNL_SUBSYS_NFTABLES << 8 | type, kFlags, NFPROTO_IPV4, 0);
    attributes(message);
    used_ += message->nlmsg_len;
    ++asked_;
  }

  std::array<char, 8192> buffer_{};
  size_t used_ = 0;
  unsigned asked_ = 0;
};

class SecurityMark : public ChangingTest {
 protected:
  // What comes in by eth0 has a mark; what goes through with one is counted.
  void watch() {
    Batch batch;
    batch.table();
    batch.chain("mark", NF_INET_PRE_ROUTING, kBehindConntrack);
    batch.chain("count", NF_INET_FORWARD, kBehindFilter);
    for (const auto& firewall : both_) {
      const auto index = firewall->net.must_exec({"ip", "-o", "link", "show", "eth0"});
      firewall->net.run([&] {
        Batch one = batch;
        one.rule("mark", [&](nlmsghdr* m) {
          meta(m, NFTA_META_DREG, NFT_META_IIF);
          compare(m, static_cast<uint32_t>(std::stoul(index)));
          expression(m, "immediate", [](nlmsghdr* inner) {
            put_number(inner, NFTA_IMMEDIATE_DREG, NFT_REG_1);
            value(inner, NFTA_IMMEDIATE_DATA, kSecurityMark);
          });
          meta(m, NFTA_META_SREG, NFT_META_SECMARK);
        });
        one.rule("count", [](nlmsghdr* m) {
          meta(m, NFTA_META_DREG, NFT_META_SECMARK);
          compare(m, kSecurityMark);
          expression(m, "counter", [](nlmsghdr*) {});
        });
        ASSERT_EQ(one.send(), 0) << strerror(errno);
      });
    }
  }
  bool has_counted(const Firewall& firewall, unsigned packets) {
    const std::string shown = firewall.net.must_exec({"nft", "list", "table", "ip", kTable});
    return shown.find(fmt::format("packets {} ", packets)) != std::string::npos;
  }

  std::map<std::string, unsigned> counts_;  // of each firewall, so far
};

TEST_F(SecurityMark, GoesToTheConnectionAndComesBackWithTheAnswer) {
  const Bytes answer =
      build(Ip4{.saddr = kBehind, .daddr = kPeer} / Udp{.sport = 53, .dport = 40000});
  watch();
  // The answer has no mark of its own: without a rule, then without the other one.
  for (const std::vector<std::string>& rules :
       {std::vector<std::string>{},
        {"-A FORWARD -j CONNSECMARK --save"},
        {"-A PREROUTING -j CONNSECMARK --restore"},
        {"-A FORWARD -j CONNSECMARK --save", "-A PREROUTING -j CONNSECMARK --restore"}}) {
    load("mangle", rules);
    for (const auto& firewall : both_) {
      firewall->rig.flush_conntrack();
      firewall->rig.inject("eth0", through({Udp{}}));
      firewall->rig.inject("eth1", answer);
      counts_[firewall->name] += rules.size() == 2 ? 2 : 1;
      EXPECT_TRUE(has_counted(*firewall, counts_[firewall->name]))
          << firewall->name << " with " << rules.size() << " rules\n"
          << firewall->net.must_exec({"nft", "list", "table", "ip", kTable});
    }
  }
}

}  // namespace
}  // namespace bulkhead::testing
