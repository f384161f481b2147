// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/arguments.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_ecn {
namespace {

constexpr uint8_t kRemoveOrCwr = 1;

// RFC 3168: two bits of the TCP header, CWR and ECE, and two of the IP header.
constexpr ir::Field kTcpEcn{
    "tcp ecn", "ECN bits of TCP", ir::Kind::kFlags, ir::at(ir::Base::kTransport, 104, 2), {}};
constexpr ir::Field kIpEcn{
    "ecn", "ECN codepoint", ir::Kind::kNumber, ir::at(ir::Base::kNetwork, 14, 2), {}};
constexpr unsigned kCwr = 2;
constexpr unsigned kEce = 1;

// As the kernel keeps it: --ecn-tcp-remove is both bits and nothing else.
Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  const ir::Argument* remove = find(arguments, "ecn-tcp-remove");
  const ir::Argument* ece = find(arguments, "ecn-tcp-ece");
  const ir::Argument* cwr = find(arguments, "ecn-tcp-cwr");
  if (remove != nullptr && ece != nullptr) {
    return usage_error(
        "ECN: option \"--ecn-tcp-remove\" cannot be used together with \"--ecn-tcp-ece\".");
  }
  const bool ip = find(arguments, "ecn-ip-ect") != nullptr;
  const auto argument = [](std::string_view option, std::string_view text) {
    return ir::Argument{std::string(option), false, std::string(text), {}};
  };
  if (remove != nullptr && ip) {
    arguments = {argument("ecn-tcp-ece", "0"), argument("ecn-tcp-cwr", "0"), arguments.back()};
  } else if (!ip && ece != nullptr && cwr != nullptr && ece->text == "0" && cwr->text == "0") {
    arguments = {argument("ecn-tcp-remove", "")};
  }
  return {};
}

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  ir::Assign tcp{.field = &kTcpEcn, .keep = kCwr | kEce, .flip = 0};
  bool writes_tcp = false;
  const auto write = [&](unsigned bit, bool set) {
    tcp.keep &= ~U128{bit};
    if (set) tcp.flip |= bit;
    writes_tcp = true;
  };
  const ir::Argument* ip = find(arguments, "ecn-ip-ect");
  if (find(arguments, "ecn-tcp-remove") != nullptr) write(kCwr | kEce, false);
  if (const auto* ece = find(arguments, "ecn-tcp-ece")) write(kEce, ece->text == "1");
  if (const auto* cwr = find(arguments, "ecn-tcp-cwr")) write(kCwr, cwr->text == "1");
  if (writes_tcp && (context.protocol != IPPROTO_TCP || context.protocol_negated))
    return kernel_refusal(EINVAL, "ECN needs -p tcp for the bits of the TCP header");
  if (writes_tcp && ip != nullptr) {
    return kernel_refusal(EOPNOTSUPP,
                          "ECN writes one header only: make two rules, one with --ecn-ip-ect");
  }
  if (writes_tcp) return ir::Action{tcp};
  return ir::Action{ir::Assign{.field = &kIpEcn, .keep = 0, .flip = canonical_number(ip->text)}};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  std::string text = "ECN";
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "ecn-tcp-remove") text += " TCP remove";
    if (argument.option == "ecn-tcp-ece") text += fmt::format(" ECE={}", argument.text);
    if (argument.option == "ecn-tcp-cwr") text += fmt::format(" CWR={}", argument.text);
    if (argument.option == "ecn-ip-ect") text += fmt::format(" ECT codepoint={}", argument.text);
  }
  return text;
}

constexpr Option kOptions[] = {
    {
        .name = "ecn-tcp-remove",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kRemoveOrCwr,
        .help = "clears both bits of the TCP header",
        .sentence = "cleared in the TCP header",
    },
    {
        .name = "ecn-tcp-ece",
        .type = &kNumber<0, 1>,
        .negation = Negation::kRefused,
        .help = "the bit ECE of the TCP header",
        .sentence = "changed to ECE {}",
    },
    {
        .name = "ecn-tcp-cwr",
        .type = &kNumber<0, 1>,
        .negation = Negation::kRefused,
        .group = kRemoveOrCwr,
        .help = "the bit CWR of the TCP header",
        .sentence = "changed to CWR {}",
    },
    {
        .name = "ecn-ip-ect",
        .type = &kNumber<0, 3>,
        .negation = Negation::kRefused,
        .help = "the codepoint in the IP header",
        .sentence = "changed to codepoint {} in the IP header",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j ECN --ecn-tcp-remove",
        .canonical = "-p tcp -j ECN --ecn-tcp-remove",
        .nft = "[ jump do/filter/1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
    },
    {
        .rule = "-p tcp -j ECN --ecn-tcp-cwr 0 --ecn-tcp-ece 1",
        .canonical = "-p tcp -j ECN --ecn-tcp-ece 1 --ecn-tcp-cwr 0",
        .nft = "[ jump do/filter/1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j ECN --ecn-ip-ect 2",
        .canonical = "-p udp -j ECN --ecn-ip-ect 2",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfffc ^ 0x0002 ]\n"
               "[ payload write reg 1 => 2b @ network + 0 checksum @ 10 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "mangle",
    },
    {
        .rule = "-p tcp -j ECN --ecn-tcp-remove --ecn-ip-ect 0",
        .canonical = "-p tcp -j ECN --ecn-tcp-ece 0 --ecn-tcp-cwr 0 --ecn-ip-ect 0",
        .table = "mangle",
        .chain = "INPUT",
        .refused = true,
    },
};

constexpr Target kEcn{
    .name = "ECN",
    .families = Families::kIpv4,
    .tables = "mangle",
    .options = kOptions,
    .bare_error = "ECN target: An operation is required",
    .summary =
        "Clears or sets the bits of explicit congestion notification, for hosts behind routers "
        "that "
        "can't bear them, and goes on with the next rule. A packet whose TCP header isn't all "
        "there "
        "is dropped.",
    .sentence = "its ECN bits are",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kEcn));

}  // namespace

const Target& row() { return kEcn; }

}  // namespace bulkhead::ext::target_ecn
