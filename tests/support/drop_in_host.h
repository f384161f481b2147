// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "support/connections.h"
#include "support/namespace.h"

namespace bulkhead::testing {

// An /etc and a /var of the namespace's own, on top of the machine's, which stay as they are.
void give_own_folders(const NetNamespace& net);

// Whose iptables a host's programs find.
enum class Provider : uint8_t { kBulkhead, kLegacy };

// A host for programs that call iptables (ufw, fail2ban, firewalld, ...), with its own /etc and
// /var on top of the machine's, and a client on the same link. Where a program looks for Debian's
// iptables (/usr/sbin/iptables, by way of /etc/alternatives) it finds the one that was asked for.
class DropInHost {
 public:
  static constexpr const char* kServer = "192.0.2.2";
  static constexpr const char* kServer6 = "2001:db8::2";
  static constexpr const char* kClient = "192.0.2.1";
  static constexpr const char* kClient6 = "2001:db8::1";

  explicit DropInHost(Provider provider);
  // Ends what was started here with a pid file.
  ~DropInHost();
  DropInHost(const DropInHost&) = delete;
  DropInHost& operator=(const DropInHost&) = delete;

  const NetNamespace& net() const { return net_; }
  const NetNamespace& client() const { return client_; }

  ExecResult run(const std::string& shell_command) const;
  std::string must_run(const std::string& shell_command) const;
  // Replaces a file of the host's own /etc or /var.
  void write(const std::string& path, const std::string& text) const;
  // The process that this file names is ended with the host, at the latest.
  void ends_with_host(const std::string& pid_file) { pid_files_.push_back(pid_file); }
  // Tries until it exits 0, at most for the time that a slow machine may take.
  bool becomes_true(const std::string& shell_command) const;

 private:
  NetNamespace net_;
  NetNamespace client_;
  std::vector<std::string> pid_files_;
};

// Installed, or why a test of it is skipped.
bool has_program(const std::string& path);

}  // namespace bulkhead::testing
