// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/nft/change.h"
#include "backend/nft/netlink/batch.h"
#include "backend/nft/netlink/look.h"
#include "backend/nft/netlink/socket.h"

namespace bulkhead::backend::nft::netlink {

class NftBackend final : public Backend {
 public:
  explicit NftBackend(Socket socket) : socket_(std::move(socket)) {}

  Result<Snapshot> read(bool counters) override;
  Result<std::string> commit(const Snapshot& base, std::span<const Desired> desired) override;
  Result<void> rehearse(const Snapshot& base, std::span<const Desired> desired) override;
  Result<std::vector<ForeignChain>> foreign() override;
  unsigned max_depth() const override;

 private:
  // The look that a snapshot is of: the last one, or one made now that shows the same tables.
  Result<void> look_again(const Snapshot& base);
  // Into the batch, against the last look.
  Result<void> add_changes(Batch& batch, std::span<const Desired> desired,
                           std::string_view transaction) const;
  Result<std::vector<Change>> changes_for(const Desired& desired,
                                          std::string_view transaction) const;

  Socket socket_;
  std::optional<Look> last_;
};

}  // namespace bulkhead::backend::nft::netlink
