// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include <fmt/format.h>

namespace bulkhead::host {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) {
    std::filesystem::create_directories(folder.parent_path(), error);
    if (error) return file_error("make", folder.parent_path(), error.value());
  }
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return file_error("make", folder, errno);
  return {};
}

}  // namespace

Error file_error(std::string_view what, const std::filesystem::path& path, int errno_value) {
  const bool permission = errno_value == EACCES || errno_value == EPERM;
  return {
      .kind = permission ? ErrorKind::kPermission : ErrorKind::kSystem,
      .message = fmt::format("can't {} {}: {}", what, path.string(), std::strerror(errno_value)),
      .hint = permission ? "run it as root" : "",
      .errno_value = errno_value};
}

Result<std::string> read_descriptor(int fd, const std::filesystem::path& name) {
  std::string text;
  char part[1 << 16];
  for (;;) {
    const ssize_t size = read(fd, part, sizeof part);
    if (size == 0) return text;
    if (size > 0) {
      text.append(part, static_cast<size_t>(size));
    } else if (errno != EINTR) {
      return file_error("read", name, errno);
    }
  }
}

Result<std::string> read_file(const std::filesystem::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return file_error("read", path, errno);
  return read_descriptor(file.get(), path);
}

namespace {

// 0, or an errno. A writer that was stopped must not stop the others for ever, least of all a boot.
int lock(int descriptor) {
  constexpr auto kPatience = std::chrono::seconds(10);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno;
    if (std::chrono::steady_clock::now() >= deadline) return EWOULDBLOCK;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return 0;
}

}  // namespace

Result<void> write_file_atomically(const std::filesystem::path& folder, std::string_view name,
                                   std::string_view text) {
  if (auto made = make_folder(folder); !made) return made;
  const Descriptor place(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place) return file_error("open", folder, errno);
  // The lock lets the new file have one fixed name, so that what a killed writer leaves is
  // overwritten.
  if (const int why = lock(place.get()); why != 0) return file_error("lock", folder, why);

  const std::string target(name);
  const std::string fresh = "." + target + ".new";
  {
    const Descriptor file(openat(place.get(), fresh.c_str(),
                                 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file || fchmod(file.get(), 0600) != 0 || !write_all(file.get(), text) ||
        fsync(file.get()) != 0) {
      const int why = errno;
      unlinkat(place.get(), fresh.c_str(), 0);
      return file_error("write", folder / fresh, why);
    }
  }
  if (renameat(place.get(), fresh.c_str(), place.get(), target.c_str()) != 0) {
    return file_error("replace", folder / target, errno);
  }
  if (fsync(place.get()) != 0) return file_error("sync", folder, errno);
  return {};
}

}  // namespace bulkhead::host
