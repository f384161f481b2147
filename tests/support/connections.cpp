// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace bulkhead::testing {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const std::string& address, uint16_t port) {
  SocketAddress out;
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr = v4;
    std::memcpy(&out.storage, &to, sizeof to);
    out.size = sizeof to;
  } else if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    to.sin6_addr = v6;
    std::memcpy(&out.storage, &to, sizeof to);
    out.size = sizeof to;
  } else {
    throw SupportError("no address: " + address);
  }
  return out;
}

std::string address_text(const sockaddr_in6& from) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &from.sin6_addr, text.data(), text.size());
  const std::string out = text.data();
  constexpr std::string_view kMapped = "::ffff:";
  return out.starts_with(kMapped) && out.find('.') != std::string::npos ? out.substr(kMapped.size())
                                                                        : out;
}

Reach connect_here(const Try& to) {
  const SocketAddress address = socket_address(to.address, to.port);
  const UniqueFd fd(
      socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw_errno("socket");
  if (to.source_port != 0) {
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const SocketAddress own =
        socket_address(address.storage.ss_family == AF_INET ? "0.0.0.0" : "::", to.source_port);
    if (bind(fd.get(), own.get(), own.size) < 0) throw_errno("bind");
  }
  // Gone at once, without a FIN that a firewall would still have to let through.
  const linger reset{1, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (connect(fd.get(), address.get(), address.size) == 0) return Reach::kConnected;
  if (errno != EINPROGRESS) return Reach::kRefused;
  pollfd wait{fd.get(), POLLOUT, 0};
  if (poll(&wait, 1, static_cast<int>(to.patience.count())) == 0) return Reach::kSilent;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) return Reach::kConnected;
  return error == ETIMEDOUT ? Reach::kSilent : Reach::kRefused;
}

}  // namespace

Listener::Listener(const NetNamespace& net, uint16_t port) {
  net.run([&] {
    fd_ = UniqueFd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_) throw_errno("socket");
    const int on = 1, off = 0;
    setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    const SocketAddress any = socket_address("::", port);
    if (bind(fd_.get(), any.get(), any.size) < 0) throw_errno("bind");
    if (listen(fd_.get(), 128) < 0) throw_errno("listen");
  });
}

std::optional<Listener::Taken> Listener::take() const {
  sockaddr_in6 from{}, to{};
  socklen_t size = sizeof from;
  const UniqueFd connection(
      accept4(fd_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC));
  if (!connection) return std::nullopt;
  size = sizeof to;
  getsockname(connection.get(), reinterpret_cast<sockaddr*>(&to), &size);
  return Taken{address_text(from), address_text(to)};
}

std::string text(Reach reach) {
  switch (reach) {
    case Reach::kConnected: return "connected";
    case Reach::kRefused: return "refused";
    case Reach::kSilent: break;
  }
  return "silent";
}

Reach try_tcp(const NetNamespace& from, const Try& to) {
  Reach reach = Reach::kSilent;
  from.run([&] { reach = connect_here(to); });
  return reach;
}

bool connects(const NetNamespace& from, const std::string& address, uint16_t port) {
  return try_tcp(from, {.address = address, .port = port}) == Reach::kConnected;
}

bool is_blocked(const NetNamespace& from, const std::string& address, uint16_t port) {
  constexpr std::chrono::milliseconds kMoment{400};
  return try_tcp(from, {.address = address, .port = port, .patience = kMoment}) !=
         Reach::kConnected;
}

}  // namespace bulkhead::testing
