// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "lab/system.h"
#include "lab/world.h"

namespace bulkhead::lab {

// A host shares the machine's programs but may write nowhere on it. Its /etc, /opt, /root, /tmp,
// /var/lib, /var/log and /var/spool/cron are folders of the world's tmpfs in which the machine's
// entries appear as links; what identifies a machine or is configured by the lab (passwd, hosts,
// ssh, nginx, crontabs, bulkhead ...) is left out. (An overlay file system would do, but a user
// namespace may not make one over a folder in which something is mounted.)

// Once a world: its /run, and the machine's folders where the links of every host point to.
Result<void> make_machine_folders();

// Once a host: the folders that it keeps over a restart, under `storage`.
Result<void> make_storage(const std::string& storage, const World& world);

// At every start of a host, inside its mount namespace: puts them in place, with a new /run, /proc
// and /sys.
Result<void> mount_storage(const std::string& storage);

}  // namespace bulkhead::lab
