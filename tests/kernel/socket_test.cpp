// SPDX-License-Identifier: GPL-2.0-or-later
// The socket match against real sockets of the host: bound to its address or to all, transparent
// or not, and with a mark of their own.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel/asked_matches.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {
namespace {

constexpr uint32_t kMark = 0x77;

struct Listener {
  uint16_t port;
  bool everywhere;  // bound to no address
  bool transparent;
  int type = SOCK_DGRAM;
};

const Listener kListeners[] = {
    {1001, false, false},
    {1002, true, false},
    {1003, false, true},
    {1004, true, true},
    {1005, false, true, SOCK_STREAM},
    {1006, true, false, SOCK_STREAM},
};
constexpr uint16_t kNobody = 1007;

void must(int result, const char* what) {
  if (result < 0) throw_errno(what);
}

// In the namespace of the calling thread; IPv6 alone or IPv4.
UniqueFd open_socket(const Listener& listener, bool v6) {
  UniqueFd fd(::socket(v6 ? AF_INET6 : AF_INET, listener.type | SOCK_CLOEXEC, 0));
  must(fd.get(), "socket");
  const int on = 1;
  must(::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &kMark, sizeof kMark), "SO_MARK");
  if (v6) must(::setsockopt(fd.get(), SOL_IPV6, IPV6_V6ONLY, &on, sizeof on), "IPV6_V6ONLY");
  if (listener.transparent) {
    must(::setsockopt(fd.get(), v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on,
                      sizeof on),
         "transparent");
  }
  sockaddr_storage address{};
  socklen_t size = 0;
  if (v6) {
    auto& to = reinterpret_cast<sockaddr_in6&>(address);
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(listener.port);
    if (!listener.everywhere) inet_pton(AF_INET6, kHost6, &to.sin6_addr);
    size = sizeof to;
  } else {
    auto& to = reinterpret_cast<sockaddr_in&>(address);
    to.sin_family = AF_INET;
    to.sin_port = htons(listener.port);
    if (!listener.everywhere) inet_pton(AF_INET, kHost, &to.sin_addr);
    size = sizeof to;
  }
  must(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), "bind");
  if (listener.type == SOCK_STREAM) must(::listen(fd.get(), 1), "listen");
  return fd;
}

class SocketMatch : public AskedMatches {
 protected:
  void listen(bool v6) {
    for (const auto& firewall : both_) {
      firewall->net.run([&] {
        for (const Listener& listener : kListeners) sockets_.push_back(open_socket(listener, v6));
      });
    }
  }

  void send(uint16_t port, int type, bool v6) {
    const Packet packet =
        type == SOCK_STREAM ? Packet{Tcp{.dport = port}} : Packet{Udp{.dport = port}};
    inject_on_both(v6 ? to_host6(packet) : to_host(packet));
  }

 private:
  std::vector<UniqueFd> sockets_;
};

// In mangle PREROUTING, where no packet has its socket yet.
TEST_F(SocketMatch, FindsTheSocketThatThePacketIsFor) {
  for (const bool v6 : {false, true}) {
    std::vector<Asked> asked;
    const auto ask = [&](const Listener& listener, std::string_view options, bool holds) {
      asked.push_back(
          {fmt::format("-p {} --dport {} -m socket{}", listener.type == SOCK_STREAM ? "tcp" : "udp",
                       listener.port, options),
           holds ? 1u : 0u});
    };
    for (const Listener& listener : kListeners) {
      ask(listener, "", !listener.everywhere);
      ask(listener, " --transparent", !listener.everywhere && listener.transparent);
      ask(listener, " --nowildcard", true);
      ask(listener, " --transparent --nowildcard", listener.transparent);
    }
    ask({kNobody, false, false}, " --nowildcard", false);
    const Place place{.table = "mangle", .chain = "PREROUTING", .v6 = v6};
    listen(v6);
    load(place, asked);
    for (const Listener& listener : kListeners) send(listener.port, listener.type, v6);
    send(kNobody, SOCK_DGRAM, v6);
    expect(place, asked);
  }
}

TEST_F(SocketMatch, RestoresTheMarkOfASocketThatMatches) {
  const std::string mark = fmt::format(" -m mark --mark {:#x}", kMark);
  const Asked asked[] = {
      {"-p udp --dport 1001" + mark, 0},
      {"-p udp --dport 1001 -m socket --transparent --restore-skmark", 0},
      {"-p udp --dport 1001" + mark, 0},
      {"-p udp --dport 1001 -m socket --restore-skmark", 1},
      {"-p udp --dport 1001" + mark, 1},
      {"-p udp --dport 1002 -m socket --restore-skmark", 0},
      {"-p udp --dport 1002" + mark, 0},
      {"-p udp --dport 1004 -m socket --restore-skmark --nowildcard --transparent" + mark, 1},
  };
  const Place place{.table = "mangle", .chain = "PREROUTING"};
  listen(false);
  load(place, asked);
  for (const uint16_t port : {1001, 1002, 1004}) send(port, SOCK_DGRAM, false);
  expect(place, asked);
}

}  // namespace
}  // namespace bulkhead::testing
