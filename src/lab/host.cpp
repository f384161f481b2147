// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/host.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fmt/format.h>

#include "lab/views.h"

namespace bulkhead::lab {
namespace {

constexpr int kNamespaces = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID;

Result<void> raise_loopback() {
  Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (!any || ::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) return system_error("lo");
  return {};
}

// /proc/self of a /proc that belongs to an outer pid namespace leads to our number there.
pid_t pid_seen_from(int proc) {
  char text[32] = {};
  if (::readlinkat(proc, "self", text, sizeof text - 1) <= 0) return -1;
  return static_cast<pid_t>(std::strtol(text, nullptr, 10));
}

// The first process of a host: reaps the others and does nothing else.
[[noreturn]] void hold() {
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  ::syscall(SYS_close_range, 0U, ~0U, 0U);
  for (int number = 0; number < 3; ++number) {
    if (::open("/dev/null", O_RDWR) < 0) break;
  }
  for (int signal = 0;;) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    ::sigwait(&children, &signal);
  }
}

struct Born {
  pid_t machine_pid = -1;
  char trouble[200] = {};  // empty: none
};

[[noreturn]] void be_host(const std::string& name, const std::string& storage, int machine_proc,
                          int report) {
  Born born;
  born.machine_pid = pid_seen_from(machine_proc);
  ::setsid();
  ::prctl(PR_SET_NAME, name.c_str());
  Result<void> done = mount_storage(storage);
  if (done) done = raise_loopback();
  if (done && ::sethostname(name.data(), name.size()) != 0) done = system_error("sethostname");
  if (!done) std::snprintf(born.trouble, sizeof born.trouble, "%s", done.error().message.c_str());
  if (::write(report, &born, sizeof born) != sizeof born || !done) ::_exit(1);
  hold();
}

}  // namespace

Host::Host(const World& world, std::string name)
    : world_(world), name_(std::move(name)), storage_(fmt::format("{}/{}", World::kHosts, name_)) {}

Host::~Host() { power_off(); }

Result<void> Host::power_on() {
  if (::access(storage_.c_str(), F_OK) != 0) {
    if (auto done = make_storage(storage_, world_); !done) return done;
    if (auto done = write("/etc/hostname", name_ + "\n"); !done) return done;
  }
  Result<Pipe> pipe = make_pipe();
  if (!pipe) return pipe.error();
  std::fflush(nullptr);
  // fork(2) with new namespaces; glibc has a wrapper only for the kind that wants a stack.
  const auto child =
      static_cast<pid_t>(::syscall(SYS_clone, kNamespaces | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (child < 0) return system_error("a host's namespaces could not be made");
  if (child == 0) be_host(name_, storage_, world_.machine_proc, pipe->write.get());
  init_ = child;
  pipe->write.reset();
  Born born;
  if (::read(pipe->read.get(), &born, sizeof born) != sizeof born || born.trouble[0] != '\0') {
    Error error{
        ErrorKind::kSystem, fmt::format("{} did not start: {}", name_, born.trouble), {}, {}, 0};
    power_off();
    return error;
  }
  machine_pid_ = born.machine_pid;
  return {};
}

void Host::power_off() {
  if (init_ <= 0) return;
  ::kill(init_, SIGKILL);
  // It ends when every process of its pid namespace has ended and been waited for. The services are
  // orphans of the processes that entered the host for them, and so they are ours to wait for, not
  // its.
  for (pid_t ended;
       (ended = ::waitpid(-1, nullptr, 0)) != init_ && (ended > 0 || errno == EINTR);) {
  }
  init_ = -1;
}

std::string Host::stored(std::string_view path) const {
  for (const std::string_view nested : {"/var/lib/", "/var/log/", "/var/spool/cron/"}) {
    if (!path.starts_with(nested)) continue;
    std::string flat(nested.substr(1, nested.size() - 2));
    for (char& letter : flat) {
      if (letter == '/') letter = '-';
    }
    return fmt::format("{}/{}/{}", storage_, flat, path.substr(nested.size()));
  }
  return storage_ + std::string(path);
}

Result<void> Host::write(std::string_view path, std::string_view text, unsigned mode) const {
  return write_file(stored(path), text, mode);
}

Place Host::inside() const { return {init_, kNamespaces}; }
Place Host::network_only() const { return {init_, CLONE_NEWNET}; }

Result<Finished> Host::run(std::vector<std::string> words, Milliseconds timeout) const {
  return lab::run(inside(), Command{std::move(words), {}, timeout});
}

Result<Finished> Host::shell(std::string script, Milliseconds timeout) const {
  return run({"bash", "-c", std::move(script)}, timeout);
}

Result<void> Host::start(const std::string& label, const Work& work) const {
  const std::string path = stored(fmt::format("/var/log/{}.log", label));
  Fd log(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log) return system_error("open " + path);
  return spawn_detached(inside(), {-1, log.get(), log.get()}, [&]() -> int {
    ::prctl(PR_SET_NAME, label.c_str());
    return work();
  });
}

Result<void> Host::await_listener(int port, Milliseconds timeout) const {
  const std::string wanted = fmt::format(":{:04X} ", port);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < deadline) {
    const InNetworkOf here(*this);
    for (const std::string& line : split_lines(read_file("/proc/self/net/tcp"))) {
      // "  0: 0100007F:0050 00000000:0000 0A ...": local address, remote address, state 0A =
      // LISTEN.
      const std::size_t listens = line.find(" 00000000:0000 0A ");
      if (listens != std::string::npos && line.find(wanted) < listens) return {};
    }
    std::this_thread::sleep_for(Milliseconds(5));
  }
  return Error{
      ErrorKind::kSystem, fmt::format("nothing listens on port {} of {}", port, name_), {}, {}, 0};
}

InNetworkOf::InNetworkOf(const Host& host)
    : home_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
  Fd there(static_cast<int>(::syscall(SYS_pidfd_open, host.pid(), 0)));
  ok_ = home_ && there && ::setns(there.get(), CLONE_NEWNET) == 0;
}

InNetworkOf::~InNetworkOf() {
  if (ok_) ::setns(home_.get(), CLONE_NEWNET);
}

}  // namespace bulkhead::lab
