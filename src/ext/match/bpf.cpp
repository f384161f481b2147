// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_bpf.h>

#include <algorithm>

#include "ext/argument/bpf_program.h"
#include "ext/argument/plain_word.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_bpf {
namespace {

bool is_pinned(const ir::Argument& argument) { return argument.option == "object-pinned"; }

Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  if (arguments.size() == 1) return {};
  return usage_error("bpf: one of --bytecode or --pinned is required");
}

// The kernel looks the pinned program up by its path; iptables-legacy sends it the number of an
// open file as well, which is another at every start.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const ir::Argument& argument = arguments.front();
  ir::Opaque match = xt_match<xt_bpf_info_v1>("bpf", 1, [&](xt_bpf_info_v1& info) {
    if (is_pinned(argument)) {
      info.mode = XT_BPF_MODE_PATH_PINNED;
      std::ranges::copy(argument.text, info.path);
      return;
    }
    const std::vector<sock_filter> program = bpf_program(argument.text);
    info.mode = XT_BPF_MODE_BYTECODE;
    info.bpf_program_num_elem = static_cast<uint16_t>(program.size());
    std::ranges::copy(program, info.bpf_program);
  });
  match.stateful = is_pinned(argument);  // it may have maps
  return ir::Predicate{std::move(match)};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  const ir::Argument& argument = arguments.front();
  if (is_pinned(argument)) return "match bpf pinned " + argument.text;
  return "match bpf " + bpf_instructions(argument.text);
}

constexpr Option kOptions[] = {
    {
        .name = "bytecode",
        .type = &kBpfProgram,
        .negation = Negation::kRefused,
        .help = "a program, as nfbpf_compile(8) writes it for the link type RAW",
        .sentence = "the program {} says so",
    },
    {
        .name = "object-pinned",
        .type = &kPlainWord<XT_BPF_PATH_MAX - 1>,
        .negation = Negation::kRefused,
        .help = "the path of a program in a BPF file system",
        .sentence = "the program in {} says so",
    },
};

constexpr Example kExamples[] = {
    // The byte of the IP header that names the protocol is 6.
    {
        .rule = "-m bpf --bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\"",
        .canonical = "-m bpf --bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\"",
        .nft = "[ match bpf rev 1 "
               "0x000004000000000030000000090000001500000106000000060000000100000006(495 zeros) ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    // The hop limit is 64.
    {
        .rule = "-m bpf --bytecode \"4,48 0 0 7,21 0 1 64,6 0 0 65535,6 0 0 0,\"",
        .canonical = "-m bpf --bytecode \"4,48 0 0 7,21 0 1 64,6 0 0 65535,6 0 0 0\"",
        .nft = "[ match bpf rev 1 "
               "0x00000400000000003000000007000000150000014000000006000000ffff000006(495 zeros) ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 65",
    },
    {
        .rule = "-m bpf --object-pinned /sys/fs/bpf/filter",
        .canonical = "-m bpf --object-pinned /sys/fs/bpf/filter",
        .nft =
            "[ match bpf rev 1 0x01000000000000002f7379732f66732f6270662f66696c746572(502 zeros) ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:54",
        .shown_by = "bpf_test.cpp",
    },
};

constexpr Match kBpf{
    .name = "bpf",
    .options = kOptions,
    .list_glued = true,
    .bare_error = "bpf: one of --bytecode or --pinned is required",
    .summary =
        "Asks a BPF program, which sees the packet from its IP header on; it holds where that "
        "returns anything but 0.",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kBpf));

}  // namespace

const Match& row() { return kBpf; }

}  // namespace bulkhead::ext::match_bpf
