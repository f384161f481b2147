// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/foreign.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter_arp.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "backend/nft/family_word.h"
#include "backend/nft/netlink/dump_request.h"
#include "backend/nft/program.h"
#include "backend/nft/trace_table.h"

namespace bulkhead::backend::nft::netlink {
namespace {

// Tables that come and go while they are read are read again; a list for people needs no more than
// that.
constexpr int kForeignTries = 50;

std::string hook_word(uint8_t family, uint32_t hook) {
  static constexpr std::array<std::string_view, 6> kInet = {"prerouting", "input",       "forward",
                                                            "output",     "postrouting", "ingress"};
  static constexpr std::array<std::string_view, 3> kArp = {"input", "output", "forward"};
  static constexpr std::array<std::string_view, 2> kNetdev = {"ingress", "egress"};
  std::span<const std::string_view> words = kInet;
  if (family == NFPROTO_ARP) words = kArp;
  if (family == NFPROTO_NETDEV) words = kNetdev;
  return hook < words.size() ? std::string(words[hook]) : fmt::format("hook {}", hook);
}

bool ours(uint8_t family, std::string_view table) {
  return table == kTableName && (family == NFPROTO_IPV4 || family == NFPROTO_IPV6);
}

// Whether a packet may end here: dropped, rejected, or handed to something that decides and can't
// be asked.
bool may_drop(const nlattr* element) {
  const Attributes expression(element);
  const std::string_view name = expression.text(NFTA_EXPR_NAME);
  const Attributes body = expression.nested(NFTA_EXPR_DATA);
  if (name == "immediate") {
    const Attributes data = body.nested(NFTA_IMMEDIATE_DATA);
    return data.has(NFTA_DATA_VERDICT) &&
           data.nested(NFTA_DATA_VERDICT).u32(NFTA_VERDICT_CODE) == NF_DROP;
  }
  // A look-up that gives a verdict.
  if (name == "lookup")
    return body.has(NFTA_LOOKUP_DREG) && body.u32(NFTA_LOOKUP_DREG) == NFT_REG_VERDICT;
  if (name == "target") {
    static constexpr std::array<std::string_view, 9> kHarmless = {
        "LOG", "NFLOG", "MARK", "CONNMARK", "MASQUERADE", "SNAT", "DNAT", "REDIRECT", "TCPMSS"};
    return std::find(kHarmless.begin(), kHarmless.end(), body.text(NFTA_TARGET_NAME)) ==
           kHarmless.end();
  }
  return name == "reject" || name == "queue" || name == "synproxy";
}

struct TableFacts {
  size_t rules = 0;
  bool drops = false;
};
using TableKey = std::pair<uint8_t, std::string>;

struct Found {
  std::vector<std::pair<TableKey, ForeignChain>> chains;
  std::map<TableKey, TableFacts> tables;
};

Result<bool> read_once(Socket& socket, Found& found) {
  auto chains = dump_chains(socket, {}, [&](uint8_t family, const Attributes& a) {
    const std::string table(a.text(NFTA_CHAIN_TABLE));
    if (!a.has(NFTA_CHAIN_HOOK) || ours(family, table)) return;
    const Attributes hook = a.nested(NFTA_CHAIN_HOOK);
    found.chains.emplace_back(
        TableKey{family, table},
        ForeignChain{.family = family_word(family),
                     .table = table,
                     .chain = std::string(a.text(NFTA_CHAIN_NAME)),
                     .hook = hook_word(family, hook.u32(NFTA_HOOK_HOOKNUM)),
                     .priority = static_cast<int32_t>(hook.u32(NFTA_HOOK_PRIORITY)),
                     .drops = a.has(NFTA_CHAIN_POLICY) && a.u32(NFTA_CHAIN_POLICY) == NF_DROP});
  });
  if (!chains) return chains.error();
  auto rules = dump_rules(socket, {}, [&](uint8_t family, const Attributes& a) {
    const std::string table(a.text(NFTA_RULE_TABLE));
    if (ours(family, table)) return;
    TableFacts& facts = found.tables[{family, table}];
    ++facts.rules;
    for_each_attribute(a.bytes(NFTA_RULE_EXPRESSIONS), [&](const nlattr* element) {
      facts.drops = facts.drops || may_drop(element);
    });
  });
  if (!rules) return rules.error();
  return *chains && *rules;
}

}  // namespace

Result<std::vector<ForeignChain>> foreign_chains(Socket& socket) {
  Found found;
  for (int i = 0; i < kForeignTries; ++i) {
    found = {};
    auto consistent = read_once(socket, found);
    if (!consistent) return consistent.error();
    if (*consistent) break;
  }
  std::vector<ForeignChain> out;
  for (auto& [key, chain] : found.chains) {
    const TableFacts& facts = found.tables[key];
    chain.rules = facts.rules;
    chain.drops = chain.drops || facts.drops;
    // A trace that runs, as long as it can do no more than look.
    if (is_trace_table(chain.table) && !chain.drops) continue;
    out.push_back(std::move(chain));
  }
  return out;
}

}  // namespace bulkhead::backend::nft::netlink
