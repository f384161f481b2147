// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// 0 to 7, or "emerg" to "debug".
Result<std::string> parse_syslog_level(std::span<const std::string_view> words, const Context&);
std::string list_syslog_level(std::string_view canonical, bool numeric, const Context&);

inline constexpr ArgumentType kSyslogLevel{
    .words = "level",
    .parse = parse_syslog_level,
    .list = list_syslog_level,
};

}  // namespace bulkhead::ext
