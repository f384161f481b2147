// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "ir/handmade.h"
#include "set/model.h"
#include "set/witness.h"

namespace bulkhead::set {
namespace {

using namespace bulkhead::testing;

// The rule that writes a mark asks for it, too: the rule behind it must be asked with the new one.
TEST(Sequence, AsksForWhatWasWrittenAlsoWhereItWasAskedForBefore) {
  Handmade made;
  made.add("INPUT", {is_not(ir::kPacketMark, 0)}, ir::Assign{&ir::kPacketMark, 0, 2});
  made.add("INPUT", {is(ir::kPacketMark, 1)}, ir::Drop{});
  Model model(net::Family::kIpv4, {&made.rules}, {}, {});
  const auto& rules = made.chain("INPUT").rules;
  const Node all = model.sequence(model.function(rules[0]), model.function(rules[1]));
  const Node dropped = model.where(all, [&](std::span<const Outcome> possible) {
    return std::ranges::any_of(possible,
                               [&](const Outcome& it) { return may_stop(it, model.outcomes()); });
  });
  EXPECT_EQ(dropped, kNothing);
}

}  // namespace
}  // namespace bulkhead::set
