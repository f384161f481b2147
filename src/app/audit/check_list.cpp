// SPDX-License-Identifier: GPL-2.0-or-later
// All checks, one row each. Sources: sections of the CIS benchmarks for Linux by their words (the
// numbers differ from one benchmark to the next), techniques of MITRE ATT&CK by their ids, NIST's
// guidelines on firewalls, RFCs.
#include "app/audit/check.h"

namespace bulkhead::app::audit {

namespace {

constexpr std::string_view kAdministration = "administration";
constexpr std::string_view kDefaults = "what is let in by default";
constexpr std::string_view kServices = "services";
constexpr std::string_view kIp6 = "IPv6";
constexpr std::string_view kMoving = "moving on";
constexpr std::string_view kKept = "kept and seen";
constexpr std::string_view kHost = "the host";

constexpr Check kChecks[] = {
    {"ssh-management", kAdministration, "ssh is open to management", "ATT&CK T1021.004",
     "of every declared management address, the first packet from any port that clients "
     "use gets to ssh, on some interface and perhaps within a limit; what follows gets in,"
     " and the answers get out",
     ssh_from_management},
    {"ssh-only-management", kAdministration, "ssh is open to nobody else",
     "ATT&CK T1021.004, T1133",
     "no new packet from another address gets to ssh, also by a translation; where no management "
     "is declared: ssh is not open to any",
     ssh_from_nobody_else},
    {"ssh-rate", kAdministration, "new ssh connections are limited in rate", "ATT&CK T1110",
     "new connections to ssh that come faster and faster are at some rate accepted no more: "
     "what accepts them does so up to a rate (limit, hashlimit, connlimit), or what is above "
     "one is dropped before (hashlimit, connlimit, or recent with --rcheck or --update of a "
     "list that they are put on); which rate isn't asked, and a set or the clock counts "
     "nothing",
     ssh_is_rate_limited},
    {"management-small", kAdministration, "few manage this host", "ATT&CK T1021.004",
     "the declared management, or else all that reach ssh, is at most a /24 of IPv4 and a /64 of "
     "IPv6",
     management_is_small},
    {"loopback-accepted", kDefaults, "the loopback interface is accepted",
     "CIS: Ensure iptables loopback traffic is configured",
     "what the host sends to itself through lo, to a loopback address or one of its own, "
     "surely passes INPUT and OUTPUT",
     loopback_accepted},
    {"established", kDefaults, "answers are let in (established, related)",
     "CIS: Ensure iptables outbound and established connections are configured",
     "established and related packets to the ports of clients, and related ICMP that says "
     "that a peer can't be reached, surely pass INPUT, but for at most a sixteenth of all "
     "addresses (who is banned); where forwarding is declared and something new is "
     "forwarded, some answers are",
     answers_accepted},
    {"input-drop", kDefaults, "INPUT ends in drop",
     "CIS: Ensure iptables default deny firewall policy; ATT&CK T1210",
     "no new packet from outside gets in that no rule of INPUT decides", input_ends_in_drop},
    {"forward-drop", kDefaults, "FORWARD drops",
     "CIS: Ensure iptables default deny firewall policy; ATT&CK T1599",
     "no packet in state NEW or INVALID may be forwarded; where forwarding is declared, no "
     "new one that no rule decides",
     forward_drops},
    {"any-any", kDefaults, "nothing is accepted from any to any",
     "CIS: Ensure iptables default deny firewall policy; ATT&CK T1046",
     "new TCP or UDP from outside gets to at most a sixteenth of all pairs of source "
     "address and port, in INPUT and FORWARD each; where forwarding is declared, by "
     "interfaces that no rule of FORWARD names",
     no_any_any},
    {"loopback-spoofed", kDefaults, "loopback addresses are refused elsewhere",
     "CIS: Ensure iptables loopback traffic is configured",
     "no new packet from 127.0.0.0/8 or ::1 gets in by another interface than lo, nor, on "
     "a host where route_localnet is on, one to 127.0.0.0/8",
     loopback_only_on_lo},
    {"invalid", kDefaults, "invalid packets are dropped", "ATT&CK T1046",
     "no packet in state INVALID gets in by another interface than lo, or is forwarded (where "
     "new packets are, and forwarding isn't declared, forward-drop says so)",
     invalid_dropped},
    {"admin-ports", kServices, "no administrative port is open to any",
     "CIS: Ensure iptables firewall rules exist for all open ports; ATT&CK T1046, T1210, T1570",
     "none of 22 23 111 135 137-139 445 512-514 873 2049 2375-2376 2379 3306 3389 5432 5900-5903 "
     "5985-5986 6379 6443 9200 10250 11211 27017 is reached by new TCP or UDP from any, "
     "as it is behind every translation (TCP to ssh has checks of its own)",
     no_open_admin_port},
    {"published-ports", kServices, "no administrative port is published to any",
     "ATT&CK T1046, T1133, T1210",
     "none of the same ports, of another host or container, is reached by a translation (DNAT) "
     "through FORWARD from any",
     no_published_admin_port},
    {"openings", kServices, "every opening has a listener",
     "CIS: Ensure iptables firewall rules exist for all open ports; ATT&CK T1046",
     "on every port that INPUT opens to somebody some socket listens, or on another of the"
     " range that a rule opens as one (TCP to ssh apart)",
     openings_have_listeners},
    {"listeners", kServices, "every listening socket has a rule",
     "CIS: Ensure iptables firewall rules exist for all open ports",
     "of new packets to a socket that isn't on a loopback address, some rule of INPUT "
     "decides some that names their port, itself or by the chain that it is in",
     listeners_have_rules},
    {"neighbours", kIp6, "neighbour discovery is let in", "RFC 4890",
     "ICMPv6 types 133 to 136 from the link surely pass INPUT to some address each: from "
     "link-local addresses, from those of the host's subnets, and solicitations from ::",
     neighbour_discovery, nullptr, net::Family::kIpv6},
    {"too-big", kIp6, "packet-too-big is let in", "RFC 4890, RFC 8201",
     "ICMPv6 type 2 about connections of the host surely passes INPUT, but for at most a "
     "sixteenth of all addresses",
     packet_too_big, nullptr, net::Family::kIpv6},
    {"v6-as-v4", kIp6, "IPv6 answers as IPv4 does, or is off",
     "CIS: Ensure IPv6 status is identified",
     "each TCP and UDP port that is open to any over one is so over the other, and none is open "
     "over IPv6 alone (ssh and DHCP apart)",
     ip6_as_ip4, nullptr, net::Family::kIpv6},
    {"egress", kMoving, "no new connections to neighbours' administrative ports",
     "ATT&CK T1021.001, T1021.002, T1021.004, T1021.006, T1570",
     "OUTPUT stops new TCP to 22 135 445 3389 5985 5986 in the host's subnets, but for declared "
     "ports",
     no_new_egress},
    {"drops-logged", kKept, "drops are logged at a bounded rate", "NIST SP 800-41; ATT&CK T1046",
     "of new TCP and of new UDP that only the end of INPUT drops, some meets LOG or NFLOG "
     "from all but a sixteenth of the pairs of source address and port, on a host by each "
     "interface; and nothing that is dropped meets one at any rate: it has a limit or a "
     "hashlimit up to a rate, it or the rule that led there, or what is above a rate is "
     "dropped before",
     drops_are_logged},
    {"dead-rules", kKept, "no rule is dead", "NIST SP 800-41",
     "every rule of every table matches some packet that comes to it", no_dead_rule},
    {"ip-forward", kHost, "the kernel doesn't forward",
     "CIS: Ensure IP forwarding is disabled; ATT&CK T1599",
     "net.ipv4.ip_forward, net.ipv6.conf.all.forwarding and of every interface IPv4's "
     "forwarding and IPv6's force_forwarding are 0, unless forwarding is declared",
     nullptr, forwarding_is_off},
    {"rp-filter", kHost, "reverse path filtering is on",
     "CIS: Ensure reverse path filtering is enabled; RFC 3704",
     "net.ipv4.conf.*.rp_filter is 1 or 2 on every interface, as the kernel puts it together",
     nullptr, rp_filter_is_on},
    {"redirects", kHost, "ICMP redirects are neither believed nor sent",
     "CIS: Ensure ICMP redirects are not accepted, Ensure secure ICMP redirects are not accepted, "
     "Ensure packet redirect sending is disabled; ATT&CK T1557",
     "accept_redirects, secure_redirects and send_redirects are 0 on every interface", nullptr,
     redirects_are_off},
    {"source-routes", kHost, "source routing is off",
     "CIS: Ensure source routed packets are not accepted",
     "accept_source_route is 0 on every interface, as the kernel puts it together", nullptr,
     source_routing_is_off},
    {"one-firewall", kHost, "one firewall is in charge",
     "CIS: Ensure a single firewall configuration utility is in use; ATT&CK T1562.004",
     "no other table in the kernel may drop packets, iptables-legacy has no rules, and no "
     "other firewall is started at boot (ufw, firewalld, nftables, netfilter-persistent, "
     "iptables, shorewall, ferm, arno-iptables-firewall, firehol, csf)",
     nullptr, one_firewall},
    {"saved", kHost, "the running rules are the saved ones",
     "CIS: Ensure iptables rules are saved; ATT&CK T1562.004", "bulkhead save would change nothing",
     nullptr, running_is_saved},
    {"boot", kHost, "the rules are loaded at boot, before the network",
     "CIS: Ensure iptables is enabled and active; ATT&CK T1562.004",
     "a normal boot starts bulkhead.service (a target that default.target leads to wants it, "
     "or a unit that is started itself), its ConditionPathExists= and AssertPathExists= hold, "
     "network-pre.target is among the units that it says Before= of, and ExecStart= is a "
     "bulkhead that is there and is told to boot",
     nullptr, loaded_before_network},
};

}  // namespace

std::span<const Check> checks() { return kChecks; }

}  // namespace bulkhead::app::audit
