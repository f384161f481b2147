// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter_ipv4/ipt_CLUSTERIP.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "core/byte_order.h"
#include "ext/argument/mac.h"
#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_clusterip {
namespace {

// Their places are the kernel's numbers, enum clusterip_hashmode.
constexpr std::string_view kHashModes[] = {"sourceip", "sourceip-sourceport",
                                           "sourceip-sourceport-destport"};

Result<std::string> parse_hash_mode(std::span<const std::string_view> words, const Context&) {
  if (std::ranges::find(kHashModes, words[0]) != std::end(kHashModes)) return std::string(words[0]);
  return usage_error(fmt::format("Unknown hashmode \"{}\"", words[0]));
}

uint64_t mac_number(std::string_view canonical, const Context& context) {
  return static_cast<uint64_t>(mac_values(canonical, context).values.intervals()[0].first);
}

// In capital letters, and of a group.
Result<std::string> parse_group_mac(std::span<const std::string_view> words,
                                    const Context& context) {
  const Result<std::string> mac = parse_mac(words, context);
  if (!mac) return mac.error();
  constexpr uint64_t kGroupBit = uint64_t{1} << 40;
  if ((mac_number(*mac, context) & kGroupBit) == 0)
    return usage_error("MAC has to be a multicast ethernet address");
  std::string text = *mac;
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

constexpr ArgumentType kHashMode{
    .words = "{sourceip|sourceip-sourceport|sourceip-sourceport-destport}",
    .parse = parse_hash_mode,
};
constexpr ArgumentType kGroupMac{.words = "XX:XX:XX:XX:XX:XX", .parse = parse_group_mac};
constexpr const ArgumentType& kNode = kNumber<0, CLUSTERIP_MAX_NODES>;

Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  if (arguments.empty()) return {};
  const auto given = [&](std::string_view option) {
    return std::ranges::find(arguments, option, &ir::Argument::option) != arguments.end();
  };
  for (const std::string_view needed :
       {"new", "hashmode", "clustermac", "total-nodes", "local-node"}) {
    if (!given(needed)) return usage_error("CLUSTERIP target: Invalid parameter combination");
  }
  if (!given("hash-init")) arguments.push_back({"hash-init", false, "0", {}});
  return {};
}

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  return ir::Action{xt_target<ipt_clusterip_tgt_info>("CLUSTERIP", 0, [&](auto& info) {
    for (const ir::Argument& argument : arguments) {
      const auto number = static_cast<uint32_t>(canonical_number(argument.text));
      if (argument.option == "new") info.flags = CLUSTERIP_FLAG_NEW;
      if (argument.option == "hashmode") {
        info.hash_mode = static_cast<uint32_t>(std::ranges::find(kHashModes, argument.text) -
                                               std::begin(kHashModes));
      }
      if (argument.option == "clustermac")
        store_be(mac_number(argument.text, context), info.clustermac);
      if (argument.option == "total-nodes") info.num_total_nodes = static_cast<uint16_t>(number);
      if (argument.option == "local-node") {
        info.num_local_nodes = 1;
        info.local_nodes[0] = static_cast<uint16_t>(number);
      }
      if (argument.option == "hash-init") info.hash_initval = number;
    }
  })};
}

constexpr Option option(std::string_view name, const ArgumentType& type, std::string_view list,
                        std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &type,
          .negation = Negation::kRefused,
          .list = list,
          .help = help,
          .sentence = sentence};
}

constexpr Option kOptions[] = {
    option("new", kFlag, "", "make a cluster, with all of the following", "of a new cluster"),
    option("hashmode", kHashMode, "hashmode={}", "what of a packet chooses the node", "by its {}"),
    option("clustermac", kGroupMac, "clustermac={}", "the group address of all nodes' links",
           "at {}"),
    option("total-nodes", kNode, "total_nodes={}", "how many nodes there are", "of {} nodes"),
    option("local-node", kNode, "local_node={}", "which of them this host is, from 1",
           "as node {}"),
    option("hash-init", kNumber<0, UINT32_MAX>, "hash_init={}", "what the hash begins with",
           "with the seed {}"),
};

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  std::string text = "CLUSTERIP";
  for (const ir::Argument& argument : arguments) {
    const std::string_view shown = option_named(kOptions, argument.option)->list;
    if (!shown.empty()) text += ' ' + fmt::format(fmt::runtime(shown), argument.text);
  }
  return text;
}

constexpr std::string_view kShownBy = "missing_extension_test.cpp";

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j CLUSTERIP --new --hashmode sourceip --clustermac "
                "01:00:5e:00:00:20 --total-nodes 2 --local-node 1",
        .canonical = "-p tcp -j CLUSTERIP --new --hashmode sourceip --clustermac "
                     "01:00:5E:00:00:20 --total-nodes 2 --local-node 1 --hash-init 0",
        .nft = "[ target CLUSTERIP rev 0 0x0100000001005e0000200200010001(49 zeros) ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .shown_by = kShownBy,
    },
    {
        .rule = "-p tcp -j CLUSTERIP",
        .canonical = "-p tcp -j CLUSTERIP",
        .nft = "[ target CLUSTERIP rev 0 0x(64 zeros) ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .shown_by = kShownBy,
    },
};

constexpr Target kClusterip{
    .name = "CLUSTERIP",
    .families = Families::kIpv4,
    .options = kOptions,
    .summary =
        "Several hosts share an address, and each takes its part of the connections. Linux has it "
        "no more since 6.4; -m cluster is in its place.",
    .sentence = "it is taken by one node of a cluster",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kClusterip));

}  // namespace

const Target& row() { return kClusterip; }

}  // namespace bulkhead::ext::target_clusterip
