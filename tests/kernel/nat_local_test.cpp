// SPDX-License-Identifier: GPL-2.0-or-later
// Real connections of this host's own sockets, sent elsewhere by OUTPUT: the client believes that
// it speaks with whom it has called, and the server can ask whom it has called (SO_ORIGINAL_DST).
#include <arpa/inet.h>
#include <linux/netfilter_ipv4.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>

#include "kernel/nat_fixture.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {
namespace {

// An address and a port for the socket calls, and back.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;

  Endpoint() : size(sizeof storage) {}
  Endpoint(const std::string& address, uint16_t port) {
    if (address.find(':') == std::string::npos) {
      sockaddr_in four{
          .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
      inet_pton(AF_INET, address.c_str(), &four.sin_addr);
      std::memcpy(&storage, &four, size = sizeof four);
    } else {
      sockaddr_in6 six{};
      six.sin6_family = AF_INET6;
      six.sin6_port = htons(port);
      inet_pton(AF_INET6, address.c_str(), &six.sin6_addr);
      std::memcpy(&storage, &six, size = sizeof six);
    }
  }

  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  std::string text() const {
    char address[INET6_ADDRSTRLEN] = {};
    if (storage.ss_family == AF_INET) {
      sockaddr_in four{};
      std::memcpy(&four, &storage, sizeof four);
      inet_ntop(AF_INET, &four.sin_addr, address, sizeof address);
      return fmt::format("{} {}", address, ntohs(four.sin_port));
    }
    sockaddr_in6 six{};
    std::memcpy(&six, &storage, sizeof six);
    inet_ntop(AF_INET6, &six.sin6_addr, address, sizeof address);
    return fmt::format("{} {}", address, ntohs(six.sin6_port));
  }
};

constexpr uint16_t kServed = 8080, kCalled = 80;

// What both ends of a connection know of it.
struct Talk {
  std::string error;      // of connect(2); the rest is empty then
  std::string called;     // whom the client believes to speak with
  std::string asked_for;  // whom the client has called, by the server's SO_ORIGINAL_DST
  std::string heard;      // the answer to "ping"
};

// A server at `served`, and a client who calls `called`. Gives up after a few seconds: a connection
// that is dropped is a failure, not a wait.
Talk talk(Endpoint served, Endpoint called, bool v6) {
  const int family = v6 ? AF_INET6 : AF_INET;
  const UniqueFd listener(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(listener.get(), served.raw(), served.size) != 0 || listen(listener.get(), 1) != 0)
    throw_errno("a server");
  const UniqueFd client(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  for (const int option : {SO_SNDTIMEO, SO_RCVTIMEO}) {
    setsockopt(client.get(), SOL_SOCKET, option, &limit, sizeof limit);
    setsockopt(listener.get(), SOL_SOCKET, option, &limit, sizeof limit);
  }
  Talk talk;
  if (connect(client.get(), called.raw(), called.size) != 0) {
    talk.error = strerror(errno);
    return talk;
  }
  const UniqueFd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (server.get() < 0) throw_errno("accept");
  Endpoint peer, original;
  getpeername(client.get(), peer.raw(), &peer.size);
  talk.called = peer.text();
  if (getsockopt(server.get(), v6 ? SOL_IPV6 : SOL_IP, SO_ORIGINAL_DST, original.raw(),
                 &original.size) == 0) {
    talk.asked_for = original.text();
  }
  std::array<char, 16> buffer{};
  const auto passed_on = [&](int from, int to, std::string_view words) {
    if (send(from, words.data(), words.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(words.size()))
      throw_errno("send");
    const ssize_t got = recv(to, buffer.data(), buffer.size(), 0);
    return std::string(buffer.data(), got < 0 ? 0 : static_cast<size_t>(got));
  };
  talk.heard = passed_on(server.get(), client.get(),
                         passed_on(client.get(), server.get(), "ping") == "ping" ? "pong" : "?");
  return talk;
}

class NatLocal : public NatTest {
 protected:
  RigOptions network() const override { return {.deliver = true}; }
  std::string loopback() const { return v6() ? "::1" : "127.0.0.1"; }

  void expect_talk(const std::string& rule, const std::string& served) {
    for (const auto& firewall : both_) {
      SCOPED_TRACE(firewall->name + ": " + rule);
      load(*firewall, rule);
      Talk got;
      firewall->net.run(
          [&] { got = talk(Endpoint(served, kServed), Endpoint(far(9), kCalled), v6()); });
      const std::string called = fmt::format("{} {}", far(9), kCalled);
      EXPECT_EQ(got.error, "");
      EXPECT_EQ(got.called, called);
      EXPECT_EQ(got.asked_for, called);
      EXPECT_EQ(got.heard, "pong");
      for (const uint64_t count : counts(*firewall))
        EXPECT_EQ(count, 1u) << "of all its packets, the first";
    }
  }
};

TEST_P(NatLocal, DnatSendsAConnectionToAServerOfThisHost) {
  expect_talk(fmt::format("-A OUTPUT -d {} -p tcp --dport {} -j DNAT --to-destination {}\n", far(9),
                          kCalled, with_port(host(), std::to_string(kServed))),
              host());
}

TEST_P(NatLocal, RedirectSendsItToTheLoopbackAddress) {
  expect_talk(
      fmt::format("-A OUTPUT -p tcp --dport {} -j REDIRECT --to-ports {}\n", kCalled, kServed),
      loopback());
}

TEST_P(NatLocal, ThroughAUserChain) {
  expect_talk(fmt::format(":services - [0:0]\n-A services -p tcp -j DNAT --to-destination {}\n",
                          with_port(host(), std::to_string(kServed))) +
                  "-A OUTPUT -j services\n",
              host());
}

INSTANTIATE_TEST_SUITE_P(Families, NatLocal, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace bulkhead::testing
