// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/drop_in_host.h"

#include <unistd.h>

#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace bulkhead::testing {
namespace {

constexpr std::chrono::seconds kPatience{60};

// Everything that a program may write lies on a tmpfs above the machine's own.
constexpr const char* kOwnFolders = R"(
mkdir /run/own
for folder in etc var; do
  mkdir "/run/own/$folder" "/run/own/$folder.work"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=/run/own/$folder,workdir=/run/own/$folder.work" "/$folder"
done
)";

std::string alternatives(Provider provider) {
  std::string out;
  for (const std::string family : {"iptables", "ip6tables"}) {
    for (const std::string suffix : {"", "-save", "-restore"}) {
      const std::string target = provider == Provider::kBulkhead
                                     ? fmt::format("{}/{}{}", BULKHEAD_BIN_DIR, family, suffix)
                                     : fmt::format("/usr/sbin/{}-legacy{}", family, suffix);
      out += fmt::format("ln -sfn {} /etc/alternatives/{}{}\n", target, family, suffix);
    }
  }
  return out;
}

}  // namespace

void give_own_folders(const NetNamespace& net) { net.must_exec({"sh", "-ec", kOwnFolders}); }

DropInHost::DropInHost(Provider provider) {
  give_own_folders(net_);
  must_run(alternatives(provider));
  net_.must_exec({"ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns",
                  fmt::format("/proc/{}/fd/{}", getpid(), client_.net_fd())});
  const auto raise = [](const NetNamespace& net, const char* v4, const char* v6) {
    net.must_exec({"ip", "-batch", "-"},
                  {.input = fmt::format("link set eth0 up\naddress add {}/24 dev eth0\n"
                                        "address add {}/64 dev eth0 nodad\n",
                                        v4, v6)});
  };
  raise(net_, kServer, kServer6);
  raise(client_, kClient, kClient6);
}

DropInHost::~DropInHost() {
  for (const std::string& file : pid_files_) run("kill $(cat " + file + ")");
}

ExecResult DropInHost::run(const std::string& shell_command) const {
  return net_.exec({"sh", "-ec", shell_command},
                   {.timeout = std::chrono::seconds(60),
                    .environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}}});
}

std::string DropInHost::must_run(const std::string& shell_command) const {
  const ExecResult result = run(shell_command);
  if (!result.ok()) throw SupportError(shell_command + ": " + result.describe());
  return result.out;
}

void DropInHost::write(const std::string& path, const std::string& text) const {
  net_.must_exec({"sh", "-ec", "mkdir -p \"$(dirname \"$0\")\"; cat >\"$0\"", path},
                 {.input = text});
}

bool DropInHost::becomes_true(const std::string& shell_command) const {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!run(shell_command).ok()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

bool has_program(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

}  // namespace bulkhead::testing
