// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include <algorithm>

#include "ext/argument/port_options.h"
#include "ext/argument/sctp_chunks.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "ext/xt_sctp.h"

namespace bulkhead::ext::match_sctp {
namespace {

constexpr uint8_t kProtocols[] = {IPPROTO_SCTP};

constexpr Option kOptions[] = {
    source_port_option(kSctpPorts, kSaysTwice | kPrintsAny),
    destination_port_option(kSctpPorts, kSaysTwice | kPrintsAny),
    {
        .name = "chunk-types",
        .type = &kSctpChunks,
        .twice = "Only one `--chunk-types' allowed",
        .list = "{! }{}",
        .help = "these chunks are in the packet: any of them, all of them, or no others",
        .sentence = "its chunks are {not }{}",
    },
};

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  ir::Predicate predicate = constraints_of(kOptions, arguments, context);
  const auto chunks = std::ranges::find(arguments, "chunk-types", &ir::Argument::option);
  if (chunks != arguments.end())
    predicate.push_back(xt_sctp(read_sctp_chunks(chunks->text), chunks->negated));
  return predicate;
}

constexpr Example kExamples[] = {
    {
        .rule = "-p sctp ! --source-port 1024:2047 --dport 0x50",
        .canonical = "-p sctp -m sctp ! --sport 1024:2047 --dport 80",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x84 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfc00 ^ 0x0000 ]\n"
               "[ cmp neq reg 1 0x0400 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0050 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "sctp 192.0.2.1:40000 > 192.0.2.2:80",
        .miss = "sctp 192.0.2.1:1024 > 192.0.2.2:80",
    },
    {
        .rule = "-p sctp --sport :1023 ! --destination-port 80",
        .canonical = "-p sctp -m sctp --sport 0:1023 ! --dport 80",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x84 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfc00 ^ 0x0000 ]\n"
               "[ cmp eq reg 1 0x0000 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp neq reg 1 0x0050 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "sctp [2001:db8::1]:1023 > [2001:db8::2]:81",
        .miss = "sctp [2001:db8::1]:1023 > [2001:db8::2]:80",
    },
    {
        .rule = "-p sctp --chunk-types ANY data,INIT",
        .canonical = "-p sctp -m sctp --chunk-types any DATA,INIT",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x84 ]\n"
               "[ match sctp rev 0 0x000000000000000003(255 "
               "zeros)0100000000000000000000000000000000000000040000000000000000000000 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "sctp 192.0.2.1:40000 > 192.0.2.2:80 chunk 1",
        .miss = "sctp 192.0.2.1:40000 > 192.0.2.2:80 chunk 3",
    },
    {
        .rule = "-p sctp --dport 80 ! --chunk-types only ABORT:t,INIT",
        .canonical = "-p sctp -m sctp --dport 80 ! --chunk-types only INIT,ABORT:t",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x84 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0050 ]\n"
               "[ match sctp rev 0 0x000000000000000042(255 "
               "zeros)0400000006000100000000000000000001000000040000000400000000000000 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "sctp 192.0.2.1:40000 > 192.0.2.2:80 chunk 0",
        .miss = "sctp 192.0.2.1:40000 > 192.0.2.2:80 chunk 6",
    },
    {
        .rule = "-p sctp --chunk-types all I_DATA:ub",
        .canonical = "-p sctp -m sctp --chunk-types all I_DATA:ub",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x84 ]\n"
               "[ match sctp rev 0 0x0000000000000000000000000000000001(247 "
               "zeros)0200000040000600000000000000000001000000040000000000000000000000 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "sctp 192.0.2.1:40000 > 192.0.2.2:80 chunk 64",
        .miss = "sctp 192.0.2.1:40000 > 192.0.2.2:80 chunk 0",
    },
};

constexpr Match kSctp{
    .name = "sctp",
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kSctp},
    .options = kOptions,
    .list_name = "sctp",
    .summary =
        "Looks at the SCTP header and the types of the chunks behind it. Loaded by -p sctp as soon "
        "as one of its options is used.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kSctp));

}  // namespace

const Match& row() { return kSctp; }

}  // namespace bulkhead::ext::match_sctp
