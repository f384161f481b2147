// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>

namespace bulkhead::lab {
namespace {

struct Name {
  sockaddr_un address{};
  socklen_t length = 0;
};

// An abstract name: a NUL, then what /proc/net/unix shows behind an @.
Name abstract_name(std::string_view text) {
  Name name;
  name.address.sun_family = AF_UNIX;
  text = text.substr(0, sizeof name.address.sun_path - 1);
  std::memcpy(name.address.sun_path + 1, text.data(), text.size());
  name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return name;
}

std::string name_prefix() { return fmt::format("bulkhead-lab/{}/", ::geteuid()); }

// Whoever may signal the world's processes may end it: its owner. In the world's user namespace
// that is 0.
bool is_owner(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

void reap() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

[[noreturn]] void end_world(int connection) {
  ::kill(-1,
         SIGKILL);  // from the first process of a pid namespace: everything in it, and nothing else
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  if (connection >= 0 && ::write(connection, "gone", 4) < 0) ::_exit(1);
  ::_exit(0);
}

}  // namespace

Result<void> Keeper::listen() {
  Result<Pipe> pipe = make_pipe();
  if (!pipe) return pipe.error();
  notice_ = std::move(*pipe);
  const Name name = abstract_name(fmt::format("{}{}", name_prefix(), ::getpid()));
  listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener_ ||
      ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&name.address), name.length) != 0 ||
      ::listen(listener_.get(), 4) != 0) {
    return system_error("a socket for `bulkhead-lab down`");
  }
  return {};
}

void Keeper::keep(int status) {
  const unsigned char word = static_cast<unsigned char>(status);
  if (::write(notice_.write.get(), &word, 1) != 1) end_world(-1);
  // Away from the caller's terminal.
  ::setsid();
  Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int number = 0; number < 3; ++number) ::dup2(nothing.get(), number);

  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  ::sigaddset(&awaited, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &awaited, nullptr);
  Fd signals(::signalfd(-1, &awaited, SFD_CLOEXEC));
  for (;;) {
    pollfd waiting[] = {{signals.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    ::poll(waiting, 2, -1);
    if ((waiting[0].revents & POLLIN) != 0) {
      signalfd_siginfo signal{};
      if (::read(signals.get(), &signal, sizeof signal) == sizeof signal &&
          signal.ssi_signo == SIGTERM)
        end_world(-1);
      reap();
    }
    if ((waiting[1].revents & POLLIN) != 0) {
      Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection && is_owner(connection.get())) end_world(connection.get());
    }
  }
}

int Keeper::status() const {
  unsigned char word = 0;
  return ::read(notice_.read.get(), &word, 1) == 1 ? word : -1;
}

Result<int> Keeper::end_all() {
  int ended = 0;
  const std::string prefix = "@" + name_prefix();
  for (const std::string& line : split_lines(read_file("/proc/net/unix"))) {
    const std::size_t at = line.find(prefix);
    // A connection that isn't listening has the same name; only a listener has the flag
    // __SO_ACCEPTCON.
    if (at == std::string::npos || line.find(" 00010000 ") == std::string::npos) continue;
    const Name name = abstract_name(std::string_view(line).substr(at + 1));
    Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!connection || ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&name.address),
                                 name.length) != 0) {
      return system_error("reach the lab " + line.substr(at + 1));
    }
    char answer[8];
    if (::read(connection.get(), answer, sizeof answer) != 4) {
      return Error{
          ErrorKind::kSystem, "the lab " + line.substr(at + 1) + " did not end", {}, {}, 0};
    }
    ++ended;
  }
  return ended;
}

}  // namespace bulkhead::lab
