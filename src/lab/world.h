// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lab/system.h"

namespace bulkhead::lab {

// The world is what the hosts stand in: network, mount, pid, uts and ipc namespaces of its own (and
// a user namespace, if the caller isn't root), with a tmpfs for everything that the lab writes. Its
// first process plays the story. When that process ends, for whatever reason, the kernel ends every
// process in the world and with them go the hosts, their rules, their links and their files:
// nothing is left to tidy up.
struct World {
  bool own_users =
      false;  // it has a user namespace of its own: the caller could make the others only in one
  bool many_ids = false;  // false: one user id for all, and setgroups(2) is a pretence
  int machine_proc = -1;  // /proc as the caller of the lab sees it: the pids that nsenter wants

  // Folders of the world's tmpfs.
  static constexpr const char* kMachine =
      "/run/lab/machine";  // what the machine has in /etc, /opt, ...
  static constexpr const char* kHosts = "/run/lab/hosts";  // what a host keeps over a restart
};

struct WorldOptions {
  std::string bin;    // holds iptables and its kin; found as /usr/local/sbin in every host
  bool keep = false;  // the world outlives the caller, until `bulkhead-lab down`
};

using Story = std::function<int(const World&)>;

// Plays `story` in a new world and gives its exit status, or 128 + a signal that ended it.
// With `keep` it returns when the story has ended and leaves the world to itself.
int in_new_world(const WorldOptions& options, const Story& story);

}  // namespace bulkhead::lab
