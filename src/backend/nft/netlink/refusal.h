// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "backend/nft/netlink/socket.h"
#include "core/result.h"

namespace bulkhead::backend::nft::netlink {

// The error for the kernel's refusal of one message of `batch`, which is about `what` ("a rule of
// chain INPUT"). Where the kernel points at a match or a target of xtables the error is kRefused
// and names it, with errno_value ENOENT and in iptables-legacy's words if the kernel has none of
// that name; where the message is a rule's, the error says whose. A helper that the kernel doesn't
// have is kRefused, too.
Error refusal(Socket& socket, const Reply& reply, std::span<const uint8_t> batch,
              const std::string& what);

}  // namespace bulkhead::backend::nft::netlink
