// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/argument/word_list.h"
#include "ext/row.h"

namespace bulkhead::ext {

// "REQUEST,ACK"; INVALID is every type that has no name.
Result<std::string> parse_dccp_types(std::span<const std::string_view> words, const Context&);
Values dccp_type_values(std::string_view canonical, const Context&);
std::string list_dccp_types(std::string_view canonical, bool numeric, const Context&);

inline constexpr ArgumentType kDccpTypes{
    .words = "{REQUEST|RESPONSE|DATA|ACK|DATAACK|CLOSEREQ|CLOSE|RESET|SYNC|SYNCACK|INVALID}[,...]",
    .parse = parse_dccp_types,
    .values = dccp_type_values,
    .list = list_dccp_types,
    .say = say_words,
};

}  // namespace bulkhead::ext
