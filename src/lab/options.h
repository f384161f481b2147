// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace bulkhead::lab {

struct Options {
  enum class Task { kPlay, kDown, kHelp, kVersion };
  Task task = Task::kPlay;
  std::string bin;    // the folder of iptables and bulkhead; empty: where this program lies
  bool keep = false;  // leave the hosts up
  bool bare = false;  // only the hosts and their services, without the story
  bool json = false;
};

Result<Options> parse_options(const std::vector<std::string>& words);
std::string help_text();

}  // namespace bulkhead::lab
