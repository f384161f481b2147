// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/nft_tracer.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "backend/nft/netlink/batch.h"
#include "backend/nft/netlink/dump_request.h"
#include "backend/nft/netlink/look.h"
#include "backend/nft/netlink/read_trace.h"
#include "backend/nft/open.h"
#include "backend/nft/trace_table.h"

namespace bulkhead::backend::nft {
namespace netlink {
namespace {

// Of an interface that has gone meanwhile, its number.
std::string interface_name(uint32_t index) {
  if (index == 0) return {};
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(index, name.data()) != nullptr ? std::string(name.data())
                                                       : fmt::format("#{}", index);
}

Result<std::vector<HookedChain>> hooked_chains(Socket& socket) {
  std::vector<HookedChain> chains;
  auto dump = dump_chains(socket, {}, [&](uint8_t family, const Attributes& a) {
    if (!a.has(NFTA_CHAIN_HOOK)) return;
    const Attributes hook = a.nested(NFTA_CHAIN_HOOK);
    chains.push_back({.family = family,
                      .table = std::string(a.text(NFTA_CHAIN_TABLE)),
                      .chain = std::string(a.text(NFTA_CHAIN_NAME)),
                      .hook = hook.u32(NFTA_HOOK_HOOKNUM),
                      .priority = static_cast<int32_t>(hook.u32(NFTA_HOOK_PRIORITY))});
  });
  // What changes meanwhile moves the generation, and is looked at again.
  if (!dump) return dump.error();
  return chains;
}

}  // namespace

Result<std::unique_ptr<Tracer>> NftTracer::open(std::span<const TraceStart> starts) {
  auto events = Socket::open();
  if (!events) return events.error();
  auto looks = Socket::open();
  if (!looks) return looks.error();
  std::unique_ptr<NftTracer> tracer(new NftTracer(*std::move(events), *std::move(looks)));
  if (auto put = tracer->put_tables(starts); !put) return put.error();
  if (auto joined = tracer->events_.join(NFNLGRP_NFTRACE); !joined) return joined.error();
  if (auto looked = tracer->look_again(); !looked) return looked.error();
  return std::unique_ptr<Tracer>(std::move(tracer));
}

Result<void> NftTracer::put_tables(std::span<const TraceStart> starts) {
  table_ = trace_table_name(events_.port());
  Batch batch(events_, table_);
  for (const TraceStart& start : starts) {
    auto table = trace_table(start);
    if (!table) return table.error();
    batch.add_owned_table(start.family);
    std::vector<Change> chains;
    for (const auto* list : {&table->starts, &table->ends}) {
      for (const Chain& chain : *list) chains.emplace_back(AddChain{chain.name, chain.base});
    }
    batch.add(start.family, chains);
    for (const Chain& chain : table->starts) {
      for (const Rule& rule : chain.rules)
        batch.add_marking_rule(start.family, {.chain = chain.name, .rule = rule, .before = {}});
    }
  }
  constexpr uint32_t kAnyGeneration = 0;
  auto done = batch.commit(kAnyGeneration);
  if (done) return {};
  Error error = done.error();
  // Of a flag that it doesn't know (nf_tables_newtable).
  if (error.errno_value == EINVAL || error.errno_value == EOPNOTSUPP)
    error.hint = "a trace needs Linux 5.12 or later";
  return error;
}

Result<void> NftTracer::look_again() {
  const auto now = read_generation(looks_);
  if (!now) return now.error();
  if (*now == generation_) return {};
  auto seen = look(looks_);
  if (!seen) return seen.error();
  auto hooked = hooked_chains(looks_);
  if (!hooked) return hooked.error();
  std::vector<KernelTable> ours;
  for (Seen& family : seen->families) ours.push_back(std::move(family.table));
  before_ = std::exchange(places_, TracePlaces(table_, ours, *hooked));
  // What changed behind the first of these looks shows as another generation the next time.
  generation_ = *now;
  return {};
}

Result<TraceEvents> NftTracer::take() {
  std::vector<TraceMessage> messages;
  const auto received = events_.receive([&](const nlmsghdr* message) {
    if (auto read = read_trace(message)) messages.push_back(*std::move(read));
  });
  if (!received) return received.error();
  lost_ |= received->lost;
  TraceEvents out{.events = {}, .lost = received->lost};
  if (received->emptied) out.gap = std::exchange(lost_, false);
  if (!messages.empty()) {
    if (auto looked = look_again(); !looked) return looked.error();
  }
  out.generation = generation_;
  for (const TraceMessage& message : messages) {
    auto event = places_.event(message, &before_);
    if (!event) continue;
    if (event->seen) {
      event->seen->in_interface = interface_name(message.in_index);
      event->seen->out_interface = interface_name(message.out_index);
    }
    out.events.push_back(*std::move(event));
  }
  return out;
}

}  // namespace netlink

Result<std::unique_ptr<Tracer>> open_tracer(std::span<const TraceStart> starts) {
  return netlink::NftTracer::open(starts);
}

}  // namespace bulkhead::backend::nft
