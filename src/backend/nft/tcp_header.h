// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "backend/nft/action.h"
#include "backend/nft/program.h"
#include "ir/action.h"

namespace bulkhead::backend::nft {

// Targets that write the TCP header: iptables drops a packet where the header isn't all there, and
// nf_tables only ends the rule. So what they do stands in a chain of its own, which a rule jumps
// to: it returns once all is done, or where the packet is a later fragment, and drops otherwise.
Chain tcp_header_chain(std::vector<Expr> writing, const ActionPlace& place);
Chain strip_chain(const ir::StripTcpOptions& strip, const ActionPlace& place);

}  // namespace bulkhead::backend::nft
