// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>

#include <libmnl/libmnl.h>

#include "support/unique_fd.h"

namespace bulkhead::testing {

// A bound netlink socket to the netfilter of the namespace that the calling thread is in.
UniqueFd open_netfilter_socket();

// Sends one request, with what `fill` adds to it (less than 2 KiB), and waits for its
// acknowledgement. type: subsystem and message of nfnetlink; resource: of the message's header;
// flags: those that a new object asks for. A SupportError if it is refused.
void netfilter_request(int fd, uint16_t type, uint16_t resource,
                       const std::function<void(nlmsghdr*)>& fill, uint16_t flags = 0);

// Sends one that nobody answers.
void netfilter_order(int fd, uint16_t type, uint16_t resource,
                     const std::function<void(nlmsghdr*)>& fill);

}  // namespace bulkhead::testing
