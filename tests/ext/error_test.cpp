// SPDX-License-Identifier: GPL-2.0-or-later
// What iptables-legacy 1.8.9 says of wrong options, word by word.

#include <cerrno>

#include <gtest/gtest.h>

#include "ext/expected_rules.h"

namespace bulkhead::ext {
namespace {

constexpr Wrong kWrong[] = {
    {k4, "-p tcp --dport 80:22", "invalid portrange (min > max)"},
    {k4, "-p tcp --dport 65536", "invalid port/service `65536' specified"},
    {k4, "-p tcp --dport foo", "invalid port/service `foo' specified"},
    {k4, "-p tcp --dport domain:foo", "invalid port/service `foo' specified"},
    {k4, "-p tcp --dport ntp", "invalid port/service `ntp' specified"},
    {k4, "-p tcp --dport 1:2:3", "invalid port/service `2:3' specified"},
    {k4, "-p tcp --dport \"\"", "invalid port/service `' specified"},
    {k4, "-p tcp --dport -1", "invalid port/service `-1' specified"},
    {k4, "-p tcp --dport 22 --destination-port 23", "Only one `--destination-port' allowed"},
    {k4, "-p tcp --sport 22 --sport 22", "Only one `--source-port' allowed"},
    {k4, "-p tcp --syn --tcp-flags ALL NONE", "Only one of `--syn' or `--tcp-flags'  allowed"},
    {k4, "-p tcp --tcp-flags SYN,FOO SYN", "Unknown TCP flag `FOO'"},
    {k4, "-p tcp --tcp-flags SYN", "--tcp-flags requires two args."},
    {k4, "-p tcp --tcp-flags SYN -j ACCEPT", "--tcp-flags requires two args."},
    {k4, "-p tcp --tcp-flags SYN !", "--tcp-flags requires two args."},
    {k4, "-p tcp --tcp-option 0", "Bad TCP option \"0\""},
    {k4, "-p tcp --tcp-option 256", "Bad TCP option \"256\""},
    {k4, "-p tcp --tcp-option 2 --tcp-option 3", "Only one `--tcp-option' allowed"},

    {k4, "-p udp --dport foo", "Port \"foo\" does not resolve to anything."},
    {k4, "-p udp --dport -1", "Port \"-1\" does not resolve to anything."},
    {k4, "-p udp --dport 0x16", "Port \"0x16\" does not resolve to anything."},
    {k4, "-p udp --dport 1:2:3",
     "udp: Too many components for option \"--destination-port\" (max: 2)"},
    {k4, "-p udp --dport 22 --destination-port 23",
     "udp: option \"--destination-port\" can only be used once."},

    {k4, "-p icmp --icmp-type echo", "Ambiguous ICMP type `echo': `echo-reply' or `echo-request'?"},
    {k4, "-p icmp --icmp-type \"\"", "Ambiguous ICMP type `': `any' or `echo-reply'?"},
    {k4, "-p icmp --icmp-type foo", "Unknown ICMP type `foo'"},
    {k4, "-p icmp --icmp-type 256", "Unknown ICMP type `256'"},
    {k4, "-p icmp --icmp-type 3/256", "Unknown ICMP code `3/256'"},
    {k4, "-p icmp --icmp-type 3/", "Unknown ICMP code `3/'"},
    {k4, "-p icmp --icmp-type 3/1x", "unknown character x"},
    {k4, "-p icmp --icmp-type 3x", "unknown character x"},
    {k4, "-p icmp --icmp-type 3:4", "ICMP type range not supported"},
    {k4, "-p icmp -m icmp", "icmp: option \"--icmp-type\" must be specified"},
    {k4, "-p icmp --icmp-type 8 --icmp-type 8",
     "icmp: option \"--icmp-type\" can only be used once."},
    {k6, "-p icmpv6 --icmpv6-type any", "Unknown ICMPv6 type `any'"},
    {k6, "-p icmpv6 --icmpv6-type neighbo",
     "Ambiguous ICMPv6 type `neighbo': `neighbour-solicitation' or `neighbor-solicitation'?"},
    {k6, "-p icmpv6 --icmpv6-type 1/foo", "Unknown ICMPv6 code `1/foo'"},
    {k6, "-p icmpv6 -m icmp6", "icmp6: option \"--icmpv6-type\" must be specified"},

    {k4, "-m state --state NEW,FOO,RELATED", "Bad state \"FOO,RELATED\""},
    {k4, "-m state --state ,NEW", "Bad state \",NEW\""},
    {k4, "-m state --state NEW,",
     "\"--state\" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED"},
    {k4, "-m state", "state: option \"--state\" must be specified"},
    {k4, "-m state --state NEW --state RELATED",
     "state: option \"--state\" can only be used once."},
    {k4, "-m conntrack --ctstate NEW,FOO,RELATED", "Bad ctstate \"FOO,RELATED\""},
    {k4, "-m conntrack --ctstate NEW,", "Bad ctstate \"\""},
    {k4, "-m conntrack", "conntrack: At least one option is required"},

    {k4, "-m comment", "comment: option \"--comment\" must be specified"},
    {k4, "-m comment --comment", "option \"--comment\" requires an argument"},
    {k4, "-m comment ! --comment foo", "comment: option \"--comment\" cannot be inverted."},
    {k4, "-m comment --comment a --comment b",
     "comment: option \"--comment\" can only be used once."},

    {k4, "-p tcp -m multiport", "multiport expection an option"},
    {k4, "-p tcp -m multiport --sports 22 --dports 23",
     "multiport: option \"--source-ports\" cannot be used together with \"--destination-ports\"."},
    {k4, "-p tcp -m multiport --ports 22 --dports 23",
     "multiport: option \"--destination-ports\" cannot be used together with \"--ports\"."},
    {k4, "-p tcp -m multiport --sports 22 --source-ports 23",
     "multiport: option \"--source-ports\" can only be used once."},
    {k4, "-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
     "too many ports specified"},
    {k4, "-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15:16",
     "too many ports specified"},
    {k4, "-p tcp -m multiport --dports 22:22", "invalid portrange specified"},
    {k4, "-p tcp -m multiport --dports 22:", "invalid port/service `' specified"},
    {k4, "-p tcp -m multiport --dports 22,", "invalid port/service `' specified"},
    {k4, "-p tcp -m multiport --dports 1:2:3", "invalid port/service `2:3' specified"},
    {k4, "-p udp -m multiport --dports ssh", "invalid port/service `ssh' specified"},
    {k4, "-m multiport --dports 22",
     "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'"},
    {k4, "-m multiport --dports 22 -p tcp",
     "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'"},
    {k4, "! -p tcp -m multiport --dports 22",
     "multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP"},
    {k4, "-p icmp -m multiport --dports 22",
     "multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP"},

    {k4, "-m limit --limit 10001/sec", "Rate too fast \"10001/sec\""},
    {k4, "-m limit --limit -5/s", "Rate too fast \"-5/s\""},
    {k4, "-m limit --limit 99999999999/s", "Rate too fast \"99999999999/s\""},
    {k4, "-m limit --limit 0/s", "bad rate \"0/s\"'"},
    {k4, "-m limit --limit 5/", "bad rate \"5/\"'"},
    {k4, "-m limit --limit 5/secs", "bad rate \"5/secs\"'"},
    {k4, "-m limit ! --limit 3/hour", "limit: option \"--limit\" cannot be inverted."},
    {k4, "-m limit --limit-burst 10001",
     "limit: bad value for option \"--limit-burst\", or out of range (0-10000)."},

    {k4, "-m owner",
     "owner: At least one of --uid-owner, --gid-owner or --socket-exists is required"},
    {k4, "-m owner --uid-owner nosuch", "owner: Bad value for \"--uid-owner\" option: \"nosuch\""},
    {k4, "-m owner --uid-owner \"\"", "owner: Bad value for \"--uid-owner\" option: \"\""},
    {k4, "-m owner --uid-owner 1-", "owner: Bad value for \"--uid-owner\" option: \"1-\""},
    {k4, "-m owner --uid-owner 1-2-3", "owner: Bad value for \"--uid-owner\" option: \"1-2-3\""},
    {k4, "-m owner --uid-owner 1x", "owner: Bad value for \"--uid-owner\" option: \"1x\""},
    {k4, "-m owner --uid-owner adm", "owner: Bad value for \"--uid-owner\" option: \"adm\""},
    {k4, "-m owner --gid-owner root", "owner: Bad value for \"--gid-owner\" option: \"root\""},
    {k6, "-m owner --gid-owner 4294967295",
     "owner: Bad value for \"--gid-owner\" option: \"4294967295\""},
    {k4, "-m owner --suppl-groups",
     "owner: Bad value for \"--suppl-groups\" option: \"you need to use --gid-owner first\""},
    {k4, "-m owner --suppl-groups --gid-owner 1",
     "owner: Bad value for \"--suppl-groups\" option: \"you need to use --gid-owner first\""},
    {k4, "-m owner --gid-owner 1 ! --suppl-groups",
     "owner: option \"--suppl-groups\" cannot be inverted."},
    {k4, "-m owner --uid-owner 1 --uid-owner 2",
     "owner: option \"--uid-owner\" can only be used once."},

    {k4, "-m physdev", "PHYSDEV: no physdev option specified"},
    {k4, "-m physdev --physdev-in abcdefghijklmnop",
     "interface name `abcdefghijklmnop' must be shorter than IFNAMSIZ (15)"},
    {k6, "-m physdev --physdev-is-in ! --physdev-is-in",
     "physdev: option \"--physdev-is-in\" can only be used once."},

    {k4, "-j NFLOG --nflog-group 65536",
     "NFLOG: bad value for option \"--nflog-group\", or out of range (0-65535)."},
    {k4, "-j NFLOG --nflog-range -1",
     "NFLOG: bad value for option \"--nflog-range\", or out of range (0-4294967295)."},
    {k4, "-j NFLOG --nflog-size 4294967296",
     "NFLOG: bad value for option \"--nflog-size\", or out of range (0-4294967295)."},
    {k4, "-j NFLOG --nflog-threshold 65536",
     "NFLOG: bad value for option \"--nflog-threshold\", or out of range (0-65535)."},
    {k4, "-j NFLOG --nflog-prefix \"\"", "Argument must have a minimum length of 1 characters"},
    {k4, "-j NFLOG --nflog-prefix \"a\nb\"", "Newlines not allowed in --log-prefix"},
    {k4, "-j NFLOG --nflog-size 6 --nflog-range 5",
     "NFLOG: option \"--nflog-range\" cannot be used together with \"--nflog-size\"."},
    {k4, "-j NFLOG --nflog-size 6 --nflog-size 6",
     "NFLOG: option \"--nflog-size\" can only be used once."},
    {k4, "-j NFLOG ! --nflog-group 1", "NFLOG: option \"--nflog-group\" cannot be inverted."},

    {k4, "-j LOG --log-prefix \"\"", "Argument must have a minimum length of 1 characters"},
    {k4, "-j LOG --log-level 8", "log level \"8\" unknown"},
    {k4, "-j LOG --log-level warn", "log level \"warn\" unknown"},
    {k4, "-j LOG ! --log-level 4", "LOG: option \"--log-level\" cannot be inverted."},
    {k4, "-j LOG --log-uid --log-uid", "LOG: option \"--log-uid\" can only be used once."},
    {k4, "-j REJECT --reject-with foo", "unknown reject type \"foo\""},
    {k6, "-j REJECT --reject-with icmp-port-unreachable",
     "unknown reject type \"icmp-port-unreachable\""},
};

TEST(Errors, AreLegacysWords) {
  for (const Wrong& wrong : kWrong) expect_wrong(wrong);
}

// iptables-legacy takes these and does something else than was meant (see docs/differences.md).
TEST(Errors, AreGivenWhereLegacyGuesses) {
  EXPECT_EQ(RuleText(k4, "-p udp --dport 65536").message(),
            "Port \"65536\" does not resolve to anything.");
  EXPECT_EQ(RuleText(k4, "-p udp --dport \"\"").message(),
            "Port \"\" does not resolve to anything.");
  EXPECT_EQ(RuleText(k4, "-m physdev --physdev-in \"\"").message(),
            "Empty interface is likely to be undesired");
  EXPECT_EQ(RuleText(k4, "-m physdev --physdev-in \"a b\"").message(),
            "interface name `a b' has a character that no interface can have");
  EXPECT_EQ(RuleText(k4, "-m comment --comment \"a\nb\"").message(),
            "Newlines not allowed in --comment");
}

// The user's text is right as far as words go; the kernel would say no.
TEST(Errors, OfTheKernelKeepItsNumber) {
  struct Refused {
    std::string_view rule;
    int errno_value;
    std::string_view message;
  };
  constexpr Refused kRefused[] = {
      {"-m tcp --dport 22", EINVAL, "match tcp needs `-p tcp'"},
      {"! -p tcp -m tcp --dport 22", EINVAL, "match tcp needs `-p tcp'"},
      {"-p udp -m tcp --dport 22", EINVAL, "match tcp needs `-p tcp'"},
      {"-m icmp --icmp-type 8", EINVAL, "match icmp needs `-p icmp'"},
      {"-m owner --uid-owner 10-1", EINVAL, "a range from high to low"},
      {"-m owner ! --gid-owner 10-1", EINVAL, "a range from high to low"},
      {"-m limit --limit 1/day", ERANGE, "so slow a rate needs a smaller --limit-burst"},
      {"-m limit --limit 3/hour --limit-burst 10000", ERANGE,
       "so slow a rate needs a smaller --limit-burst"},
      {"-m limit --limit 5/s --limit-burst 0", ERANGE, "a burst of 0 lets nothing through"},
  };
  for (const Refused& refused : kRefused) {
    const RuleText rule(k4, refused.rule);
    ASSERT_FALSE(rule.error()) << refused.rule << ": " << rule.message();
    const Result<ir::Predicate> predicate = rule.predicate();
    ASSERT_FALSE(predicate) << refused.rule;
    EXPECT_EQ(predicate.error().kind, ErrorKind::kRefused) << refused.rule;
    EXPECT_EQ(predicate.error().errno_value, refused.errno_value) << refused.rule;
    EXPECT_EQ(predicate.error().message, refused.message);
  }
  for (const std::string_view text :
       {"-j REJECT --reject-with tcp-reset", "-p udp -j REJECT --reject-with tcp-reset",
        "! -p tcp -j REJECT --reject-with tcp-reset"}) {
    for (const net::Family family : net::kFamilies) {
      const RuleText rule(family, text);
      ASSERT_FALSE(rule.error()) << text;
      const Result<ir::Action> action =
          action_of(*rule.target(), rule.target_arguments(), rule.context());
      ASSERT_FALSE(action) << text;
      EXPECT_EQ(action.error().errno_value, EINVAL);
    }
  }
}

TEST(Errors, PointAtTheOption) {
  FixedNames names;
  const Match& tcp = *find_match("tcp", k4);
  OptionReader reader(tcp);
  const std::string_view word = "foo";
  const Span span{7, 18};
  const Result<void> added = reader.add(*find_option(tcp.options, "dport"), false, {&word, 1}, span,
                                        {.protocol = 6, .names = &names});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().span, span);
}

}  // namespace
}  // namespace bulkhead::ext
