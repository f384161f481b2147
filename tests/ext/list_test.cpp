// SPDX-License-Identifier: GPL-2.0-or-later
// What -L shows, with -n and without, and what -S does: iptables-legacy 1.8.9 printed these.

#include <gtest/gtest.h>

#include "ext/rule_text.h"

namespace bulkhead::ext {
namespace {

struct Listed {
  net::Family family;
  std::string_view rule;
  std::string_view save;
  std::string_view numeric;
  std::string_view named;
};

constexpr net::Family k4 = net::Family::kIpv4;
constexpr net::Family k6 = net::Family::kIpv6;

constexpr Listed kListed[] = {
    {k4, "-p tcp -m tcp", "-p tcp -m tcp", "tcp", "tcp"},
    {k4, "-p tcp --dport ssh --sport 1024:", "-p tcp -m tcp --sport 1024:65535 --dport 22",
     "tcp spts:1024:65535 dpt:22", "tcp spts:1024:65535 dpt:ssh"},
    {k4, "-p tcp --dport 0:65535", "-p tcp -m tcp", "tcp", "tcp"},
    {k4, "-p tcp --dport :", "-p tcp -m tcp", "tcp", "tcp"},
    {k4, "-p tcp ! --sport 22:80 ! --dport 80", "-p tcp -m tcp ! --sport 22:80 ! --dport 80",
     "tcp spts:!22:80 dpt:!80", "tcp spts:!ssh:http dpt:!http"},
    {k4, "-p tcp --dport 0x16", "-p tcp -m tcp --dport 22", "tcp dpt:22", "tcp dpt:ssh"},
    {k4, "-p tcp --dport 026", "-p tcp -m tcp --dport 22", "tcp dpt:22", "tcp dpt:ssh"},
    {k4, "-p tcp --dport +22", "-p tcp -m tcp --dport 22", "tcp dpt:22", "tcp dpt:ssh"},
    {k4, "-p tcp --dport 22:22", "-p tcp -m tcp --dport 22", "tcp dpt:22", "tcp dpt:ssh"},
    {k4, "-p tcp ! --syn", "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN",
     "tcp flags:!0x17/0x02", "tcp flags:!FIN,SYN,RST,ACK/SYN"},
    {k4, "-p tcp --tcp-flags ALL NONE", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE",
     "tcp flags:0x3F/0x00", "tcp flags:FIN,SYN,RST,PSH,ACK,URG/NONE"},
    {k4, "-p tcp --tcp-flags NONE NONE", "-p tcp -m tcp", "tcp", "tcp"},
    {k4, "-p tcp ! --tcp-flags NONE NONE", "-p tcp -m tcp ! --tcp-flags NONE NONE",
     "tcp flags:!0x00/0x00", "tcp flags:!NONE/NONE"},
    {k4, "-p tcp --tcp-flags SYN,ACK syn,fin", "-p tcp -m tcp --tcp-flags SYN,ACK FIN,SYN",
     "tcp flags:0x12/0x03", "tcp flags:SYN,ACK/FIN,SYN"},
    {k4, "-p tcp --tcp-flags SYN,, ,", "-p tcp -m tcp --tcp-flags SYN NONE", "tcp flags:0x02/0x00",
     "tcp flags:SYN/NONE"},
    {k4, "-p tcp ! --tcp-option 2", "-p tcp -m tcp ! --tcp-option 2", "tcp option=!2",
     "tcp option=!2"},
    {k4, "-p tcp --tcp-option 2 --tcp-flags ALL SYN --dport 22 --sport 80",
     "-p tcp -m tcp --sport 80 --dport 22 --tcp-option 2 --tcp-flags FIN,SYN,RST,PSH,ACK,URG SYN",
     "tcp spt:80 dpt:22 option=2 flags:0x3F/0x02",
     "tcp spt:http dpt:ssh option=2 flags:FIN,SYN,RST,PSH,ACK,URG/SYN"},

    {k4, "-p udp --dport domain --sport 1024:", "-p udp -m udp --sport 1024:65535 --dport 53",
     "udp spts:1024:65535 dpt:53", "udp spts:1024:65535 dpt:domain"},
    {k4, "-p udp ! --dport 67:68", "-p udp -m udp ! --dport 67:68", "udp dpts:!67:68",
     "udp dpts:!bootps:bootpc"},
    {k4, "-p udp --dport 68:67", "-p udp -m udp --dport 68:67", "udp dpts:68:67",
     "udp dpts:bootpc:bootps"},
    {k4, "-p udp --dport 026", "-p udp -m udp --dport 26", "udp dpt:26", "udp dpt:26"},
    {k4, "-p udp --dport ssh", "-p udp -m udp --dport 22", "udp dpt:22", "udp dpt:22"},

    {k4, "-p icmp --icmp-type echo-req", "-p icmp -m icmp --icmp-type 8", "icmptype 8",
     "icmp echo-request"},
    {k4, "-p icmp ! --icmp-type 8", "-p icmp -m icmp ! --icmp-type 8", "icmp !type 8",
     "icmp !echo-request"},
    {k4, "-p icmp --icmp-type any", "-p icmp -m icmp --icmp-type any", "icmptype 255", "icmp any"},
    {k4, "-p icmp ! --icmp-type 255", "-p icmp -m icmp ! --icmp-type any", "icmp !type 255",
     "icmp !any"},
    {k4, "-p icmp --icmp-type 8/0", "-p icmp -m icmp --icmp-type 8/0", "icmptype 8 code 0",
     "icmptype 8 code 0"},
    {k4, "-p icmp --icmp-type HOST-unreachable", "-p icmp -m icmp --icmp-type 3/1",
     "icmptype 3 code 1", "icmp host-unreachable"},
    {k4, "-p icmp --icmp-type 3/0:255", "-p icmp -m icmp --icmp-type 3", "icmptype 3",
     "icmp destination-unreachable"},
    {k4, "-p icmp --icmp-type 3:3", "-p icmp -m icmp --icmp-type 3", "icmptype 3",
     "icmp destination-unreachable"},
    {k4, "-p icmp --icmp-type 010", "-p icmp -m icmp --icmp-type 8", "icmptype 8",
     "icmp echo-request"},
    {k6, "-p icmpv6 --icmpv6-type ping", "-p ipv6-icmp -m icmp6 --icmpv6-type 128",
     "ipv6-icmptype 128", "ipv6-icmp echo-request"},
    {k6, "-p icmpv6 ! --icmpv6-type 1/4", "-p ipv6-icmp -m icmp6 ! --icmpv6-type 1/4",
     "ipv6-icmp !type 1 code 4", "ipv6-icmp !port-unreachable"},
    {k6, "-p icmpv6 --icmpv6-type 255", "-p ipv6-icmp -m icmp6 --icmpv6-type 255",
     "ipv6-icmptype 255", "ipv6-icmptype 255"},
    {k6, "-p icmpv6 --icmpv6-type neighbor-solicitation", "-p ipv6-icmp -m icmp6 --icmpv6-type 135",
     "ipv6-icmptype 135", "ipv6-icmp neighbour-solicitation"},

    {k4, "-m state --state new,UNTRACKED,INVALID", "-m state --state INVALID,NEW,UNTRACKED",
     "state INVALID,NEW,UNTRACKED", "state INVALID,NEW,UNTRACKED"},
    {k4, "-m state --state E", "-m state --state ESTABLISHED", "state ESTABLISHED",
     "state ESTABLISHED"},
    {k4, "-m state ! --state ESTABLISHED,RELATED", "-m state ! --state RELATED,ESTABLISHED",
     "! state RELATED,ESTABLISHED", "! state RELATED,ESTABLISHED"},
    {k4, "-m conntrack --ctstate NEW,ESTABLISHED,RELATED,INVALID,UNTRACKED",
     "-m conntrack --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED",
     "ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED",
     "ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED"},
    {k6, "-m conntrack ! --ctstate rel,est", "-m conntrack ! --ctstate RELATED,ESTABLISHED",
     "! ctstate RELATED,ESTABLISHED", "! ctstate RELATED,ESTABLISHED"},

    {k4, "-m comment --comment foo", "-m comment --comment foo", "/* foo */", "/* foo */"},
    {k4, "-m comment --comment \"\"", "-m comment --comment \"\"", "/*  */", "/*  */"},
    {k4, "-m comment --comment \"it's\"", "-m comment --comment \"it\\'s\"", "/* it's */",
     "/* it's */"},

    {k4, "-p tcp -m multiport --dports ssh,http:443", "-p tcp -m multiport --dports 22,80:443",
     "multiport dports 22,80:443", "multiport dports ssh,http:https"},
    {k4, "-p tcp -m multiport ! --ports 22,80:90", "-p tcp -m multiport ! --ports 22,80:90",
     "multiport ports  !22,80:90", "multiport ports  !ssh,http:90"},
    {k4, "-p tcp -m multiport --source-ports 80,22,80", "-p tcp -m multiport --sports 80,22,80",
     "multiport sports 80,22,80", "multiport sports http,ssh,http"},

    {k4, "-m limit", "-m limit --limit 3/hour", "limit: avg 3/hour burst 5",
     "limit: avg 3/hour burst 5"},
    {k4, "-m limit --limit 5", "-m limit --limit 5/sec", "limit: avg 5/sec burst 5",
     "limit: avg 5/sec burst 5"},
    {k4, "-m limit --limit 7/minute --limit-burst 0xa", "-m limit --limit 7/min --limit-burst 10",
     "limit: avg 7/min burst 10", "limit: avg 7/min burst 10"},
    {k4, "-m limit --limit 60/hour --limit-burst 5", "-m limit --limit 1/min",
     "limit: avg 1/min burst 5", "limit: avg 1/min burst 5"},
    {k4, "-m limit --limit 24/day", "-m limit --limit 1/hour", "limit: avg 1/hour burst 5",
     "limit: avg 1/hour burst 5"},
    {k4, "-m limit --limit 1000/day", "-m limit --limit 1000/day", "limit: avg 1000/day burst 5",
     "limit: avg 1000/day burst 5"},
    {k4, "-m limit --limit 7000/s", "-m limit --limit 10000/sec", "limit: avg 10000/sec burst 5",
     "limit: avg 10000/sec burst 5"},
    {k4, "-m limit --limit 5x/S", "-m limit --limit 5/sec", "limit: avg 5/sec burst 5",
     "limit: avg 5/sec burst 5"},

    {k4, "-m owner --uid-owner root", "-m owner --uid-owner 0", "owner UID match 0",
     "owner UID match root"},
    {k4, "-m owner --uid-owner 0x10:020", "-m owner --uid-owner 16", "owner UID match 16",
     "owner UID match 16"},
    {k4, "-m owner --uid-owner 0-10", "-m owner --uid-owner 0-10", "owner UID match 0-10",
     "owner UID match 0-10"},
    {k4, "-m owner --gid-owner adm --suppl-groups ! --uid-owner 0 --socket-exists",
     "-m owner --socket-exists ! --uid-owner 0 --gid-owner 4 --suppl-groups",
     "owner socket exists ! owner UID match 0 owner GID match 4 incl. suppl. groups",
     "owner socket exists ! owner UID match root owner GID match adm incl. suppl. groups"},
    {k6, "-m owner ! --socket-exists", "-m owner ! --socket-exists", "! owner socket exists",
     "! owner socket exists"},
    {k6, "-m owner ! --gid-owner 4:9 --suppl-groups", "-m owner ! --gid-owner 4-9 --suppl-groups",
     "! owner GID match 4-9 incl. suppl. groups", "! owner GID match 4-9 incl. suppl. groups"},

    {k4,
     "-m physdev --physdev-is-bridged --physdev-out eth1 --physdev-is-out --physdev-in eth0 "
     "--physdev-is-in",
     "-m physdev --physdev-is-in --physdev-in eth0 --physdev-is-out --physdev-out eth1 "
     "--physdev-is-bridged",
     "PHYSDEV match --physdev-is-in --physdev-in eth0 --physdev-is-out --physdev-out eth1 "
     "--physdev-is-bridged",
     "PHYSDEV match --physdev-is-in --physdev-in eth0 --physdev-is-out --physdev-out eth1 "
     "--physdev-is-bridged"},
    {k6, "-m physdev ! --physdev-is-in ! --physdev-in +",
     "-m physdev ! --physdev-is-in ! --physdev-in +",
     "PHYSDEV match ! --physdev-is-in ! --physdev-in +",
     "PHYSDEV match ! --physdev-is-in ! --physdev-in +"},

    {k4, "-j NFLOG", "-j NFLOG", "", ""},
    {k4, "-j NFLOG --nflog-group 0 --nflog-range 0 --nflog-threshold 0", "-j NFLOG", "", ""},
    {k4, "-j NFLOG --nflog-size 0", "-j NFLOG --nflog-size 0", "nflog-size 0", "nflog-size 0"},
    {k4,
     "-j NFLOG --nflog-threshold 3 --nflog-size 0x2 --nflog-group 4 --nflog-prefix \"it's "
     "\\\"q\\\"\"",
     "-j NFLOG --nflog-prefix \"it\\'s \\\"q\\\"\" --nflog-group 4 --nflog-size 2 "
     "--nflog-threshold 3",
     "nflog-prefix \"it\\'s \\\"q\\\"\" nflog-group 4 nflog-size 2 nflog-threshold 3",
     "nflog-prefix \"it\\'s \\\"q\\\"\" nflog-group 4 nflog-size 2 nflog-threshold 3"},
    {k6, "-j NFLOG --nflog-range 7", "-j NFLOG --nflog-range 7", "nflog-range 7", "nflog-range 7"},
    {k4,
     "-j NFLOG --nflog-prefix "
     "xxxxxxxxx1xxxxxxxxx2xxxxxxxxx3xxxxxxxxx4xxxxxxxxx5xxxxxxxxx6xxxxxxxxx7",
     "-j NFLOG --nflog-prefix xxxxxxxxx1xxxxxxxxx2xxxxxxxxx3xxxxxxxxx4xxxxxxxxx5xxxxxxxxx6xxx",
     "nflog-prefix xxxxxxxxx1xxxxxxxxx2xxxxxxxxx3xxxxxxxxx4xxxxxxxxx5xxxxxxxxx6xxx",
     "nflog-prefix xxxxxxxxx1xxxxxxxxx2xxxxxxxxx3xxxxxxxxx4xxxxxxxxx5xxxxxxxxx6xxx"},
    {k4, "-j ACCEPT", "-j ACCEPT", "", ""},
    {k4, "-j LOG", "-j LOG", "LOG flags 0 level 4", "LOG level warn"},
    {k4, "-j LOG --log-level error --log-prefix \"foo: \"",
     "-j LOG --log-prefix \"foo: \" --log-level 3", "LOG flags 0 level 3 prefix \"foo: \"",
     "LOG level err prefix \"foo: \""},
    {k4, "-j LOG --log-prefix 0123456789012345678901234567890123456789",
     "-j LOG --log-prefix 01234567890123456789012345678",
     "LOG flags 0 level 4 prefix \"01234567890123456789012345678\"",
     "LOG level warn prefix \"01234567890123456789012345678\""},
    {k4,
     "-j LOG --log-level 7 --log-macdecode --log-uid --log-ip-options --log-tcp-options "
     "--log-tcp-sequence",
     "-j LOG --log-level 7 --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid "
     "--log-macdecode",
     "LOG flags 47 level 7", "LOG level debug tcp-sequence tcp-options ip-options uid macdecode"},
    {k4, "-j REJECT", "-j REJECT --reject-with icmp-port-unreachable",
     "reject-with icmp-port-unreachable", "reject-with icmp-port-unreachable"},
    {k4, "-j REJECT --reject-with icmp-adm", "-j REJECT --reject-with icmp-admin-prohibited",
     "reject-with icmp-admin-prohibited", "reject-with icmp-admin-prohibited"},
    {k4, "-j REJECT --reject-with icmp", "-j REJECT --reject-with icmp-net-unreachable",
     "reject-with icmp-net-unreachable", "reject-with icmp-net-unreachable"},
    {k6, "-j REJECT", "-j REJECT --reject-with icmp6-port-unreachable",
     "reject-with icmp6-port-unreachable", "reject-with icmp6-port-unreachable"},
    {k6, "-j REJECT --reject-with no-route", "-j REJECT --reject-with icmp6-no-route",
     "reject-with icmp6-no-route", "reject-with icmp6-no-route"},
    {k4, "-j REJECT --reject-with net-unreach", "-j REJECT --reject-with icmp-net-unreachable",
     "reject-with icmp-net-unreachable", "reject-with icmp-net-unreachable"},
    {k4, "-j REJECT --reject-with HOST-unreach", "-j REJECT --reject-with icmp-host-unreachable",
     "reject-with icmp-host-unreachable", "reject-with icmp-host-unreachable"},
    {k4, "-j REJECT --reject-with proto", "-j REJECT --reject-with icmp-proto-unreachable",
     "reject-with icmp-proto-unreachable", "reject-with icmp-proto-unreachable"},
    {k4, "-j REJECT --reject-with p", "-j REJECT --reject-with icmp-proto-unreachable",
     "reject-with icmp-proto-unreachable", "reject-with icmp-proto-unreachable"},
    {k4, "-j REJECT --reject-with port-", "-j REJECT --reject-with icmp-port-unreachable",
     "reject-with icmp-port-unreachable", "reject-with icmp-port-unreachable"},
    {k4, "-j REJECT --reject-with net-prohib", "-j REJECT --reject-with icmp-net-prohibited",
     "reject-with icmp-net-prohibited", "reject-with icmp-net-prohibited"},
    {k4, "-j REJECT --reject-with host-p", "-j REJECT --reject-with icmp-host-prohibited",
     "reject-with icmp-host-prohibited", "reject-with icmp-host-prohibited"},
    {k4, "-j REJECT --reject-with a", "-j REJECT --reject-with icmp-admin-prohibited",
     "reject-with icmp-admin-prohibited", "reject-with icmp-admin-prohibited"},
    {k4, "-j REJECT --reject-with \"\"", "-j REJECT --reject-with icmp-net-unreachable",
     "reject-with icmp-net-unreachable", "reject-with icmp-net-unreachable"},
    {k4, "-p tcp -j REJECT --reject-with t", "-p tcp -j REJECT --reject-with tcp-reset",
     "reject-with tcp-reset", "reject-with tcp-reset"},
    {k6, "-j REJECT --reject-with adm-prohibited", "-j REJECT --reject-with icmp6-adm-prohibited",
     "reject-with icmp6-adm-prohibited", "reject-with icmp6-adm-prohibited"},
    {k6, "-j REJECT --reject-with a", "-j REJECT --reject-with icmp6-adm-prohibited",
     "reject-with icmp6-adm-prohibited", "reject-with icmp6-adm-prohibited"},
    {k6, "-j REJECT --reject-with addr-", "-j REJECT --reject-with icmp6-addr-unreachable",
     "reject-with icmp6-addr-unreachable", "reject-with icmp6-addr-unreachable"},
    {k6, "-j REJECT --reject-with p", "-j REJECT --reject-with icmp6-port-unreachable",
     "reject-with icmp6-port-unreachable", "reject-with icmp6-port-unreachable"},
    {k6, "-j REJECT --reject-with policy-fail", "-j REJECT --reject-with icmp6-policy-fail",
     "reject-with icmp6-policy-fail", "reject-with icmp6-policy-fail"},
    {k6, "-j REJECT --reject-with reject-route", "-j REJECT --reject-with icmp6-reject-route",
     "reject-with icmp6-reject-route", "reject-with icmp6-reject-route"},
    {k6, "-j REJECT --reject-with icmp6", "-j REJECT --reject-with icmp6-no-route",
     "reject-with icmp6-no-route", "reject-with icmp6-no-route"},
    {k6, "-p tcp -j REJECT --reject-with t", "-p tcp -j REJECT --reject-with tcp-reset",
     "reject-with tcp-reset", "reject-with tcp-reset"},
};

TEST(List, IsWhatLegacyPrints) {
  for (const Listed& listed : kListed) {
    const RuleText rule(listed.family, listed.rule);
    ASSERT_FALSE(rule.error()) << listed.rule << ": " << rule.message();
    EXPECT_EQ(rule.print(), listed.save) << listed.rule;
    EXPECT_EQ(rule.list(true), listed.numeric) << listed.rule;
    EXPECT_EQ(rule.list(false), listed.named) << listed.rule;
  }
}

// iptables-legacy enforces these, too, but its -S loses the condition (see docs/differences.md).
TEST(List, DropsNoConditionInSilence) {
  EXPECT_EQ(RuleText(k4, "-p tcp ! --dport 0:65535").print(), "-p tcp -m tcp ! --dport 0:65535");
  EXPECT_EQ(RuleText(k4, "-p tcp --tcp-flags NONE SYN").print(),
            "-p tcp -m tcp --tcp-flags NONE SYN");
  EXPECT_EQ(RuleText(k4, "-p icmp --icmp-type 3/1:4").print(), "-p icmp -m icmp --icmp-type 3/1:4");
  EXPECT_EQ(RuleText(k4, "-p icmp --icmp-type 3/1:4").list(true), "icmptype 3 codes 1-4");
}

}  // namespace
}  // namespace bulkhead::ext
