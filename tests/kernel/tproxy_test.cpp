// SPDX-License-Identifier: GPL-2.0-or-later
// TPROXY with real sockets: what they get, and what becomes of a packet that none takes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include <gtest/gtest.h>

#include "kernel/changing_fixture.h"

namespace bulkhead::testing {
namespace {

constexpr uint16_t kPort = 12345;
constexpr uint16_t kWebPort = 80;
constexpr size_t kIp4Header = 20;
constexpr size_t kIp6Header = 40;
constexpr uint8_t kSynAck = 0x12;
constexpr size_t kTcpFlags = 13;

class Tproxy : public ChangingTest {
 protected:
  RigOptions network() const override { return {.deliver = true}; }

  // What has the mark is for this host.
  void bring_here(const std::string& mark = "1") {
    for (const bool v6 : {false, true}) {
      configure(fmt::format("rule add fwmark {} lookup 100\nroute add local {} dev lo table 100\n",
                            mark, v6 ? "::/0" : "0.0.0.0/0"),
                v6);
    }
  }

  static UniqueFd open(const Firewall& firewall, int type, bool v6, uint16_t port,
                       bool transparent = true, const char* address = nullptr) {
    UniqueFd fd;
    firewall.net.run([&] {
      fd = UniqueFd(socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK, 0));
      const int on = 1;
      if (transparent) {
        ASSERT_EQ(setsockopt(fd.get(), v6 ? IPPROTO_IPV6 : IPPROTO_IP,
                             v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, sizeof on),
                  0);
      }
      ASSERT_EQ(setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
      sockaddr_storage any{};
      const auto size = static_cast<socklen_t>(v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
      if (v6) {
        setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        auto& at = reinterpret_cast<sockaddr_in6&>(any);
        at.sin6_port = htons(port);
        if (address != nullptr) inet_pton(AF_INET6, address, &at.sin6_addr);
      } else {
        auto& at = reinterpret_cast<sockaddr_in&>(any);
        at.sin_port = htons(port);
        if (address != nullptr) inet_pton(AF_INET, address, &at.sin_addr);
      }
      any.ss_family = v6 ? AF_INET6 : AF_INET;
      ASSERT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&any), size), 0) << strerror(errno);
      if (type == SOCK_STREAM) {
        ASSERT_EQ(listen(fd.get(), 8), 0);
      }
    });
    return fd;
  }
  static std::string read(const UniqueFd& fd) {
    std::string text(100, '\0');
    const ssize_t size = recv(fd.get(), text.data(), text.size(), MSG_DONTWAIT);
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return text;
  }
  static Bytes datagram(bool v6, const std::string& text) {
    return v6 ? through6(Udp{} / Payload{text}) : through(Udp{} / Payload{text});
  }
  // The flags of the answer to a SYN for port 80 of what lies behind; nothing: there was none.
  static std::optional<uint8_t> answer_to_syn(Firewall& firewall, bool v6) {
    static uint16_t port = 41000;
    const Tcp syn{.sport = ++port, .dport = kWebPort};
    const Outcome outcome = firewall.rig.inject("eth0", v6 ? through6({syn}) : through({syn}));
    const Bytes answer = left(outcome, "eth0");
    const size_t at = (v6 ? kIp6Header : kIp4Header) + kTcpFlags;
    if (answer.size() <= at) return std::nullopt;
    return answer[at];
  }
};

TEST_F(Tproxy, HandsDatagramsToATransparentSocketAndDropsThemWithoutOne) {
  bring_here();
  for (const bool v6 : {false, true}) {
    load("mangle",
         {"-A PREROUTING -p udp -m comment --comment before",
          fmt::format("-A PREROUTING -p udp --dport 53 -j TPROXY --on-port {} --tproxy-mark 1",
                      kPort),
          "-A PREROUTING -p udp -m comment --comment behind"},
         v6);
    for (const auto& firewall : both_) {
      firewall->rig.inject("eth0", datagram(v6, "nobody"));
      const UniqueFd plain = open(*firewall, SOCK_DGRAM, v6, kPort, false);
      firewall->rig.inject("eth0", datagram(v6, "not transparent"));
      EXPECT_EQ(read(plain), "") << firewall->name;
    }
    EXPECT_EQ(counted("before", v6), 2u);
    for (const auto& firewall : both_) {
      const UniqueFd transparent = open(*firewall, SOCK_DGRAM, v6, kPort);
      const Outcome outcome = firewall->rig.inject("eth0", datagram(v6, "hello"));
      EXPECT_EQ(text(outcome), "accepted input") << firewall->name;
      EXPECT_EQ(read(transparent), "hello") << firewall->name;
    }
    EXPECT_EQ(counted("before", v6), 3u);
    EXPECT_EQ(counted("behind", v6), 0u);
  }
}

TEST_F(Tproxy, AnswersForAnAddressThatIsNotItsOwn) {
  bring_here();
  for (const bool v6 : {false, true}) {
    load("mangle",
         {fmt::format("-A PREROUTING -p tcp --dport 80 -j TPROXY --on-port {} --tproxy-mark 1/1",
                      kPort)},
         v6);
    for (const auto& firewall : both_) {
      EXPECT_EQ(answer_to_syn(*firewall, v6), std::nullopt) << firewall->name;
      const UniqueFd listening = open(*firewall, SOCK_STREAM, v6, kPort);
      EXPECT_EQ(answer_to_syn(*firewall, v6), kSynAck) << firewall->name;
    }
  }
}

// Port 0 is the packet's own. Without an address it is that of the interface.
TEST_F(Tproxy, LooksForTheAddressAndThePortThatTheRuleNames) {
  bring_here();
  for (const bool v6 : {false, true}) {
    const char* own = v6 ? kHost6 : kHost;
    const char* other = v6 ? "2001:db8:1::1" : "203.0.113.1";  // of eth1
    const std::string rule =
        "-A PREROUTING -p tcp --dport 80 -j TPROXY --tproxy-mark 1 --on-port 0 --on-ip ";
    for (const std::string address : {v6 ? "::" : "0.0.0.0", own, other}) {
      load("mangle", {rule + address}, v6);
      for (const auto& firewall : both_) {
        for (const char* listens : {own, other}) {
          const UniqueFd socket = open(*firewall, SOCK_STREAM, v6, kWebPort, true, listens);
          const bool meant = listens == (address == other ? other : own);
          EXPECT_EQ(answer_to_syn(*firewall, v6).has_value(), meant)
              << firewall->name << ": " << listens << " for " << address;
        }
      }
    }
  }
}

TEST_F(Tproxy, WritesTheMarkThroughItsMask) {
  bring_here("0xe3");
  for (const bool v6 : {false, true}) {
    load("mangle",
         {"-A PREROUTING -j MARK --set-mark 0xf0",
          fmt::format(
              "-A PREROUTING -p udp --dport 53 -j TPROXY --on-port {} --tproxy-mark 0x23/0x3f",
              kPort)},
         v6);
    load("filter", {"-A INPUT -m mark --mark 0xe3 -m comment --comment marked"}, v6);
    for (const auto& firewall : both_) {
      const UniqueFd transparent = open(*firewall, SOCK_DGRAM, v6, kPort);
      firewall->rig.inject("eth0", datagram(v6, "x"));
      EXPECT_EQ(read(transparent), "x") << firewall->name;
    }
    EXPECT_EQ(counted("marked", v6), 1u);
  }
}

}  // namespace
}  // namespace bulkhead::testing
