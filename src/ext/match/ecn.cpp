// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_ecn.h>

#include <algorithm>
#include <cerrno>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "net/packet_build.h"

namespace bulkhead::ext::match_ecn {
namespace {

// The lower two bits of the type of service (IPv4) and of the traffic class (RFC 3168, 5).
constexpr ir::Field kCodepoint{"ecn", "ECN", ir::Kind::kNumber, ir::at(ir::Base::kNetwork, 14, 2),
                               ir::at(ir::Base::kNetwork, 10, 2)};

struct Question {
  std::string_view option;
  uint8_t bit;
};

constexpr Question kQuestions[] = {
    {"ecn-tcp-ece", XT_ECN_OP_MATCH_ECE},
    {"ecn-tcp-cwr", XT_ECN_OP_MATCH_CWR},
    {"ecn-ip-ect", XT_ECN_OP_MATCH_IP},
};

bool asks_tcp(const ir::Argument& argument) { return argument.option != "ecn-ip-ect"; }

ir::Constraint of_ip_header(const ir::Argument& argument) {
  const unsigned width = kCodepoint.v4.width;
  const ir::ValueSet value = ir::ValueSet::of(canonical_number(argument.text));
  return {.field = &kCodepoint,
          .mask = low_bits(width),
          .values = argument.negated ? value.complement(width) : value};
}

// ecn_mt_check4() and ecn_mt_check6() of net/netfilter/xt_ecn.c: the bits of TCP want -p tcp. They
// are left to the kernel's own match, which reads them in a later fragment, too.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const bool tcp = std::ranges::any_of(arguments, asks_tcp);
  if (tcp && (context.protocol != net::kTcp || context.protocol_negated))
    return kernel_refusal(EINVAL, "match ecn needs `-p tcp' for the bits of TCP");
  if (!tcp) return ir::Predicate{of_ip_header(arguments.front())};
  return ir::Predicate{xt_match<xt_ecn_info>("ecn", 0, [&](xt_ecn_info& info) {
    for (const ir::Argument& argument : arguments) {
      for (const Question& question : kQuestions) {
        if (argument.option != question.option) continue;
        info.operation |= question.bit;
        if (argument.negated) info.invert |= question.bit;
      }
      if (!asks_tcp(argument)) info.ip_ect = static_cast<uint8_t>(canonical_number(argument.text));
    }
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "ecn-tcp-ece",
        .type = &kFlag,
        .list = "{!}ECE",
        .help = "TCP's bit that echoes congestion",
        .sentence = "its ECE bit is {not }set",
    },
    {
        .name = "ecn-tcp-cwr",
        .type = &kFlag,
        .list = "{!}CWR",
        .help = "TCP's bit that says that the sender slows down",
        .sentence = "its CWR bit is {not }set",
    },
    {
        .name = "ecn-ip-ect",
        .type = &kNumber<0, 3>,
        .list = "{!}ECT={}",
        .help = "the codepoint of the IP header: 0 not ECN, 1 and 2 ECN, 3 congestion",
        .sentence = "its ECN codepoint is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -m ecn --ecn-tcp-cwr ! --ecn-tcp-ece",
        .canonical = "-p tcp -m ecn ! --ecn-tcp-ece --ecn-tcp-cwr",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ match ecn rev 0 0x3010000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags syn,cwr",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags syn,ece,cwr",
    },
    {
        .rule = "-p tcp -m ecn --ecn-tcp-ece ! --ecn-tcp-cwr ! --ecn-ip-ect 2",
        .canonical = "-p tcp -m ecn --ecn-tcp-ece ! --ecn-tcp-cwr ! --ecn-ip-ect 2",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ match ecn rev 0 0x3121020000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags syn,ece ecn 1",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags syn,ece ecn 2",
    },
    {
        .rule = "-m ecn --ecn-ip-ect 0x3",
        .canonical = "-m ecn --ecn-ip-ect 3",
        .nft = "[ payload load 1b @ network + 1 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x03 ^ 0x00 ]\n"
               "[ cmp eq reg 1 0x03 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 ecn 3 dscp 8",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 ecn 2 dscp 8",
    },
    {
        .rule = "-m ecn ! --ecn-ip-ect 0",
        .canonical = "-m ecn ! --ecn-ip-ect 0",
        .nft = "[ payload load 1b @ network + 1 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x03 ^ 0x00 ]\n"
               "[ cmp neq reg 1 0x00 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 ecn 1",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 8",
    },
    {
        .rule = "-m ecn --ecn-ip-ect 1",
        .canonical = "-m ecn --ecn-ip-ect 1",
        .nft = "[ payload load 1b @ network + 1 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x30 ^ 0x00 ]\n"
               "[ cmp eq reg 1 0x10 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ecn 1 dscp 8",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ecn 3 dscp 8",
    },
    {
        .rule = "-p tcp -m ecn ! --ecn-tcp-ece",
        .canonical = "-p tcp -m ecn ! --ecn-tcp-ece",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ match ecn rev 0 0x1010000000000000 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22 flags ece",
    },
};

constexpr Match kEcn{
    .name = "ecn",
    .options = kOptions,
    .list_name = "ECN match",
    .bare_error = "ECN match: some option required",
    .summary = "Looks at the bits of explicit congestion notification (RFC 3168).",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kEcn));

}  // namespace

const Match& row() { return kEcn; }

}  // namespace bulkhead::ext::match_ecn
