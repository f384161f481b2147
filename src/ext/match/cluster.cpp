// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_cluster.h>

#include <algorithm>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_cluster {
namespace {

constexpr std::string_view kNode = "cluster-local-node";
constexpr std::string_view kNodeMask = "cluster-local-nodemask";

Result<std::string> parse_hex(std::span<const std::string_view> words, uint64_t first,
                              const Context& context) {
  const Result<std::string> number = parse_number(words[0], first, UINT32_MAX, context);
  if (!number) return number.error();
  return fmt::format("0x{:08x}", canonical_number(*number));
}

// iptables takes only 1 to 32 for a mask, though it prints any.
constexpr ArgumentType kMask{
    .words = "mask",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_hex(words, 1, context); },
};
constexpr ArgumentType kSeed{
    .words = "number",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_hex(words, 0, context); },
};

uint32_t hex_number(std::string_view canonical) {
  return static_cast<uint32_t>(leading_number(canonical, UINT32_MAX)->value);
}

uint32_t total_nodes(std::span<const ir::Argument> arguments) {
  const auto total = std::ranges::find(arguments, "cluster-total-nodes", &ir::Argument::option);
  return static_cast<uint32_t>(canonical_number(total->text));
}

// A node is the mask that has only its bit.
Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  const uint64_t beyond = uint64_t{1} << total_nodes(arguments);
  for (ir::Argument& argument : arguments) {
    if (argument.option == kNode) {
      const uint64_t mask = uint64_t{1} << (canonical_number(argument.text) - 1);
      if (mask >= beyond) {
        return usage_error(
            "cluster match: `--cluster-local-node' must be <= `--cluster-total-nodes'");
      }
      argument.option = kNodeMask;
      argument.text = fmt::format("0x{:08x}", mask);
    } else if (argument.option == kNodeMask && hex_number(argument.text) >= beyond) {
      return usage_error(
          "cluster match: `--cluster-local-nodemask' too big for `--cluster-total-nodes'");
    }
  }
  return {};
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  ir::Opaque match =
      xt_match<xt_cluster_match_info>("cluster", 0, [&](xt_cluster_match_info& info) {
        for (const ir::Argument& argument : arguments) {
          if (argument.option == "cluster-total-nodes") info.total_nodes = total_nodes(arguments);
          if (argument.option == "cluster-hash-seed") info.hash_seed = hex_number(argument.text);
          if (argument.option != kNodeMask) continue;
          info.node_mask = hex_number(argument.text);
          if (argument.negated) info.flags |= XT_CLUSTER_F_INV;
        }
      });
  // It makes a packet to a link's multicast address one for this host, which pkttype would see.
  match.stateful = true;
  return ir::Predicate{std::move(match)};
}

constexpr uint8_t kOneOfThem = 1;

constexpr Option kOptions[] = {
    {
        .name = kNode,
        .type = &kNumber<1, XT_CLUSTER_NODES_MAX>,
        .group = kOneOfThem,
        .folded = true,
        .help = "the number of this node, from 1 on",
    },
    {
        .name = kNodeMask,
        .type = &kMask,
        .group = kOneOfThem,
        .list = "cluster {!}node_mask={}",
        .help = "the nodes that this one stands for, a bit each",
        .sentence = "{not }of the nodes {}",
    },
    {
        .name = "cluster-total-nodes",
        .type = &kNumber<1, XT_CLUSTER_NODES_MAX>,
        .negation = Negation::kRefused,
        .required = true,
        .modifier = true,
        .list = "total_nodes={}",
        .help = "how many nodes there are, at most 32",
        .sentence = "of {}",
    },
    {
        .name = "cluster-hash-seed",
        .type = &kSeed,
        .negation = Negation::kRefused,
        .required = true,
        .modifier = true,
        .list = "hash_seed={}",
        .help = "a number that all nodes agree on",
        .sentence = "by the seed {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 1",
        .canonical = "-m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 "
                     "--cluster-hash-seed 0x00000001",
        .nft = "[ match cluster rev 0 0x02000000010000000100000000000000 ]",
        .hit = "udp 192.0.2.3:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m cluster --cluster-total-nodes 2 ! --cluster-local-nodemask 1 "
                "--cluster-hash-seed 0x1",
        .canonical = "-m cluster ! --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 "
                     "--cluster-hash-seed 0x00000001",
        .nft = "[ match cluster rev 0 0x02000000010000000100000001000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.3:40000 > 192.0.2.2:53",
    },
    // What isn't tracked is no node's, not even where all are asked.
    {
        .rule = "-m cluster --cluster-total-nodes 5 --cluster-local-nodemask 0x1f "
                "--cluster-hash-seed 0xfeedcafe",
        .canonical = "-m cluster --cluster-local-nodemask 0x0000001f --cluster-total-nodes 5 "
                     "--cluster-hash-seed 0xfeedcafe",
        .nft = "[ match cluster rev 0 0x050000001f000000fecaedfe00000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked",
    },
};

constexpr Match kCluster{
    .name = "cluster",
    .options = kOptions,
    .bare_error = "cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing",
    .summary =
        "Divides connections among hosts that all get the same packets, by a hash of the address "
        "that began them.",
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kCluster));

}  // namespace

const Match& row() { return kCluster; }

}  // namespace bulkhead::ext::match_cluster
