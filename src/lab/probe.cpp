// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/probe.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "lab/services.h"

namespace bulkhead::lab {
namespace {

using Clock = std::chrono::steady_clock;

struct Open {
  const Service* to = nullptr;
  Clock::time_point deadline;
  Fd socket;
  bool connected = false;
  bool done = false;
  std::string received;
  Seen seen;
};

void end(Open& open, Reach reach, std::string detail) {
  open.done = true;
  open.seen = {reach, std::move(detail)};
  open.socket.reset();
}

void end_with_errno(Open& open, int number) {
  switch (number) {
    case ECONNREFUSED:
      return end(open, Reach::kRefused, open.to->udp ? "ICMP: port unreachable" : "reset");
    case ECONNRESET: return end(open, Reach::kRefused, "reset");
    case EHOSTUNREACH: return end(open, Reach::kRefused, "ICMP: host unreachable");
    case ETIMEDOUT: return end(open, Reach::kSilent, "");
    default: return end(open, Reach::kImpossible, std::strerror(number));
  }
}

void begin(Open& open, const Attempt& attempt) {
  open.to = &attempt.to;
  open.deadline = Clock::now() + attempt.patience;
  const InNetworkOf there(*attempt.from);
  if (!there.ok()) return end(open, Reach::kImpossible, "the host is off");
  const int kind = attempt.to.udp ? SOCK_DGRAM : SOCK_STREAM;
  open.socket = Fd(::socket(AF_INET, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(attempt.to.port));
  ::inet_pton(AF_INET, attempt.to.address.c_str(), &name.sin_addr);
  if (::connect(open.socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 &&
      errno != EINPROGRESS) {
    return end_with_errno(open, errno);
  }
  if (attempt.to.udp && ::send(open.socket.get(), "?", 1, 0) < 0) end_with_errno(open, errno);
}

// Something happened on the socket.
void advance(Open& open) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(open.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return end_with_errno(open, error);
  if (!open.connected) {
    open.connected = true;
    open.deadline = Clock::now() + kBusy;
    if (!open.to->says.empty())
      ::send(open.socket.get(), open.to->says.data(), open.to->says.size(), MSG_NOSIGNAL);
    return;
  }
  char buffer[512];
  const ssize_t got = ::recv(open.socket.get(), buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return end_with_errno(open, errno);
  open.received.append(buffer, static_cast<std::size_t>(got));
  const std::size_t line = open.received.find('\n');
  if (got > 0 && line == std::string::npos) return;
  const std::string first = trim(open.received.substr(0, line));
  if (first.starts_with(open.to->answer)) return end(open, Reach::kReached, first);
  end(open, Reach::kImpossible, fmt::format("an answer of another service: {}", first));
}

}  // namespace

std::string_view word(Reach reach) {
  switch (reach) {
    case Reach::kReached: return "reached";
    case Reach::kRefused: return "refused";
    case Reach::kSilent: return "silent";
    case Reach::kImpossible: return "impossible";
  }
  return "?";
}

Service ssh_at(std::string address) { return {std::move(address), port::kSsh, "", "SSH-2.0-"}; }
Service web_at(std::string address) {
  std::string request = fmt::format("GET / HTTP/1.0\r\nHost: {}\r\n\r\n", address);
  return {std::move(address), port::kWeb, std::move(request), "HTTP/1.1 200"};
}
Service debug_at(std::string address) {
  return {std::move(address), port::kDebug, "", kDebugBanner};
}
Service database_at(std::string address) {
  return {std::move(address), port::kDatabase, "", kDatabaseBanner};
}
Service closed_udp_at(std::string address) {
  return {std::move(address), port::kClosed, "", "", true};
}

Milliseconds patience_for(Reach expected) { return expected == Reach::kSilent ? kSilence : kBusy; }

std::vector<Seen> try_all(const std::vector<Attempt>& attempts) {
  std::vector<Open> open(attempts.size());
  for (std::size_t i = 0; i < attempts.size(); ++i) begin(open[i], attempts[i]);
  for (;;) {
    std::vector<pollfd> waiting;
    std::vector<Open*> owners;
    auto next = Clock::time_point::max();
    for (Open& one : open) {
      if (!one.done && Clock::now() >= one.deadline) {
        one.connected ? end(one, Reach::kImpossible, "connected, but no answer")
                      : end(one, Reach::kSilent, "");
      }
      if (one.done) continue;
      const bool connecting = !one.connected && !one.to->udp;
      waiting.push_back({one.socket.get(), static_cast<short>(connecting ? POLLOUT : POLLIN), 0});
      owners.push_back(&one);
      next = std::min(next, one.deadline);
    }
    if (owners.empty()) break;
    // Rounded up, or the last millisecond would be spent in a tight loop.
    const auto left = std::chrono::duration_cast<Milliseconds>(next - Clock::now()).count() + 1;
    ::poll(waiting.data(), waiting.size(), static_cast<int>(left));
    for (std::size_t i = 0; i < owners.size(); ++i) {
      if (waiting[i].revents != 0) advance(*owners[i]);
    }
  }
  std::vector<Seen> seen;
  seen.reserve(open.size());
  for (Open& one : open) seen.push_back(std::move(one.seen));
  return seen;
}

}  // namespace bulkhead::lab
