// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_owner.h>

#include <cerrno>

#include "ext/argument/number.h"
#include "ext/argument/owner_id.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_owner {
namespace {

struct Flag {
  std::string_view option;
  uint8_t bit;
};

constexpr Flag kFlags[] = {
    {"socket-exists", XT_OWNER_SOCKET},
    {"uid-owner", XT_OWNER_UID},
    {"gid-owner", XT_OWNER_GID},
    {"suppl-groups", XT_OWNER_SUPPL_GROUPS},
};

bool is_upside_down(const ir::Argument& argument) {
  if (argument.text.empty()) return false;
  const OwnerRange range = owner_range(argument.text);
  return range.first > range.last;
}

// The kernel's own match: `! --uid-owner` also holds where there is no socket, and `meta skuid` of
// nf_tables holds there neither way.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  for (const ir::Argument& argument : arguments) {
    if (is_upside_down(argument)) return kernel_refusal(EINVAL, "a range from high to low");
  }
  return ir::Predicate{xt_match<xt_owner_match_info>("owner", 1, [&](xt_owner_match_info& info) {
    for (const ir::Argument& argument : arguments) {
      for (const Flag& flag : kFlags) {
        if (argument.option != flag.option) continue;
        info.match |= flag.bit;
        if (argument.negated) info.invert |= flag.bit;
      }
      if (argument.text.empty()) continue;
      const bool user = argument.option == "uid-owner";
      const OwnerRange range = owner_range(argument.text);
      (user ? info.uid_min : info.gid_min) = range.first;
      (user ? info.uid_max : info.gid_max) = range.last;
    }
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "socket-exists",
        .type = &kFlag,
        .list = "{! }owner socket exists",
        .help = "a socket of this host sends it",
        .sentence = "{not }a socket of this host sends it",
    },
    {
        .name = "uid-owner",
        .type = &kUsers,
        .list = "{! }owner UID match {}",
        .help = "the user of the socket's process, or a range of numbers",
        .sentence = "the user who sends it is {not }{}",
    },
    {
        .name = "gid-owner",
        .type = &kGroups,
        .list = "{! }owner GID match {}",
        .help = "the group of the socket's process, or a range of numbers",
        .sentence = "the group that sends it is {not }{}",
    },
    {
        .name = "suppl-groups",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .after = "gid-owner",
        .after_error = "owner: Bad value for \"--suppl-groups\" option: \"you need to use "
                       "--gid-owner first\"",
        .list = "incl. suppl. groups",
        .help = "one of the user's further groups will do, too",
        .sentence = "or one of the user's further groups",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m owner --uid-owner root --gid-owner 0x0:0x0",
        .canonical = "-m owner --uid-owner 0 --gid-owner 0",
        .nft = "[ match owner rev 1 0x000000000000000000000000000000000300000000000000 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0 uid 0 gid 0",
        .miss = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0 uid 0 gid 4",
    },
    {
        .rule = "-m owner --uid-owner 1000:1999",
        .canonical = "-m owner --uid-owner 1000-1999",
        .nft = "[ match owner rev 1 0xe8030000cf07000000000000000000000100000000000000 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0 uid 1999",
        .miss = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0 uid 2000",
    },
    {
        .rule = "-m owner ! --uid-owner 1000",
        .canonical = "-m owner ! --uid-owner 1000",
        .nft = "[ match owner rev 1 0xe8030000e803000000000000000000000101000000000000 ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0 uid 1001",
        .miss = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0 uid 1000",
    },
    {
        .rule = "-m owner ! --gid-owner adm",
        .canonical = "-m owner ! --gid-owner 4",
        .nft = "[ match owner rev 1 0x000000000000000004000000040000000202000000000000 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0 uid 1000 gid 1000",
        .miss = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0 uid 1000 gid 4",
    },
    {
        .rule = "-m owner --gid-owner 1000 --suppl-groups",
        .canonical = "-m owner --gid-owner 1000 --suppl-groups",
        .nft = "[ match owner rev 1 0x0000000000000000e8030000e80300000a00000000000000 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0 gid 1000",
        .miss = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0 gid 1001",
    },
    {
        .rule = "-p udp -m owner --socket-exists",
        .canonical = "-p udp -m owner --socket-exists",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match owner rev 1 0x000000000000000000000000000000000400000000000000 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "tcp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-p udp -m owner ! --socket-exists",
        .canonical = "-p udp -m owner ! --socket-exists",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match owner rev 1 0x000000000000000000000000000000000404000000000000 ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "tcp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .shown_by = "owner_test.cpp",
    },
};

constexpr Match kOwner{
    .name = "owner",
    .options = kOptions,
    .bare_error = "owner: At least one of --uid-owner, --gid-owner or --socket-exists is required",
    .hooks = "OUTPUT POSTROUTING",
    .summary = "Who sends the packet, of what this host's own processes send.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kOwner));

}  // namespace

const Match& row() { return kOwner; }

}  // namespace bulkhead::ext::match_owner
