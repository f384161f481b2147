// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/trace_table.h"

#include <algorithm>
#include <array>
#include <climits>

#include <fmt/format.h>

#include "backend/nft/predicate.h"

namespace bulkhead::backend::nft {
namespace {

constexpr std::string_view kPrefix = "bulkhead_trace_";

// Between the reassembly of fragments (NF_IP_PRI_CONNTRACK_DEFRAG, -400) and table raw (-300).
constexpr int32_t kBeforeAll = -350;
// Right behind NF_IP_PRI_CONNTRACK.
constexpr int32_t kBehindConntrack = -199;
// The kernel has nothing behind it but the end of its own work on connections.
constexpr int32_t kLast = INT_MAX - 1;

// Matches of xtables that never set hotdrop and that share nothing with another rule's, by their
// sources in net/netfilter, net/ipv4/netfilter and net/ipv6/netfilter.
constexpr std::string_view kOnlyLook[] = {
    "addrtype",  "bpf",        "cgroup",   "cluster", "connbytes", "connlabel", "connmark",
    "conntrack", "cpu",        "devgroup", "dscp",    "ecn",       "helper",    "hl",
    "iprange",   "ipv6header", "length",   "mac",     "mark",      "owner",     "physdev",
    "pkttype",   "policy",     "realm",    "socket",  "statistic", "string",    "time",
    "tos",       "ttl",        "u32",
};

std::string_view hook_word(ir::Hook hook) {
  static constexpr std::array<std::string_view, 5> kWords = {"prerouting", "input", "forward",
                                                             "output", "postrouting"};
  return kWords[static_cast<size_t>(hook)];
}

Chain hooked(std::string name, ir::Hook hook, int32_t priority) {
  return {.name = std::move(name),
          .base = BaseHook{
              .type = "filter", .hook = static_cast<uint32_t>(hook), .priority = priority}};
}

Result<void> check(const ir::Predicate& predicate) {
  for (const ir::Condition& condition : predicate) {
    if (const auto* header = std::get_if<ir::Header>(&condition);
        header != nullptr && header->tcp_option != 0) {
      return refused(
          "a trace can't ask for --tcp-option: the kernel's match drops a packet whose options are "
          "malformed");
    }
    const auto* opaque = std::get_if<ir::Opaque>(&condition);
    if (opaque != nullptr && std::ranges::find(kOnlyLook, opaque->name) == std::end(kOnlyLook)) {
      return refused(fmt::format(
          "a trace can't ask for match {}: the kernel's module may itself drop the packet, or "
          "remember it for other rules",
          opaque->name));
    }
  }
  return {};
}

Result<Rule> marking_rule(const ir::Predicate& predicate, net::Family family) {
  if (auto fits = check(predicate); !fits) return fits.error();
  auto parts = lower_predicate(predicate, family);
  if (!parts) return parts.error();
  return join(*parts);
}

}  // namespace

std::string trace_table_name(uint32_t port) { return fmt::format("{}{}", kPrefix, port); }

bool is_trace_table(std::string_view name) { return name.starts_with(kPrefix); }

Result<TraceTable> trace_table(const TraceStart& start) {
  TraceTable table{.family = start.family};
  for (const ir::Hook hook : start.hooks) {
    const bool conntrack_comes = hook == ir::Hook::kPrerouting || hook == ir::Hook::kOutput;
    Chain chain = hooked(fmt::format("start_{}", hook_word(hook)), hook,
                         start.behind_conntrack && conntrack_comes ? kBehindConntrack : kBeforeAll);
    for (const ir::Predicate& predicate : start.any_of) {
      auto rule = marking_rule(predicate, start.family);
      if (!rule) return rule.error();
      chain.rules.push_back(std::move(*rule));
    }
    table.starts.push_back(std::move(chain));
  }
  for (const ir::Hook hook : {ir::Hook::kInput, ir::Hook::kPostrouting})
    table.ends.push_back(hooked(fmt::format("end_{}", hook_word(hook)), hook, kLast));
  return table;
}

}  // namespace bulkhead::backend::nft
