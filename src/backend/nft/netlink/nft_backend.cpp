// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/nft_backend.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backend/nft/delta.h"
#include "backend/nft/lower.h"
#include "backend/nft/netlink/batch.h"
#include "backend/nft/netlink/foreign.h"
#include "backend/nft/open.h"

namespace bulkhead::backend::nft {
namespace netlink {
namespace {

// Only other programs' changes make it try again, each within the microseconds between a look and a
// commit.
constexpr int kBatchTries = 200;

// The kernel follows a packet through 16 chains (NFT_JUMP_STACK_SIZE, nft_chain_validate). Of these
// the base chain, the built-in chain and a check chain are ours.
constexpr unsigned kMaxDepth = 13;

Result<std::string> new_transaction() {
  std::array<uint8_t, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return kernel_error(errno, "no random number for the transaction");
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

Sound sound(const Seen& seen) { return {.table = &seen.table, .stored = &*seen.inspection.stored}; }

Installed installed(const Seen& seen, bool with_counters) {
  Installed out{.present = seen.table.present, .damage = seen.inspection.damage};
  if (!seen.inspection.stored) return out;
  out.source = seen.inspection.stored->source;
  out.transaction = seen.inspection.stored->transaction;
  if (with_counters) {
    Counts found = counts(sound(seen));
    out.counters = std::move(found.all);
    out.retired = std::move(found.retired);
  }
  return out;
}

// Whether a snapshot's table is the one that stands there, by the transaction that wrote it.
bool still(const Installed& then, const Seen& now) {
  if (!then.damage.empty() || !now.inspection.damage.empty() || then.present != now.table.present)
    return false;
  return !then.present || then.transaction == now.inspection.stored->transaction;
}

Error stale() {
  return {.kind = ErrorKind::kStale, .message = "another program changed the rules meanwhile"};
}

}  // namespace

Result<Snapshot> NftBackend::read(bool counters) {
  auto seen = look(socket_);
  if (!seen) return seen.error();
  last_ = std::move(*seen);
  return Snapshot{.generation = last_->generation,
                  .v4 = installed(last_->of(net::Family::kIpv4), counters),
                  .v6 = installed(last_->of(net::Family::kIpv6), counters)};
}

Result<void> NftBackend::look_again(const Snapshot& base) {
  if (last_ && last_->generation == base.generation) return {};
  auto seen = look(socket_);
  if (!seen) return seen.error();
  last_ = std::move(*seen);
  if (last_->generation == base.generation) return {};
  for (net::Family family : net::kFamilies) {
    if (!still(base.of(family), last_->of(family))) return stale();
  }
  return {};
}

Result<std::vector<Change>> NftBackend::changes_for(const Desired& desired,
                                                    std::string_view transaction) const {
  const Seen& now = last_->of(desired.family);
  if (!desired.plan) {
    if (!now.table.present) return std::vector<Change>{};
    return std::vector<Change>{DeleteTable{}};
  }
  auto program = lower(*desired.plan);
  if (!program) return program.error();
  if (!now.inspection.stored)
    return build_anew(now.table, std::move(*program), desired.source, transaction);
  return delta(sound(now), std::move(*program), desired.source, transaction);
}

Result<void> NftBackend::add_changes(Batch& batch, std::span<const Desired> desired,
                                     std::string_view transaction) const {
  for (const Desired& family : desired) {
    auto changes = changes_for(family, transaction);
    if (!changes) return changes.error();
    batch.add(family.family, *changes);
  }
  return {};
}

Result<void> NftBackend::rehearse(const Snapshot& base, std::span<const Desired> desired) {
  if (auto seen = look_again(base); !seen) return seen.error();
  Batch batch(socket_);
  if (auto added = add_changes(batch, desired, "rehearsal"); !added) return added.error();
  return batch.empty() ? Result<void>() : batch.rehearse(last_->generation);
}

Result<std::string> NftBackend::commit(const Snapshot& base, std::span<const Desired> desired) {
  auto transaction = new_transaction();
  if (!transaction) return transaction.error();
  if (auto seen = look_again(base); !seen) return seen.error();

  Batch batch(socket_);
  if (auto added = add_changes(batch, desired, *transaction); !added) return added.error();
  if (batch.empty()) return *transaction;

  for (int i = 0; i < kBatchTries; ++i) {
    auto done = batch.commit(last_->generation);
    if (done) {
      last_.reset();
      return *transaction;
    }
    if (done.error().kind != ErrorKind::kStale) return done.error();
    // Somebody changed something. If it was nothing of ours, the change stands as it was computed.
    auto now = look(socket_);
    if (!now) return now.error();
    for (const Desired& family : desired) {
      if (!same(last_->of(family.family).table, now->of(family.family).table)) return stale();
    }
    last_ = std::move(*now);
  }
  return stale();
}

Result<std::vector<ForeignChain>> NftBackend::foreign() { return foreign_chains(socket_); }

unsigned NftBackend::max_depth() const { return kMaxDepth; }

}  // namespace netlink

Result<std::unique_ptr<Backend>> open() {
  auto socket = netlink::Socket::open();
  if (!socket) return socket.error();
  return std::unique_ptr<Backend>(std::make_unique<netlink::NftBackend>(std::move(*socket)));
}

}  // namespace bulkhead::backend::nft
