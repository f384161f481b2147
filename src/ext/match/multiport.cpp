// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include <fmt/format.h>

#include "ext/argument/port.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_multiport {
namespace {

// One option, and it is --ports that a field can't say: either port is in the list; negated,
// neither is.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const ir::Argument& argument = arguments.front();
  const ir::ValueSet listed = port_values(argument.text, context).values;
  const ir::ValueSet values = argument.negated ? listed.complement(16) : listed;
  const ir::Constraint source{.field = &ir::kSourcePort, .mask = low_bits(16), .values = values};
  const ir::Constraint destination{
      .field = &ir::kDestinationPort, .mask = low_bits(16), .values = values};

  if (argument.option == "sports") return ir::Predicate{source};
  if (argument.option == "dports") return ir::Predicate{destination};
  if (argument.negated) return ir::Predicate{source, destination};
  return ir::Predicate{ir::AnyOf{{source, destination}}};
}

// iptables writes two spaces before the '!'.
std::string list(std::span<const ir::Argument> arguments, bool numeric, const Context& context) {
  const ir::Argument& argument = arguments.front();
  return fmt::format("multiport {} {}{}", argument.option, argument.negated ? " !" : "",
                     list_ports(argument.text, numeric, context));
}

constexpr std::string_view kSourceAliases[] = {"source-ports"};
constexpr std::string_view kDestinationAliases[] = {"destination-ports"};
constexpr uint8_t kOnlyOne = 1;

constexpr Option kOptions[] = {
    {
        .name = "sports",
        .aliases = kSourceAliases,
        .type = &kPortList,
        .group = kOnlyOne,
        .help = "the source port is one of these: up to 15, a range counts twice",
        .sentence = "its source port is {not }{}",
    },
    {
        .name = "dports",
        .aliases = kDestinationAliases,
        .type = &kPortList,
        .group = kOnlyOne,
        .help = "the destination port is one of these",
        .sentence = "its destination port is {not }{}",
    },
    {
        .name = "ports",
        .type = &kPortList,
        .group = kOnlyOne,
        .help = "the source or the destination port is one of these",
        .sentence = "{n}either its source {n}or its destination port is {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -m multiport --dports ssh,80:90",
        .canonical = "-p tcp -m multiport --dports 22,80:90",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ lookup reg 1 in { 0x0016-0x0016, 0x0050-0x005a } ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:90",
        .miss = "tcp 192.0.2.1:80 > 192.0.2.2:23",
    },
    {
        .rule = "-p tcp -m multiport ! --destination-ports 22,80",
        .canonical = "-p tcp -m multiport ! --dports 22,80",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ lookup reg 1 not in { 0x0016, 0x0050 } ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:22 > 192.0.2.2:81",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:80",
    },
    {
        .rule = "-p udp -m multiport --source-ports 53,123",
        .canonical = "-p udp -m multiport --sports 53,123",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ lookup reg 1 in { 0x0035, 0x007b } ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "udp 192.0.2.1:123 > 192.0.2.2:40000",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:123",
    },
    {
        .rule = "-p udp -m multiport ! --sports 53,123",
        .canonical = "-p udp -m multiport ! --sports 53,123",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ lookup reg 1 not in { 0x0035, 0x007b } ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:123",
        .miss = "udp 192.0.2.1:123 > 192.0.2.2:40000",
    },
    {
        .rule = "-p tcp -m multiport --ports 22",
        .canonical = "-p tcp -m multiport --ports 22",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ payload load 2b @ transport + 2 => reg 9 ]\n"
               "[ lookup reg 1 in { 0x0000000000160000-0x0015000000160000, "
               "0x0016000000000000-0x00160000ffff0000, 0x0017000000160000-0xffff000000160000 } ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:22 > 192.0.2.2:40000",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
    {
        .rule = "-p tcp -m multiport ! --ports 22,80",
        .canonical = "-p tcp -m multiport ! --ports 22,80",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ lookup reg 1 not in { 0x0016, 0x0050 } ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ lookup reg 1 not in { 0x0016, 0x0050 } ]\n"
               "[ payload load 3b @ transport + 1 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
        .miss = "tcp 192.0.2.1:22 > 192.0.2.2:40000",
    },
};

constexpr uint8_t kProtocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP,
                                  IPPROTO_DCCP};

constexpr Match kMultiport{
    .name = "multiport",
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kPorts},
    .options = kOptions,
    .bare_error = "multiport expection an option",
    .summary =
        "A list of ports in one rule, for the protocols whose header begins with two ports: tcp, "
        "udp, "
        "udplite, sctp and dccp.",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kMultiport));

}  // namespace

const Match& row() { return kMultiport; }

}  // namespace bulkhead::ext::match_multiport
