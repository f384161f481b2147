// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/subprocess.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace bulkhead::app {

namespace {

// A file without a name: unlike with pipes, neither side can be left waiting for the other.
class Scratch {
 public:
  explicit Scratch(std::string_view text = {}) : fd_(memfd_create("bulkhead", MFD_CLOEXEC)) {
    while (fd_ >= 0 && !text.empty()) {
      const ssize_t written = write(fd_, text.data(), text.size());
      if (written <= 0) break;
      text.remove_prefix(static_cast<size_t>(written));
    }
    if (fd_ >= 0) lseek(fd_, 0, SEEK_SET);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (fd_ >= 0) close(fd_);
  }

  int fd() const { return fd_; }
  std::string text() const {
    std::string all;
    char part[1 << 16];
    for (ssize_t size;
         (size = pread(fd_, part, sizeof part, static_cast<off_t>(all.size()))) > 0;) {
      all.append(part, static_cast<size_t>(size));
    }
    return all;
  }

 private:
  int fd_;
};

Error failed(std::string_view program, int errno_value) {
  return {.kind = ErrorKind::kSystem,
          .message = fmt::format("can't run {}: {}", program, std::strerror(errno_value)),
          .errno_value = errno_value};
}

}  // namespace

std::string find_program(std::string_view name) {
  for (const char* folder : {"/usr/sbin", "/sbin", "/usr/bin", "/bin"}) {
    std::string path = fmt::format("{}/{}", folder, name);
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

Result<Finished> run_program(const std::vector<std::string>& argv, std::string_view input) {
  const Scratch in(input);
  const Scratch out;
  const Scratch err;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.fd(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.fd(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err.fd(), STDERR_FILENO);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  pid_t child = 0;
  const int error = posix_spawn(&child, words[0], &files, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return failed(argv[0], error);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return failed(argv[0], errno);
  }
  return Finished{.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                  .output = out.text(),
                  .errors = err.text()};
}

}  // namespace bulkhead::app
