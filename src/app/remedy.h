// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "app/explanation.h"

namespace bulkhead::app {

// One iptables command by which a packet that is stopped would pass, or one that passes would be
// dropped, at the place where its fate is decided: "iptables -I INPUT 3 -p tcp --dport 22 -s
// 192.0.2.1 -j ACCEPT". Tried in the simulator; empty if no such rule would do. Needs what
// explain() has said of the packet.
std::string remedy_for(const ir::Ruleset& rules, const net::PacketText& packet,
                       const Explanation& explanation);

}  // namespace bulkhead::app
