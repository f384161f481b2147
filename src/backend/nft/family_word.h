// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netfilter.h>

#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace bulkhead::backend::nft {

// nft(8)'s word for a table's family, which is an NFPROTO_*.
inline std::string family_word(uint8_t family) {
  switch (family) {
    case NFPROTO_IPV4: return "ip";
    case NFPROTO_IPV6: return "ip6";
    case NFPROTO_INET: return "inet";
    case NFPROTO_ARP: return "arp";
    case NFPROTO_BRIDGE: return "bridge";
    case NFPROTO_NETDEV: return "netdev";
    default: return fmt::format("family {}", family);
  }
}

}  // namespace bulkhead::backend::nft
