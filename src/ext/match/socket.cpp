// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_socket.h>

#include "ext/argument/number.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_socket {
namespace {

struct Flag {
  std::string_view option;
  uint8_t bit;
};

constexpr Flag kFlags[] = {
    {"transparent", XT_SOCKET_TRANSPARENT},
    {"nowildcard", XT_SOCKET_NOWILDCARD},
    {"restore-skmark", XT_SOCKET_RESTORESKMARK},
};

// The kernel's own match: it looks the socket up itself where the packet has none yet, and in
// PREROUTING none has one.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  uint8_t flags = 0;
  for (const ir::Argument& argument : arguments) {
    for (const Flag& flag : kFlags) {
      if (argument.option == flag.option) flags |= flag.bit;
    }
  }
  ir::Opaque match = xt_match<xt_socket_mtinfo3>(
      "socket", 3, [&](xt_socket_mtinfo3& info) { info.flags = flags; });
  // It changes the packet's mark, which what comes after it may ask for.
  match.stateful = (flags & XT_SOCKET_RESTORESKMARK) != 0;
  return ir::Predicate{std::move(match)};
}

constexpr Option kOptions[] = {
    {
        .name = "transparent",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "--transparent",
        .help = "only a socket with IP_TRANSPARENT",
        .sentence = "one with IP_TRANSPARENT",
    },
    {
        .name = "nowildcard",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "--nowildcard",
        .help = "a socket that listens on every address will do, too",
        .sentence = "or one that listens on every address",
    },
    {
        .name = "restore-skmark",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "--restore-skmark",
        .help = "if it matches, the packet gets the socket's mark",
        .sentence = "the packet gets the socket's mark",
    },
};

constexpr std::string_view kShownBy = "socket_test.cpp";

constexpr Example kExamples[] = {
    {
        .rule = "-m socket",
        .canonical = "-m socket",
        .nft = "[ match socket rev 3 0x0000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:54 in eth0",
        .shown_by = kShownBy,
    },
    {
        .rule = "-m socket --nowildcard --transparent",
        .canonical = "-m socket --transparent --nowildcard",
        .nft = "[ match socket rev 3 0x0300000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:80 in eth0",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:81 in eth0",
        .shown_by = kShownBy,
    },
    {
        .rule = "-m socket --restore-skmark",
        .canonical = "-m socket --restore-skmark",
        .nft = "[ match socket rev 3 0x0400000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth0",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:54 in eth0",
        .shown_by = kShownBy,
    },
};

constexpr Match kSocket{
    .name = "socket",
    .options = kOptions,
    .list_name = "socket",
    .hooks = "PREROUTING INPUT",
    .summary =
        "Whether a socket of this host waits for the packet, or has the connection that it belongs "
        "to (TCP and UDP, and ICMP errors about them). One that listens on every address doesn't "
        "count, unless --nowildcard is given.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kSocket));

}  // namespace

const Match& row() { return kSocket; }

}  // namespace bulkhead::ext::match_socket
