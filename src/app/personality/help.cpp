// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/personality/help.h"

#include <fmt/format.h>

#include "app/personality/personality.h"
#include "ext/help.h"

namespace bulkhead::app {

namespace {

constexpr std::string_view kUsage = R"(Usage: {0} -[ACD] CHAIN RULE [OPTIONS]
       {0} -I CHAIN [NUMBER] RULE [OPTIONS]
       {0} -R CHAIN NUMBER RULE [OPTIONS]
       {0} -D CHAIN NUMBER [OPTIONS]
       {0} -[LS] [CHAIN [NUMBER]] [OPTIONS]
       {0} -[FZ] [CHAIN] [OPTIONS]
       {0} -[NX] CHAIN
       {0} -E OLD-NAME NEW-NAME
       {0} -P CHAIN ACCEPT|DROP [OPTIONS]
       {0} [-m MATCH] [-j TARGET] -h

Commands:
  -A, --append CHAIN            add a rule at the end of a chain
  -C, --check CHAIN             exit with 0 if the chain has the rule
  -D, --delete CHAIN [NUMBER]   take out the rule, by its words or its number
  -I, --insert CHAIN [NUMBER]   put a rule in front of that number (1)
  -R, --replace CHAIN NUMBER    put a rule in the place of another
  -L, --list [CHAIN [NUMBER]]   show rules as a table
  -S, --list-rules [CHAIN [NUMBER]]
                                show rules as the commands that make them
  -F, --flush [CHAIN]           take out all rules
  -Z, --zero [CHAIN [NUMBER]]   set counters to zero
  -N, --new-chain CHAIN         make a chain
  -X, --delete-chain [CHAIN]    take out an empty chain that no rule jumps to, or all of them
  -P, --policy CHAIN POLICY     what becomes of a packet that comes to the end of a built-in chain
  -E, --rename-chain OLD NEW    give a chain another name, and change the jumps to it

Rules ([!]: may be negated by a ! in front):
  [!] -p, --protocol NAME       tcp, udp, icmp ... or a number
  [!] -s, --source ADDRESS[/MASK][,...]
  [!] -d, --destination ADDRESS[/MASK][,...]
  [!] -i, --in-interface NAME[+]
  [!] -o, --out-interface NAME[+]
)";

constexpr std::string_view kFragment =
    "  [!] -f, --fragments           second and later fragments\n";

constexpr std::string_view kOptions =
    R"(  -m, --match NAME              more conditions, with options of their own
  -j, --jump TARGET             what to do with the packet
  -g, --goto CHAIN              go to a chain and don't come back
  -c, --set-counters PACKETS BYTES
                                what the rule counts from

Options:
  -t, --table NAME              filter (the default), nat, mangle, raw or security
  -n, --numeric                 show addresses and ports as numbers
  -v, --verbose                 say more
  -x, --exact                   show counters in full
      --line-numbers            show the rules' numbers
  -w, --wait [SECONDS]          how long to wait for other programs that change the rules
  -4, --ipv4; -6, --ipv6        in a restore file: the line is for this family only
      --modprobe COMMAND        ignored: no module has to be loaded
  -V, --version
)";

}  // namespace

std::string help_text(std::string_view program, net::Family family, const lang::Help& help) {
  std::string text = version_line(program) + '\n' + fmt::format(fmt::runtime(kUsage), program);
  if (family == net::Family::kIpv4) text += kFragment;
  text += kOptions;
  if (help.target != nullptr) text += '\n' + ext::help(*help.target);
  for (const ext::Match* match : help.matches) text += '\n' + ext::help(*match);
  return text;
}

}  // namespace bulkhead::app
