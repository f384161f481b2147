// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/session.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace bulkhead::lab {

using Clock = std::chrono::steady_clock;

Result<Session> Session::open(const Host& from, const std::string& address, Milliseconds timeout) {
  Result<Pipe> in = make_pipe();
  if (!in) return in.error();
  Result<Pipe> out = make_pipe();
  if (!out) return out.error();
  const Result<pid_t> pid =
      spawn(from.inside(), {in->read.get(), out->write.get(), out->write.get()},
            program({"ssh", "root@" + address, "bash --noprofile --norc"}));
  if (!pid) return pid.error();
  Session session;
  session.pid_ = *pid;
  session.to_ = std::move(in->write);
  session.from_ = std::move(out->read);
  in->read.reset();
  out->write.reset();
  // The login is root's; a word of the seed's commands that has nothing to do any more.
  const Typed hello =
      session.type("sudo() { \"$@\"; }; set -- $SSH_CONNECTION; echo \"$1:$2\"", timeout);
  if (!hello.answered) {
    return Error{ErrorKind::kSystem,
                 fmt::format("no ssh login on {}: {}", address, trim(hello.output)),
                 {},
                 {},
                 0};
  }
  session.client_end_ = trim(hello.output);
  return session;
}

Session::~Session() {
  if (!to_) return;  // moved from, or never opened
  to_.reset();
  from_.reset();
  ::kill(-pid_, SIGKILL);
  wait_for(pid_);
}

Session::Typed Session::type(const std::string& command, Milliseconds timeout) {
  // What the shell prints when the command is done: control characters that no command of the story
  // prints.
  const std::string mark = fmt::format("\x01{}\x01", ++typed_);
  const std::string line =
      fmt::format("{{ {}\n}} </dev/null 2>&1; printf '\\001%d\\001%d\\n' {} $?\n", command, typed_);
  Typed typed;
  if (::write(to_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return typed;
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const std::size_t at = typed.output.find(mark);
    const std::size_t end = at == std::string::npos ? at : typed.output.find('\n', at);
    if (end != std::string::npos) {
      typed.status = std::atoi(typed.output.c_str() + at + mark.size());
      typed.output.erase(at);
      typed.answered = true;
      return typed;
    }
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{from_.get(), POLLIN, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) return typed;
    char buffer[4096];
    const ssize_t got = ::read(from_.get(), buffer, sizeof buffer);
    if (got <= 0) return typed;
    typed.output.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace bulkhead::lab
