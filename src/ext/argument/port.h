// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "22", "1024:65535", "ssh", ":80", "80:". iptables reads tcp's ports otherwise than udp's.
// tcp, and sctp alike: numbers in C's notation (0x16), services of that protocol; a range from high
// to low is refused.
Result<std::string> parse_ports_of(std::string_view protocol, std::string_view word,
                                   const Context&);
// The others: decimal numbers, services of any protocol; a range from high to low is taken and
// never matches.
Result<std::string> parse_other_ports(std::span<const std::string_view> words, const Context&);
// "22,80:90,https": up to 15, a range counts for two.
Result<std::string> parse_port_list(std::span<const std::string_view> words, const Context&);

// Of a port, a range or a list of them.
Values port_values(std::string_view canonical, const Context&);
std::string list_ports(std::string_view canonical, bool numeric, const Context&);
std::string say_ports(std::string_view canonical, const Context&);

inline constexpr std::string_view kAnyPort = "0:65535";

inline constexpr ArgumentType kTcpPorts{
    .words = "port[:port]",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_ports_of("tcp", words[0], context); },
    .values = port_values,
    .list = list_ports,
    .say = say_ports,
};
inline constexpr ArgumentType kSctpPorts{
    .words = "port[:port]",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_ports_of("sctp", words[0], context); },
    .values = port_values,
    .list = list_ports,
    .say = say_ports,
};
inline constexpr ArgumentType kOtherPorts{
    .words = "port[:port]",
    .parse = parse_other_ports,
    .values = port_values,
    .list = list_ports,
    .say = say_ports,
};
inline constexpr ArgumentType kPortList{
    .words = "port[,port:port,port...]",
    .parse = parse_port_list,
    .values = port_values,
    .list = list_ports,
    .say = say_ports,
};

}  // namespace bulkhead::ext
