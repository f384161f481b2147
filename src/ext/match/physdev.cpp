// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/if.h>
#include <linux/netfilter/xt_physdev.h>

#include <cstdint>
#include <cstring>

#include "ext/argument/interface.h"
#include "ext/argument/number.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_physdev {
namespace {

struct Question {
  std::string_view option;
  uint8_t bit;
};

constexpr Question kQuestions[] = {
    {"physdev-is-in", XT_PHYSDEV_OP_ISIN},         {"physdev-in", XT_PHYSDEV_OP_IN},
    {"physdev-is-out", XT_PHYSDEV_OP_ISOUT},       {"physdev-out", XT_PHYSDEV_OP_OUT},
    {"physdev-is-bridged", XT_PHYSDEV_OP_BRIDGED},
};

// The mask says which bytes of the name count: with a '+' those before it, else all, the final
// zero among them.
void set_port(std::string_view text, char (&name)[IFNAMSIZ], char (&mask)[IFNAMSIZ]) {
  std::memcpy(name, text.data(), text.size());
  std::memset(mask, 0xff, text.ends_with('+') ? text.size() - 1 : text.size() + 1);
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_match<xt_physdev_info>("physdev", 0, [&](xt_physdev_info& info) {
    for (const ir::Argument& argument : arguments) {
      for (const Question& question : kQuestions) {
        if (argument.option != question.option) continue;
        info.bitmask |= question.bit;
        if (argument.negated) info.invert |= question.bit;
      }
      if (argument.option == "physdev-in") set_port(argument.text, info.physindev, info.in_mask);
      if (argument.option == "physdev-out") set_port(argument.text, info.physoutdev, info.out_mask);
    }
  })};
}

// What the host itself sends has no port before it is bridged (physdev_mt_check of xt_physdev.c).
constexpr std::string_view kOutHooks = "PREROUTING INPUT FORWARD POSTROUTING";
constexpr std::string_view kBridged = "physdev-is-bridged";

constexpr Option kOptions[] = {
    {
        .name = "physdev-is-in",
        .type = &kFlag,
        .list = "{! }--physdev-is-in",
        .help = "it came in by a port of a bridge",
        .sentence = "it came in {not }by a port of a bridge",
    },
    {
        .name = "physdev-in",
        .type = &kInterface,
        .warning = interface_warning,
        .list = "{! }--physdev-in {}",
        .help = "the port of a bridge that it came in by; with a '+' all that begin so",
        .sentence = "the bridge's port that it came in by is {not }{}",
    },
    {
        .name = "physdev-is-out",
        .type = &kFlag,
        .hooks = kOutHooks,
        .hooks_lifted_by = kBridged,
        .list = "{! }--physdev-is-out",
        .help = "it will leave by a port of a bridge",
        .sentence = "it leaves {not }by a port of a bridge",
    },
    {
        .name = "physdev-out",
        .type = &kInterface,
        .hooks = kOutHooks,
        .hooks_lifted_by = kBridged,
        .warning = interface_warning,
        .list = "{! }--physdev-out {}",
        .help = "the port of a bridge that it will leave by; only a bridged packet's is known",
        .sentence = "the bridge's port that it leaves by is {not }{}",
    },
    {
        .name = "physdev-is-bridged",
        .type = &kFlag,
        .list = "{! }--physdev-is-bridged",
        .help = "it is bridged, not routed",
        .sentence = "it is {not }bridged",
    },
};

// Of eth2 and eth3, which are the ports of a bridge.
constexpr Example kExamples[] = {
    {
        .rule = "-m physdev --physdev-is-in",
        .canonical = "-m physdev --physdev-is-in",
        .nft = "[ match physdev rev 0 0x(65 zeros)08000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth2",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
    },
    {
        .rule = "-m physdev ! --physdev-is-in",
        .canonical = "-m physdev ! --physdev-is-in",
        .nft = "[ match physdev rev 0 0x(64 zeros)0808000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth2",
    },
    {
        .rule = "-m physdev --physdev-in eth2",
        .canonical = "-m physdev --physdev-in eth2",
        .nft = "[ match physdev rev 0 0x65746832000000000000000000000000ffffffffff(44 "
               "zeros)01000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth2",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth3",
    },
    {
        .rule = "-m physdev ! --physdev-in eth2",
        .canonical = "-m physdev ! --physdev-in eth2",
        .nft = "[ match physdev rev 0 0x65746832000000000000000000000000ffffffffff(43 "
               "zeros)0101000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth3",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth2",
    },
    {
        .rule = "-m physdev --physdev-in et+ --physdev-is-bridged --physdev-is-in",
        .canonical = "-m physdev --physdev-is-in --physdev-in et+ --physdev-is-bridged",
        .nft = "[ match physdev rev 0 0x65742b00000000000000000000000000ffff(47 "
               "zeros)0d000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.7:53 in eth2 out eth3",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth2",
    },
    {
        .rule = "-m physdev ! --physdev-is-bridged",
        .canonical = "-m physdev ! --physdev-is-bridged",
        .nft = "[ match physdev rev 0 0x(64 zeros)0404000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 203.0.113.1:53 in eth0 out eth1",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.7:53 in eth2 out eth3",
    },
    {
        .rule = "-m physdev --physdev-is-out",
        .canonical = "-m physdev --physdev-is-out",
        .nft = "[ match physdev rev 0 0x(65 zeros)10000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.7:53 in eth2 out eth3",
        .miss = "udp 192.0.2.1:40000 > 203.0.113.1:53 in eth2 out eth1",
    },
    {
        .rule = "-m physdev ! --physdev-is-out",
        .canonical = "-m physdev ! --physdev-is-out",
        .nft = "[ match physdev rev 0 0x(64 zeros)1010000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 203.0.113.1:53 in eth2 out eth1",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.7:53 in eth2 out eth3",
    },
    {
        .rule = "-m physdev --physdev-is-bridged --physdev-out eth3",
        .canonical = "-m physdev --physdev-out eth3 --physdev-is-bridged",
        .nft = "[ match physdev rev 0 "
               "0x000000000000000000000000000000000000000000000000000000000000000065746833000000000"
               "000000000000000ffffffffff00000000000000000000000006000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::7]:53 in eth2 out eth3",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::7]:53 in eth3 out eth2",
    },
    {
        .rule = "-m physdev ! --physdev-out eth3",
        .canonical = "-m physdev ! --physdev-out eth3",
        .nft = "[ match physdev rev 0 "
               "0x000000000000000000000000000000000000000000000000000000000000000065746833000000000"
               "000000000000000ffffffffff00000000000000000000000202000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.7:53 in eth3 out eth2",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.7:53 in eth2 out eth3",
    },
};

constexpr Match kPhysdev{
    .name = "physdev",
    .options = kOptions,
    .list_name = "PHYSDEV match",
    .bare_error = "PHYSDEV: no physdev option specified",
    .summary =
        "The ports of a bridge that a packet comes in and leaves by, where the bridge shows "
        "its packets to iptables (sysctl net.bridge.bridge-nf-call-iptables).",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kPhysdev));

}  // namespace

const Match& row() { return kPhysdev; }

}  // namespace bulkhead::ext::match_physdev
