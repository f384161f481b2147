// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/argument/tos_bits.h"
#include "ext/row.h"

namespace bulkhead::ext {

// "0x10/0x3f": the byte that RFC 791 called the type of service, and which of its bits count. Its
// old names stand for six bits, a number alone for all eight.
Values type_of_service_values(std::string_view canonical, const Context&);
// With a space before a name, which is how iptables tells it from "match".
std::string list_type_of_service(std::string_view canonical, bool numeric, const Context&);
std::string say_type_of_service(std::string_view canonical, const Context&);

inline constexpr ArgumentType kTypeOfService{
    .words = "value[/mask]|name",
    .parse = parse_tos_set,
    .values = type_of_service_values,
    .list = list_type_of_service,
    .say = say_type_of_service,
    .choices = tos_choices,
};

}  // namespace bulkhead::ext
