// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <thread>

namespace bulkhead::testing {
namespace {

constexpr char kNetPath[] = "/proc/thread-self/ns/net";
constexpr char kMountPath[] = "/proc/thread-self/ns/mnt";

ino_t current_net() {
  struct stat status {};
  return stat(kNetPath, &status) == 0 ? status.st_ino : 0;
}

UniqueFd open_or_throw(const std::string& path, int flags) {
  UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC));
  if (!fd) throw_errno(path);
  return fd;
}

std::string sysctl_path(std::string_view name) {
  std::string path(name);
  if (path.find('/') == std::string::npos) std::ranges::replace(path, '.', '/');
  return "/proc/sys/" + path;
}

// A thread, since setns and unshare must not touch those of the test.
void on_thread(const std::function<void()>& function) {
  std::exception_ptr problem;
  std::thread thread([&] {
    try {
      function();
    } catch (...) {
      problem = std::current_exception();
    }
  });
  thread.join();
  if (problem) std::rethrow_exception(problem);
}

}  // namespace

std::optional<std::string> kernel_tests_obstacle() {
  if (geteuid() != 0)
    return "needs root (or unshare -rn): network namespaces, tun devices, raw sockets";
  if (access("/dev/net/tun", R_OK | W_OK) != 0) return "needs /dev/net/tun";
  try {
    const NetNamespace probe;
  } catch (const SupportError& error) {
    return std::string("needs namespaces: ") + error.what();
  }
  return {};
}

NetNamespace::NetNamespace() : outer_(current_net()) {
  if (outer_ == 0) throw_errno(kNetPath);
  on_thread([this] {
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) throw_errno("unshare");
    inner_ = current_net();
    if (inner_ == 0 || inner_ == outer_)
      throw SupportError("unshare gave no new network namespace");
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      throw_errno("mount / private");
    if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
      throw_errno("mount /run");
    net_ = open_or_throw(kNetPath, O_RDONLY);
    mount_ = open_or_throw(kMountPath, O_RDONLY);
  });
  must_exec({"ip", "link", "set", "lo", "up"});
}

bool NetNamespace::enter() const {
  // A mount namespace can only be entered by a thread that shares its root and folder with no
  // other.
  return unshare(CLONE_FS) == 0 && setns(mount_.get(), CLONE_NEWNS) == 0 &&
         setns(net_.get(), CLONE_NEWNET) == 0 && current_net() == inner_ && inner_ != outer_;
}

ExecResult NetNamespace::exec(const std::vector<std::string>& argv, ExecOptions options) const {
  // setns moves to the root folder; a relative path of the caller must still mean what it meant.
  std::array<char, PATH_MAX> folder{};
  if (!getcwd(folder.data(), folder.size())) folder[0] = '/';
  options.in_child = [this, &folder] {
    return enter() && (chdir(folder.data()) == 0 || chdir("/") == 0);
  };
  return testing::exec(argv, options);
}

std::string NetNamespace::must_exec(const std::vector<std::string>& argv,
                                    ExecOptions options) const {
  const ExecResult result = exec(argv, std::move(options));
  if (!result.ok()) {
    std::string command;
    for (const std::string& word : argv) command += word + " ";
    throw SupportError(command + ": " + result.describe());
  }
  return result.out;
}

void NetNamespace::run(const std::function<void()>& function) const {
  on_thread([&] {
    if (!enter()) throw_errno("entering the namespace");
    function();
  });
}

void NetNamespace::set_sysctl(std::string_view name, std::string_view value) const {
  run([&] {
    const UniqueFd fd = open_or_throw(sysctl_path(name), O_WRONLY);
    if (write(fd.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
      throw_errno(std::string(name));
    }
  });
}

std::string NetNamespace::sysctl(std::string_view name) const {
  std::string text;
  run([&] {
    const UniqueFd fd = open_or_throw(sysctl_path(name), O_RDONLY);
    std::array<char, 4096> buffer;
    const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count < 0) throw_errno(std::string(name));
    text.assign(buffer.data(), static_cast<size_t>(count));
  });
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace bulkhead::testing
