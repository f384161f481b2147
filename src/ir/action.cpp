// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/action.h"

namespace bulkhead::ir {

Flow flow_of(const Action& action) {
  struct Visitor {
    Flow operator()(const Continue&) const { return Flow::kGoesOn; }
    Flow operator()(const Accept&) const { return Flow::kDecides; }
    Flow operator()(const Drop&) const { return Flow::kDecides; }
    Flow operator()(const Return&) const { return Flow::kReturns; }
    Flow operator()(const Jump&) const { return Flow::kCalls; }
    Flow operator()(const Log&) const { return Flow::kGoesOn; }
    Flow operator()(const NetlinkLog&) const { return Flow::kGoesOn; }
    Flow operator()(const Reject&) const { return Flow::kDecides; }
    Flow operator()(const Assign&) const { return Flow::kGoesOn; }
    Flow operator()(const Adjust&) const { return Flow::kGoesOn; }
    Flow operator()(const ConnectionMark&) const { return Flow::kGoesOn; }
    Flow operator()(const ConnectionSecurityMark&) const { return Flow::kGoesOn; }
    Flow operator()(const Untrack&) const { return Flow::kGoesOn; }
    Flow operator()(const Zone&) const { return Flow::kGoesOn; }
    Flow operator()(const ConnectionTemplate&) const { return Flow::kGoesOn; }
    Flow operator()(const Nat&) const { return Flow::kDecides; }
    Flow operator()(const TransparentProxy&) const { return Flow::kDecides; }
    Flow operator()(const StripTcpOptions&) const { return Flow::kGoesOn; }
    Flow operator()(const Trace&) const { return Flow::kGoesOn; }
    Flow operator()(const OpaqueTarget& it) const {
      return it.decides ? Flow::kDecides : Flow::kGoesOn;
    }
  };
  return std::visit(Visitor{}, action);
}

bool changes_packet(const Action& action) {
  struct Visitor {
    bool operator()(const Continue&) const { return false; }
    bool operator()(const Accept&) const { return false; }
    bool operator()(const Drop&) const { return false; }
    bool operator()(const Return&) const { return false; }
    bool operator()(const Jump&) const { return false; }
    bool operator()(const Log&) const { return false; }
    bool operator()(const NetlinkLog&) const { return false; }
    bool operator()(const Reject&) const { return false; }
    bool operator()(const Assign&) const { return true; }
    bool operator()(const Adjust&) const { return true; }
    bool operator()(const ConnectionMark&) const { return true; }
    bool operator()(const ConnectionSecurityMark&) const { return false; }
    bool operator()(const Untrack&) const { return true; }
    bool operator()(const Zone&) const { return true; }
    bool operator()(const ConnectionTemplate&) const { return true; }
    bool operator()(const Nat&) const { return true; }
    bool operator()(const TransparentProxy&) const { return true; }
    bool operator()(const StripTcpOptions&) const { return true; }
    bool operator()(const Trace&) const { return false; }
    // It may write what it doesn't say (TCPMSS an option, SET a set's element, RATEEST a rate).
    bool operator()(const OpaqueTarget&) const { return true; }
  };
  return std::visit(Visitor{}, action);
}

bool says_where_tracked(const Action& action) {
  return std::holds_alternative<Untrack>(action) || std::holds_alternative<Zone>(action) ||
         std::holds_alternative<ConnectionTemplate>(action);
}

}  // namespace bulkhead::ir
