// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "classify/plan.h"
#include "ir/condition.h"
#include "ir/field.h"

namespace bulkhead::backend::nft {

// Which conditions of table raw give the same answer right behind connection tracking as they gave
// in raw.
class AskedAgain {
 public:
  explicit AskedAgain(const classify::Plan& plan);

  // Why it may give another one, in words that follow "it"; empty: it gives the same.
  std::string obstacle(const ir::Condition& condition) const;

 private:
  void note(const ir::Action& action);
  bool written(const ir::Location& where) const;
  std::string obstacle(const ir::Field& field) const;

  net::Family family_;
  std::vector<ir::Location> written_;  // by rules of raw
  bool anything_written_ = false;
};

}  // namespace bulkhead::backend::nft
