// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bulkhead::lab {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what) {
  std::string text = std::string("bulkhead-lab: ") + what + ": " + std::strerror(errno) + "\n";
  if (::write(2, text.data(), text.size()) < 0) ::_exit(126);
  ::_exit(126);
}

void connect_streams(const Streams& streams) {
  const int wanted[] = {streams.in, streams.out, streams.err};
  for (int number = 0; number < 3; ++number) {
    const int source =
        wanted[number] >= 0 ? wanted[number] : ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (source < 0 || ::dup2(source, number) < 0) give_up("connect the standard streams");
  }
}

void enter(const Place& place) {
  if (place.namespaces == 0) return;
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, place.pid, 0));
  if (pidfd < 0) give_up("pidfd_open");
  if (::setns(pidfd, place.namespaces) != 0) give_up("setns");
  ::close(pidfd);
  if ((place.namespaces & CLONE_NEWNS) != 0 && ::chdir("/root") != 0 && ::chdir("/") != 0)
    give_up("chdir");
}

void reset_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
}

// A process joins a pid namespace by being born into it, so the one that enters has to fork once
// more.
pid_t spawn_process(const Place& place, const Streams& streams, const Work& work, bool detached) {
  const pid_t first = ::fork();
  if (first != 0) {
    if (first > 0 && !detached)
      ::setpgid(first, first);  // also here: the caller may kill(-pid) at once
    return first;
  }
  if (detached) {
    ::setsid();
  } else {
    ::setpgid(0, 0);
  }
  reset_signals();
  connect_streams(streams);
  enter(place);
  const pid_t second = ::fork();
  if (second < 0) give_up("fork");
  ::syscall(SYS_close_range, 3U, ~0U, 0U);  // also in the one that waits: it would hold pipes open
  if (second == 0) {
    std::fflush(nullptr);
    ::_exit(work());
  }
  if (detached) ::_exit(0);
  ::_exit(wait_for(second));
}

void drain(Fd& from, std::string& into) {
  char buffer[8192];
  for (;;) {
    const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
    if (got > 0) {
      into.append(buffer, static_cast<std::size_t>(got));
      continue;
    }
    if (got == 0 || errno != EAGAIN) from.reset();
    return;
  }
}

}  // namespace

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Work program(std::vector<std::string> words) {
  return [words = std::move(words)]() -> int {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const char* const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "USER=root",
        "LOGNAME=root",
        "SHELL=/bin/bash",
        "LANG=C.UTF-8",
        nullptr};
    ::environ = const_cast<char**>(environment);
    ::execvp(argv[0], argv.data());
    give_up(argv[0]);
  };
}

Result<pid_t> spawn(const Place& place, const Streams& streams, const Work& work) {
  std::fflush(nullptr);
  const pid_t pid = spawn_process(place, streams, work, false);
  if (pid < 0) return system_error("fork");
  return pid;
}

Result<void> spawn_detached(const Place& place, const Streams& streams, const Work& work) {
  std::fflush(nullptr);
  const pid_t pid = spawn_process(place, streams, work, true);
  if (pid < 0) return system_error("fork");
  if (wait_for(pid) != 0)
    return Error{ErrorKind::kSystem, "a process could not enter its host", {}, {}, 0};
  return {};
}

Result<Finished> run(const Place& place, const Command& command) {
  Result<Pipe> input = make_pipe();
  if (!input) return input.error();
  Result<Pipe> output = make_pipe();
  if (!output) return output.error();
  const Result<pid_t> pid = spawn(
      place, {input->read.get(), output->write.get(), output->write.get()}, program(command.words));
  if (!pid) return pid.error();
  input->read.reset();
  output->write.reset();
  // Small enough for the pipe's buffer, so it can't block.
  if (!command.input.empty() &&
      ::write(input->write.get(), command.input.data(), command.input.size()) < 0) {
    return system_error("write to " + command.words.front());
  }
  input->write.reset();

  Finished finished;
  Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  ::fcntl(output->read.get(), F_SETFL, O_NONBLOCK);
  const auto deadline = Clock::now() + command.timeout;
  for (bool running = true; running;) {
    pollfd waiting[] = {{ended.get(), POLLIN, 0}, {output->read.get(), POLLIN, 0}};
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      finished.timed_out = true;
      ::kill(-*pid, SIGKILL);
      break;
    }
    ::poll(waiting, 2, static_cast<int>(left));
    running = (waiting[0].revents & POLLIN) == 0;
    if (output->read) drain(output->read, finished.output);
  }
  finished.status = wait_for(*pid);
  return finished;
}

}  // namespace bulkhead::lab
