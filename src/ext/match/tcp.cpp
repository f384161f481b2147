// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/port_options.h"
#include "ext/argument/tcp_flags.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_tcp {
namespace {

// Byte 13 of the header, with ECE and CWR as its top bits (RFC 9293, 3.1).
constexpr ir::Field kFlags{"flags", "TCP flags", ir::Kind::kFlags,
                           ir::at(ir::Base::kTransport, 104, 8),
                           ir::at(ir::Base::kTransport, 104, 8)};

Result<std::string> parse_option_kind(std::span<const std::string_view> words, const Context&) {
  if (const auto kind = whole_number(words[0], 1, 255)) return fmt::format("{}", *kind);
  return usage_error(fmt::format("Bad TCP option \"{}\"", words[0]));
}

constexpr ArgumentType kOptionKind{.words = "number", .parse = parse_option_kind};

// An option may stand anywhere in the header, so it has no field: it is asked together with the
// header.
void ask_for_option(std::span<const ir::Argument> arguments, ir::Header& header) {
  for (const ir::Argument& argument : arguments) {
    if (argument.option != "tcp-option") continue;
    header.tcp_option = static_cast<uint8_t>(canonical_number(argument.text));
    header.tcp_option_negated = argument.negated;
  }
}

constexpr uint8_t kProtocols[] = {IPPROTO_TCP};

constexpr Option kOptions[] = {
    source_port_option(kTcpPorts, kSaysTwice),
    destination_port_option(kTcpPorts, kSaysTwice),
    {
        .name = "tcp-option",
        .type = &kOptionKind,
        .twice = "Only one `--tcp-option' allowed",
        .list = "option={!}{}",
        .help = "a TCP option of this kind is set",
        .sentence = "TCP option {} is {not }set",
    },
    {
        .name = "tcp-flags",
        .type = &kTcpFlags,
        .field = &kFlags,
        .fallback = "NONE NONE",
        .twice = "Only one of `--syn' or `--tcp-flags'  allowed",
        .list = "flags:{!}{}",
        .help = "of these flags exactly those are set: FIN SYN RST PSH ACK URG ALL NONE",
        .sentence = "its TCP flags are {not }{}",
    },
    {
        .name = "syn",
        .type = &kFlag,
        .stands_for = "tcp-flags",
        .stands_for_text = "FIN,SYN,RST,ACK SYN",
        .help = "it opens a connection: --tcp-flags FIN,SYN,RST,ACK SYN",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp --dport ssh",
        .canonical = "-p tcp -m tcp --dport 22",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0016 ]\n"
               "[ payload load 3b @ transport + 17 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
    {
        .rule = "-p tcp --source-port 1024: ! --destination-port 80:90",
        .canonical = "-p tcp -m tcp --sport 1024:65535 ! --dport 80:90",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ cmp gte reg 1 0x0400 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ range neq reg 1 0x0050-0x005a ]\n"
               "[ payload load 3b @ transport + 17 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:1024 > 192.0.2.2:91",
        .miss = "tcp 192.0.2.1:1024 > 192.0.2.2:90",
    },
    {
        .rule = "-p tcp ! --sport 1024",
        .canonical = "-p tcp -m tcp ! --sport 1024",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ cmp neq reg 1 0x0400 ]\n"
               "[ payload load 3b @ transport + 17 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:1025 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:1024 > 192.0.2.2:22",
    },
    {
        .rule = "-p tcp --syn",
        .canonical = "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 1b @ transport + 13 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x17 ^ 0x00 ]\n"
               "[ cmp eq reg 1 0x02 ]\n"
               "[ payload load 3b @ transport + 17 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags syn",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags syn,ack",
    },
    {
        .rule = "-p tcp ! --tcp-flags ALL ACK,PSH",
        .canonical = "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG PSH,ACK",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ payload load 1b @ transport + 13 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x3f ^ 0x00 ]\n"
               "[ cmp neq reg 1 0x18 ]\n"
               "[ payload load 3b @ transport + 17 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags ack",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags psh,ack",
    },
    {
        .rule = "-p tcp --dport 22 ! --tcp-option 2",
        .canonical = "-p tcp -m tcp --dport 22 ! --tcp-option 2",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ match tcp rev 0 0x0000ffff0000ffff0200000800000000 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0016 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
};

constexpr Match kTcp{
    .name = "tcp",
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kTcp},
    .options = kOptions,
    .list_name = "tcp",
    .summary = "Looks at the TCP header. Loaded by -p tcp as soon as one of its options is used.",
    .adjust_header = ask_for_option,
    .examples = kExamples,
};
static_assert(well_formed(kTcp));

}  // namespace

const Match& row() { return kTcp; }

}  // namespace bulkhead::ext::match_tcp
