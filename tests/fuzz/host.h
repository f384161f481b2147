// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "backend/nft/kernel_model.h"
#include "core/result.h"
#include "core/source.h"
#include "ir/ruleset.h"
#include "net/names.h"

namespace bulkhead::fuzz {

// The same as a stored source is read with: protocols and services of this machine, no hosts.
inline const net::SystemNames kNames{net::SystemNames::Hosts::kNotAsked};

// One family of a host whose kernel is a few lines of memory. Rules go the whole way: printed, read
// back, compiled, put there as a difference to what was there.
class Host {
 public:
  explicit Host(net::Family family);

  const ir::Ruleset& rules() const { return rules_; }
  // Needs rules that lang accepted. A refusal (chains too deep, a condition that can't be said
  // exactly) changes nothing.
  Result<void> change(ir::Ruleset rules);

 private:
  // Each rule that is there counts some packets more.
  backend::nft::Counts count_packets();

  ir::Ruleset rules_;
  backend::nft::testing::KernelModel kernel_;
};

// The error can be shown: its span lies within the text.
void require_showable(const Error& error, const Source& source);

}  // namespace bulkhead::fuzz
