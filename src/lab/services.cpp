// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/services.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

namespace bulkhead::lab {
namespace {

struct Needed {
  const char* program;
  const char* package;
};

constexpr Needed kNeeded[] = {
    {"ip", "iproute2"},
    {"nginx", "nginx-light"},
    {"sshd", "openssh-server"},
    {"ssh", "openssh-client"},
    {"ssh-keygen", "openssh-client"},
    {"curl", "curl"},
    {"cron", "cron"},
    {"crontab", "cron"},
    {"bash", "bash"},
};

constexpr const char* kSshd =
    "# Made by bulkhead-lab for this run.\n"
    "ListenAddress 0.0.0.0\n"
    "HostKey /etc/ssh/ssh_host_ed25519_key\n"
    "PidFile /run/sshd.pid\n"
    "PermitRootLogin prohibit-password\n"
    "PasswordAuthentication no\n"
    "KbdInteractiveAuthentication no\n"
    "StrictModes no\n"
    "UsePAM no\n"
    "UseDNS no\n"
    "PrintMotd no\n"
    "PrintLastLog no\n";

constexpr const char* kSshClient =
    "# Made by bulkhead-lab for this run.\n"
    "BatchMode yes\n"
    "ConnectTimeout 8\n"
    "StrictHostKeyChecking yes\n"
    "RequestTTY no\n"
    "LogLevel ERROR\n";

std::string nginx_conf(const World& world, const Host& host) {
  return fmt::format(
      "# Made by bulkhead-lab for this run.\n"
      "user {};\n"
      "worker_processes 1;\n"
      "error_log /var/log/nginx/error.log;\n"
      "pid /run/nginx.pid;\n"
      "events {{ worker_connections 128; }}\n"
      "http {{\n"
      "  access_log /var/log/nginx/access.log;\n"
      "  default_type text/plain;\n"
      "  server {{ listen 80; location / {{ return 200 \"Hello from {}\\n\"; }} }}\n"
      "}}\n",
      world.many_ids ? "www-data" : "root", host.name());
}

Result<void> must(const Host& host, std::vector<std::string> words) {
  const std::string what = fmt::format("{} on {}", words.front(), host.name());
  const Result<Finished> done = host.run(std::move(words));
  if (!done) return done.error();
  if (done->status == 0) return {};
  return Error{ErrorKind::kSystem, fmt::format("{}: {}", what, trim(done->output)), {}, {}, 0};
}

Result<void> await(const Host& host, int port, const std::string& log) {
  auto done = host.await_listener(port);
  if (done) return done;
  Error error = done.error();
  error.hint = trim(read_file(host.stored(log)));
  return error;
}

}  // namespace

Work banner(const char* address, int port, const std::string& text) {
  return [=]() -> int {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, address, &name.sin_addr);
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    ::signal(SIGPIPE, SIG_IGN);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
        ::listen(listener, 64) != 0) {
      return 1;
    }
    const std::string line = text + "\n";
    for (;;) {
      const int caller = ::accept(listener, nullptr, nullptr);
      if (caller < 0) continue;
      ::send(caller, line.data(), line.size(), MSG_NOSIGNAL);
      ::close(caller);
    }
  };
}

std::vector<std::string> missing_packages() {
  std::vector<std::string> missing;
  for (const Needed& needed : kNeeded) {
    if (!find_program(needed.program).empty()) continue;
    if (std::find(missing.begin(), missing.end(), needed.package) == missing.end())
      missing.emplace_back(needed.package);
  }
  return missing;
}

Result<void> configure_services(const World& world, Network& network) {
  const std::string user_key = "/root/.ssh/id_ed25519";
  const std::string host_key = "/etc/ssh/ssh_host_ed25519_key";
  Host& server = network.web_server;
  if (auto done = must(network.hypervisor, {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                                            "management", "-f", user_key});
      !done) {
    return done;
  }
  if (auto done =
          must(server, {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", host_key});
      !done)
    return done;
  const std::string public_user = read_file(network.hypervisor.stored(user_key + ".pub"));
  const std::string public_host = read_file(server.stored(host_key + ".pub"));
  if (auto done = server.write("/root/.ssh/authorized_keys", public_user, 0600); !done) return done;
  if (auto done = server.write("/etc/ssh/sshd_config", kSshd); !done) return done;
  // Everybody knows the server's key: who it is isn't what the story is about.
  for (Host* host : network.hosts()) {
    const std::string line = fmt::format("nslWebServer,{} {}", address::kWebServer, public_host);
    if (auto done = host->write("/etc/ssh/ssh_known_hosts", line); !done) return done;
    if (auto done = host->write("/etc/ssh/ssh_config", kSshClient); !done) return done;
    if (auto done = host->write("/etc/nginx/nginx.conf", nginx_conf(world, *host)); !done)
      return done;
  }
  return {};
}

Result<void> start_neighbours(Network& network) {
  for (Host* host : {&network.outside, &network.back_office}) {
    if (auto done = host->start("nginx", program({"nginx", "-g", "daemon off;"})); !done)
      return done;
  }
  for (Host* host : {&network.outside, &network.back_office}) {
    if (auto done = await(*host, port::kWeb, "/var/log/nginx.log"); !done) return done;
  }
  return {};
}

Result<void> start_web_server(Network& network) {
  Host& host = network.web_server;
  const std::pair<const char*, Work> services[] = {
      {"sshd", program({find_program("sshd") + "/sshd", "-D",
                        "-e"})},  // it wants to be called by its full path
      {"nginx", program({"nginx", "-g", "daemon off;"})},
      {"debug", banner("0.0.0.0", port::kDebug, kDebugBanner)},
      {"database", banner(address::kLoopback, port::kDatabase, kDatabaseBanner)},
  };
  for (const auto& [label, work] : services) {
    if (auto done = host.start(label, work); !done) return done;
  }
  const std::pair<int, const char*> listeners[] = {{port::kSsh, "/var/log/sshd.log"},
                                                   {port::kWeb, "/var/log/nginx.log"},
                                                   {port::kDebug, "/var/log/debug.log"},
                                                   {port::kDatabase, "/var/log/database.log"}};
  for (const auto& [number, log] : listeners) {
    if (auto done = await(host, number, log); !done) return done;
  }
  return {};
}

Result<void> start_cron(Network& network) {
  return network.web_server.start("cron", program({"cron", "-f"}));
}

}  // namespace bulkhead::lab
