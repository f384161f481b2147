// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "pass/pass.h"

namespace bulkhead::pass {

// nf_tables nests a fixed number of chains. A call that lies too deep is replaced by the called
// chain's rules, each with the call's conditions in front:
//
//   P: head           P: head
//      C -> jump X       C               (counts for the call)
//      tail              C, a -> drop
//                        C, b            (counts for X's return)
//   X: a -> drop         C, b, tail      (each rule of P behind the call)
//      b -> return       C, b -> return  (no id: counts for none)
//      c -> accept       C, c -> accept
//                        tail
//
// Why this is exact. A condition reads the packet, and nothing on the way changes the packet (see
// below), so C asked again gives the same answer; and a packet for which C cuts off (hotdrop) has
// been dropped at its first asking. So the packets that meet a copied rule are those that met the
// original, in the same order, and each of them meets one copy. A return needs no negation ("not b"
// for the rules behind it), which could not be said exactly: a port that can't be read satisfies
// neither b nor its complement. Instead the packets of b get the rest of P at once and leave P.
// That costs the length of the tail for each return in X, not a product over all of them. Where the
// tail is empty (the call is P's last rule, or a goto) "C, b -> return" is all it takes. A goto in
// X is a jump that returns; a goto to X is a jump with an empty tail and a return at the end of X.
//
// What can't be copied. A condition with a memory (limit, an opaque match) may be asked once a
// packet, and in one place: a second copy is a second bucket. A call with such a condition is not
// replaced unless that takes one rule; a rule with one in X is copied only if that is the only call
// of X and the copy the only one; one in the tail, never. Then another call on the path may still
// be replaced; if none can, the refusal names the path and the reason.
//
// What changes the packet (MARK, TTL, ...) would change the answers of the copies behind it. So a
// chain with such a rule is inlined only where that is its last one, and a call is not replaced
// where its caller has such a rule behind it that would be copied.
//
// Which calls. Of those on too deep a path, the called chain whose copies cost the fewest rules,
// again and again until no path is too deep. So short chains go first, wherever on the path they
// lie. Chains that no packet reaches any more are removed.
Result<ir::Ruleset> inline_deep_chains(ir::Ruleset rules, const Options& options);

}  // namespace bulkhead::pass
