// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "0x10/0x3f": the byte that RFC 791 called the type of service, and which of its bits count. Its
// old names stand for six bits, a number alone for all eight.
Result<std::string> parse_type_of_service(std::span<const std::string_view> words, const Context&);
Values type_of_service_values(std::string_view canonical, const Context&);
// With a space before a name, which is how iptables tells it from "match".
std::string list_type_of_service(std::string_view canonical, bool numeric, const Context&);
std::string say_type_of_service(std::string_view canonical, const Context&);
std::string type_of_service_names();

inline constexpr ArgumentType kTypeOfService{
    .words = "value[/mask]|name",
    .parse = parse_type_of_service,
    .values = type_of_service_values,
    .list = list_type_of_service,
    .say = say_type_of_service,
    .choices = type_of_service_names,
};

}  // namespace bulkhead::ext
