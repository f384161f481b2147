// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/process.h"
#include "lab/world.h"

namespace bulkhead::lab {

// A host: network, mount, uts, ipc and pid namespaces, and a first process that holds them. Powered
// off, its processes, its links and its rules are gone; what lies in its storage (/etc, /opt,
// /var/lib, crontabs) waits for the next start, as a disk would.
class Host {
 public:
  Host(const World& world, std::string name);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  Result<void> power_on();  // loopback up; its other links are the network's business
  void power_off();
  void leave_up() { init_ = -1; }  // it stays when this object goes

  const std::string& name() const { return name_; }
  pid_t pid() const { return init_; }                 // of its first process, in the world
  pid_t machine_pid() const { return machine_pid_; }  // the same, as the caller of the lab counts

  // Where a path of the host's storage lies in the world: /etc/hosts ->
  // /run/lab/hosts/<name>/etc/hosts.
  std::string stored(std::string_view path) const;
  Result<void> write(std::string_view path, std::string_view text, unsigned mode = 0644) const;

  Result<Finished> run(std::vector<std::string> words,
                       Milliseconds timeout = Milliseconds(10'000)) const;
  Result<Finished> shell(std::string script, Milliseconds timeout = Milliseconds(10'000)) const;
  // A service. What it prints goes to /var/log/<label>.log.
  Result<void> start(const std::string& label, const Work& work) const;

  // Waits until something listens on a TCP port: read from the kernel, so no firewall is in the
  // way.
  Result<void> await_listener(int port, Milliseconds timeout = Milliseconds(5'000)) const;

  Place inside() const;
  Place network_only()
      const;  // the world's files and processes, the host's links: for ip(8) with a peer's pid

 private:
  const World& world_;
  std::string name_;
  std::string storage_;
  pid_t init_ = -1;
  pid_t machine_pid_ = -1;
};

// A socket is of the network namespace in which it was made: a guard that makes sockets of another
// host.
class InNetworkOf {
 public:
  explicit InNetworkOf(const Host& host);
  ~InNetworkOf();
  InNetworkOf(const InNetworkOf&) = delete;
  InNetworkOf& operator=(const InNetworkOf&) = delete;
  bool ok() const { return ok_; }

 private:
  Fd home_;
  bool ok_ = false;
};

}  // namespace bulkhead::lab
