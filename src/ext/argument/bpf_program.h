// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netfilter/xt_bpf.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ext/row.h"

namespace bulkhead::ext {

// A classic BPF program as tcpdump -ddd has it with commas for newlines: how many instructions, and
// of each code, jump if true, jump if false and operand. The canonical text is in quotes.
Result<std::string> parse_bpf_program(std::span<const std::string_view> words, const Context&);

inline constexpr ArgumentType kBpfProgram{.words = "program", .parse = parse_bpf_program};

std::vector<sock_filter> bpf_program(std::string_view canonical);
// Without the quotes and the length.
std::string bpf_instructions(std::string_view canonical);

}  // namespace bulkhead::ext
