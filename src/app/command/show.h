// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>

#include "app/console.h"
#include "app/store.h"

namespace bulkhead::app {

struct ShowOptions {
  std::optional<net::Family> family;
  std::string chain;  // of any table; empty: all
  Color color = Color::kAuto;
  bool json = false;
};

// One family's rules, chain after chain: number, counts, what is done, to what, and the comment.
std::string show_text(const ir::Ruleset& rules, const std::string& chain, const Paint& paint);
std::string show_json(const View& view, const ShowOptions& options);

int run_show(const ShowOptions& options);

}  // namespace bulkhead::app
