// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netfilter/xt_hashlimit.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "ext/row.h"

namespace bulkhead::ext {

inline constexpr uint32_t kHashlimitGcInterval = 1000;  // milliseconds; unless given

// hashlimit's arguments, typed or as -S prints them, as the kernel's match has them. Refuses, in
// iptables' words, what doesn't go together.
Result<hashlimit_cfg3> hashlimit_config(std::span<const ir::Argument> arguments, const Context&);
// The configuration as -S prints it: a name and a text for each option, in the order of -S. The
// list's name isn't among it. Read again it is the same configuration.
struct HashlimitOption {
  std::string_view name;
  std::string text;
};
std::vector<HashlimitOption> hashlimit_options(const hashlimit_cfg3& config, const Context&);
// All that -L shows.
std::string list_hashlimit(const hashlimit_cfg3& config, const Context&);
// What hashlimit_mt_check() of the kernel refuses.
Result<void> check_hashlimit(const hashlimit_cfg3& config);

// "srcip,dstport", by which the packets are told apart.
Result<std::string> parse_hash_mode(std::span<const std::string_view> words, const Context&);

}  // namespace bulkhead::ext
