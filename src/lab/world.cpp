// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/world.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>

#include <fmt/format.h>

#include "lab/keeper.h"
#include "lab/process.h"
#include "lab/views.h"

namespace bulkhead::lab {
namespace {

constexpr int kWorldNamespaces =
    CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID;
constexpr int kFailed = 2;

int fail(const Error& error) {
  fmt::print(stderr, "bulkhead-lab: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "  {}\n", error.hint);
  return kFailed;
}

// What can be done decides, not who we are: root in a container may need a user namespace too.
// Gives whether it took a user namespace.
Result<bool> leave_machine() {
  const unsigned uid = ::geteuid();
  const unsigned gid = ::getegid();
  if (::unshare(kWorldNamespaces) == 0) return false;
  if (::unshare(CLONE_NEWUSER | kWorldNamespaces) != 0) {
    return system_error(
        "a user namespace could not be made",
        "run it as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone, "
        "user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)");
  }
  if (auto done = write_file("/proc/self/setgroups", "deny"); !done) return done.error();
  if (auto done = write_file("/proc/self/uid_map", fmt::format("0 {} 1", uid)); !done)
    return done.error();
  if (auto done = write_file("/proc/self/gid_map", fmt::format("0 {} 1", gid)); !done)
    return done.error();
  return true;
}

bool has_many_ids() {
  if (trim(read_file("/proc/self/setgroups")) == "deny") return false;
  unsigned inside = 1;
  unsigned outside = 0;
  unsigned count = 0;
  return std::sscanf(read_file("/proc/self/uid_map").c_str(), "%u %u %u", &inside, &outside,
                     &count) == 3 &&
         inside == 0 && count > 65534;
}

// sshd, nginx and cron drop their supplementary groups and give up if they can't. A user namespace
// that was made without root has one id and no groups to drop, and forbids setgroups(2): there it
// does nothing and says 0. (The fake passwd of such a world maps every service to that one id.)
Result<void> pretend_setgroups() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setgroups, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog whole = {sizeof filter / sizeof *filter, filter};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) != 0) return system_error("seccomp");
  return {};
}

// Everything that was mounted before becomes read-only, so that no host can write on the machine.
Result<void> shut_machine() {
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return system_error("mount private");
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) != 0) {
    return system_error("mount read-only");
  }
  // The world's own /proc where one may be mounted. Where not (a container with a masked /proc),
  // the old one serves, and the sysctls under it are those of the network namespace of who opens
  // them.
  attributes.attr_set = 0;
  attributes.attr_clr = MOUNT_ATTR_RDONLY;
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0 &&
      ::mount_setattr(AT_FDCWD, "/proc", 0, &attributes, sizeof attributes) != 0) {
    return system_error("mount /proc");
  }
  return {};
}

Result<World> enter_world(const WorldOptions& options, bool own_users) {
  World world;
  world.own_users = own_users;
  world.many_ids = has_many_ids();
  world.machine_proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Fd bin(::open(options.bin.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!bin) return system_error("open " + options.bin);
  if (!world.many_ids) {
    if (auto done = pretend_setgroups(); !done) return done.error();
  }
  const std::string bin_path = fmt::format("/proc/self/fd/{}", bin.get());
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return system_error("mount private");
  if (::mount(bin_path.c_str(), "/usr/local/sbin", nullptr, MS_BIND, nullptr) != 0) {
    return system_error("mount on /usr/local/sbin");
  }
  if (auto done = shut_machine(); !done) return done.error();
  if (auto done = make_machine_folders(); !done) return done.error();
  return world;
}

int live(const WorldOptions& options, bool own_users, const Story& story, Keeper& keeper) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "bulkhead-lab");
  ::signal(SIGPIPE, SIG_IGN);  // a dead ssh session is a finding, not an end
  Result<World> world = enter_world(options, own_users);
  if (!world) return fail(world.error());
  const int status = story(*world);
  std::fflush(nullptr);
  if (!options.keep || status == kFailed) return status;
  ::prctl(PR_SET_PDEATHSIG, 0);
  keeper.keep(status);
}

// Waits for the world's end, for its word that it stays, or for a signal that ends it.
int watch(pid_t world, int signals, const Keeper& keeper) {
  for (;;) {
    pollfd waiting[] = {{keeper.notice(), POLLIN, 0}, {signals, POLLIN, 0}};
    ::poll(waiting, 2, -1);
    if ((waiting[0].revents & POLLIN) != 0) return keeper.status();
    signalfd_siginfo signal{};
    if ((waiting[1].revents & POLLIN) == 0 ||
        ::read(signals, &signal, sizeof signal) != sizeof signal)
      continue;
    int status = 0;
    if (signal.ssi_signo == SIGCHLD) {
      if (::waitpid(world, &status, WNOHANG) != world) continue;
      return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
    }
    ::kill(world, SIGKILL);
    ::waitpid(world, &status, 0);
    fmt::print(stderr,
               "\nbulkhead-lab: interrupted; the hosts, their rules and their files are gone\n");
    return 128 + static_cast<int>(signal.ssi_signo);
  }
}

}  // namespace

int in_new_world(const WorldOptions& options, const Story& story) {
  // The keeper's socket has to be made in the machine's network namespace, where `down` will look
  // for it.
  Keeper keeper;
  if (options.keep) {
    if (auto done = keeper.listen(); !done) return fail(done.error());
  }
  sigset_t awaited;
  sigset_t before;
  ::sigemptyset(&awaited);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&awaited, signal);
  ::sigprocmask(SIG_BLOCK, &awaited, &before);
  Fd signals(::signalfd(-1, &awaited, SFD_CLOEXEC));
  const Result<bool> own_users = leave_machine();
  if (!own_users) return fail(own_users.error());
  std::fflush(nullptr);
  const pid_t world = ::fork();
  if (world < 0) return fail(system_error("fork"));
  if (world == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::_exit(live(options, *own_users, story, keeper));
  }
  return watch(world, signals.get(), keeper);
}

}  // namespace bulkhead::lab
