// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What the programs named iptables... share: what they stand on, given from outside so that a test
// can run them with a fake back end, and what comes out of a run, written by whoever called.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "core/result.h"
#include "net/family.h"
#include "net/names.h"

namespace bulkhead::app {

struct Personality {
  std::string_view program;  // in messages: "ip6tables-restore"
  net::Family family = net::Family::kIpv4;
  const net::Names& names;
  // Called when the kernel is needed, not before: wrong words are wrong for anybody.
  std::function<Result<std::unique_ptr<backend::Backend>>()> open;
};

struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// "1.8.9 (bulkhead)": the version of the language, and who speaks it.
inline constexpr std::string_view kVersion = "1.8.9 (bulkhead)";
std::string version_line(std::string_view program);  // "iptables v1.8.9 (bulkhead)\n"

// How long to wait for other programs that change the rules. Nothing, or 0, is the default;
// UINT32_MAX for ever.
std::chrono::seconds wait_time(std::optional<uint32_t> seconds);

}  // namespace bulkhead::app
