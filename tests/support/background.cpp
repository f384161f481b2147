// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/background.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>

namespace bulkhead::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};

// Appends what can be read; closes the pipe at its end.
void drain(UniqueFd& fd, std::string& into) {
  std::array<char, 65536> buffer;
  const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
  if (count > 0) into.append(buffer.data(), static_cast<size_t>(count));
  if (count == 0) fd.reset();
}

size_t occurrences(std::string_view text, std::string_view words) {
  size_t count = 0;
  for (size_t at = text.find(words); at != text.npos; at = text.find(words, at + words.size()))
    ++count;
  return count;
}

}  // namespace

Background::Background(const NetNamespace& net, const std::vector<std::string>& argv) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw_errno("pipe");
  out_ = UniqueFd(out[0]);
  err_ = UniqueFd(err[0]);
  const UniqueFd out_end(out[1]);
  const UniqueFd err_end(err[1]);
  std::vector<std::string> words = argv;
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  // A child is in the namespaces of the thread that makes it.
  net.run([&] {
    pid_ = fork();
    if (pid_ != 0) return;
    dup2(out_end.get(), STDOUT_FILENO);
    dup2(err_end.get(), STDERR_FILENO);
    execv(pointers[0], pointers.data());
    _exit(127);
  });
  if (pid_ < 0) throw_errno("fork");
}

Background::~Background() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Background::read_some(int milliseconds) {
  pollfd fds[] = {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}};
  poll(fds, 2, milliseconds);
  if (fds[0].revents != 0) drain(out_, result_.out);
  if (fds[1].revents != 0) drain(err_, result_.err);
  return out_ || err_;
}

void Background::wait_for(const std::string& text, std::string_view words, size_t times) {
  const auto deadline = Clock::now() + kPatience;
  while (occurrences(text, words) < times) {
    if (Clock::now() > deadline || !read_some(100)) {
      throw SupportError("it never said \"" + std::string(words) + "\": " + result_.describe());
    }
  }
}

void Background::wait_for_err(std::string_view words) { wait_for(result_.err, words, 1); }

void Background::wait_for_out(std::string_view words, size_t times) {
  wait_for(result_.out, words, times);
}

void Background::send(int signal) const { kill(pid_, signal); }

void Background::wait_until_stopped() const {
  int status = 0;
  if (waitpid(pid_, &status, WUNTRACED) != pid_ || !WIFSTOPPED(status))
    throw SupportError("it didn't stop");
}

ExecResult Background::finish() {
  const auto deadline = Clock::now() + kPatience;
  while (read_some(100)) {
    if (Clock::now() > deadline) throw SupportError("it doesn't end: " + result_.describe());
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
  return result_;
}

}  // namespace bulkhead::testing
