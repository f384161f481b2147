// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/call_graph.h"

#include <gtest/gtest.h>

#include "ir/handmade.h"

namespace bulkhead::pass {
namespace {

using namespace bulkhead::testing;

std::string names(const ir::Table& table, const std::vector<size_t>& chains) {
  std::string out;
  for (size_t chain : chains) out += (out.empty() ? "" : " ") + table.chains[chain].name;
  return out;
}

TEST(CallGraph, DepthIsThatOfTheLongestPath) {
  Handmade made;
  made.add("INPUT", {}, jump("c"));
  made.add("INPUT", {}, jump("a"));
  made.add("a", {}, go_to("b"));
  made.add("b", {}, jump("c"));
  made.add("FORWARD", {}, jump("c"));
  made.chain("c");
  const CallGraph graph(made.filter());
  EXPECT_EQ(graph.depth(), 3u);
  ASSERT_EQ(graph.calls().size(), 5u);
  EXPECT_EQ(graph.depth_through(graph.calls()[0]), 1u);  // INPUT -> c
  EXPECT_EQ(graph.depth_through(graph.calls()[1]), 3u);  // INPUT -> a -> b -> c
  EXPECT_EQ(names(made.filter(), graph.longest_path(graph.calls()[1])), "INPUT a b c");
  EXPECT_EQ(names(made.filter(), graph.longest_path(graph.calls()[0])), "INPUT c");
}

TEST(CallGraph, WhatNoPacketReachesHasNoDepth) {
  Handmade made;
  made.add("a", {}, jump("b"));
  made.add("b", {}, jump("a"));
  made.add("OUTPUT", {}, jump("c"));
  made.chain("c");
  const CallGraph graph(made.filter());
  EXPECT_EQ(graph.depth(), 1u);
  EXPECT_EQ(graph.calls().size(), 1u);
  EXPECT_FALSE(graph.reachable(3));  // a
  EXPECT_TRUE(graph.reachable(5));   // c
  EXPECT_EQ(graph.callers(5), 1u);
}

TEST(CallGraph, KeepsWhatUnreachedChainsName) {
  Handmade made;
  made.add("INPUT", {}, jump("a"));
  made.add("INPUT", {}, jump("b"));
  made.add("unreached", {}, jump("b"));
  made.chain("a");
  made.chain("b");
  const CallGraph before(made.filter());
  made.chain("INPUT").rules.clear();
  const std::vector<bool> named = CallGraph(made.filter()).still_named(before);
  const auto is_named = [&](const std::string& name) {
    return named[static_cast<size_t>(made.filter().find(name) - made.filter().chains.data())];
  };
  EXPECT_FALSE(is_named("a"));
  EXPECT_TRUE(is_named("b"));
  EXPECT_TRUE(is_named("unreached"));
}

}  // namespace
}  // namespace bulkhead::pass
