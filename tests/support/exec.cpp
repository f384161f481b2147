// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/exec.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "support/unique_fd.h"

namespace bulkhead::testing {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe make_pipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) throw_errno("pipe");
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

// execvpe() may allocate in the child, so the path is found before the fork.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  const std::string folders = std::string(path ? path : "") + ":/usr/sbin:/usr/bin:/sbin:/bin";
  for (size_t at = 0; at <= folders.size();) {
    const size_t end = std::min(folders.find(':', at), folders.size());
    std::string candidate = folders.substr(at, end - at).append("/").append(name);
    if (end > at && access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  return name;
}

std::vector<std::string> make_environment(const ExecOptions& options) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const auto replaced = [&](const auto& pair) {
      return text.starts_with(pair.first) && text.substr(pair.first.size()).starts_with('=');
    };
    if (std::ranges::none_of(options.environment, replaced)) result.emplace_back(text);
  }
  for (const auto& [name, value] : options.environment)
    result.push_back(fmt::format("{}={}", name, value));
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void run_child(const ExecOptions& options, const char* path, char* const* argv,
                            char* const* envp, const std::array<int, 3>& fds) {
  setpgid(0, 0);
  for (int i = 0; i < 3; ++i) dup2(fds[static_cast<size_t>(i)], i);
  signal(SIGPIPE, SIG_DFL);
  if (options.in_child && !options.in_child()) {
    static constexpr char kWhy[] = "not run: the child could not be prepared (wrong namespace?)\n";
    [[maybe_unused]] const ssize_t written = write(2, kWhy, sizeof kWhy - 1);
    _exit(126);
  }
  execve(path, argv, envp);
  _exit(127);
}

// Appends what can be read; closes the pipe at its end.
void drain(UniqueFd& fd, std::string& into) {
  std::array<char, 65536> buffer;
  const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
  if (count > 0) into.append(buffer.data(), static_cast<size_t>(count));
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) fd.reset();
}

void feed(UniqueFd& fd, std::string_view& rest) {
  const ssize_t count = write(fd.get(), rest.data(), rest.size());
  if (count > 0) rest.remove_prefix(static_cast<size_t>(count));
  if (rest.empty() || (count < 0 && errno != EAGAIN && errno != EINTR)) fd.reset();
}

// A child that closes its stdin early must not end the test program.
class IgnoreSigpipe {
 public:
  IgnoreSigpipe() {
    sigset_t pipe_set;
    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_set, &old_);
  }
  ~IgnoreSigpipe() {
    sigset_t pipe_set;
    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    const timespec now{};
    if (!sigismember(&old_, SIGPIPE)) sigtimedwait(&pipe_set, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }
  IgnoreSigpipe(const IgnoreSigpipe&) = delete;
  IgnoreSigpipe& operator=(const IgnoreSigpipe&) = delete;
  const sigset_t& old() const { return old_; }

 private:
  sigset_t old_;
};

}  // namespace

void throw_errno(const std::string& what) {
  throw SupportError(what + ": " + std::strerror(errno));
}

std::string ExecResult::describe() const {
  std::string how = timed_out ? "timed out"
                    : signal  ? fmt::format("killed by signal {}", signal)
                              : fmt::format("exit {}", exit_code);
  return fmt::format("{}\n--- stdout\n{}--- stderr\n{}---", how, out, err);
}

ExecResult exec(const std::vector<std::string>& argv, const ExecOptions& options) {
  if (argv.empty()) throw SupportError("exec: empty argument list");
  const std::string path = find_program(argv[0]);
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = make_environment(options);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> variable_pointers = pointers(variables);
  Pipe in = make_pipe(), out = make_pipe(), err = make_pipe();

  const IgnoreSigpipe guard;
  const pid_t pid = fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) {
    pthread_sigmask(SIG_SETMASK, &guard.old(), nullptr);
    run_child(options, path.c_str(), argument_pointers.data(), variable_pointers.data(),
              {in.read.get(), out.write.get(), err.write.get()});
  }
  setpgid(pid, pid);  // also here: a kill may come before the child has done it
  in.read.reset();
  out.write.reset();
  err.write.reset();
  for (int fd : {in.write.get(), out.read.get(), err.read.get()}) set_nonblocking(fd);

  ExecResult result;
  std::string_view rest = options.input;
  if (rest.empty()) in.write.reset();
  const Clock::time_point deadline = Clock::now() + options.timeout;
  // A grandchild in the background may hold the pipes open; the limit ends that too.
  while (out.read || err.read) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      result.timed_out = true;
      break;
    }
    pollfd fds[3] = {
        {in.write.get(), POLLOUT, 0}, {out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}};
    if (poll(fds, 3, static_cast<int>(left)) < 0) continue;
    if (fds[0].revents) feed(in.write, rest);
    if (fds[1].revents) drain(out.read, result.out);
    if (fds[2].revents) drain(err.read, result.err);
  }
  if (result.timed_out) kill(-pid, SIGKILL);
  // A program that has closed stdout and stderr and runs on is held to the limit too.
  int status = 0;
  while (waitpid(pid, &status, result.timed_out ? 0 : WNOHANG) == 0) {
    if (Clock::now() >= deadline) {
      result.timed_out = true;
      kill(-pid, SIGKILL);
    } else {
      poll(nullptr, 0, 1);
    }
  }
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  if (result.exit_code == 127 && result.err.empty()) result.err = argv[0] + ": can't be run\n";
  return result;
}

}  // namespace bulkhead::testing
