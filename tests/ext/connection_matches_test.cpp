// SPDX-License-Identifier: GPL-2.0-or-later
// conntrack, sctp and dccp: what -S and -L print, what is said of mistakes (iptables-legacy 1.8.9
// printed these), and what becomes of them where fields don't say all.

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_dccp.h>

#include <cerrno>
#include <cstring>

#include <gtest/gtest.h>

#include "ext/expected_rules.h"

namespace bulkhead::ext {
namespace {

constexpr Listed kListed[] = {
    {k4, "-m conntrack --ctstate d,NEW,s", "-m conntrack --ctstate NEW,SNAT,DNAT",
     "ctstate NEW,SNAT,DNAT", "ctstate NEW,SNAT,DNAT"},
    {k4, "-m conntrack ! --ctproto udp", "-m conntrack ! --ctproto 17", "! ctproto 17",
     "! ctproto 17"},
    {k4, "-m conntrack --ctorigsrc 192.0.2.1/255.255.255.0 ! --ctorigdst 192.0.2.2/32",
     "-m conntrack --ctorigsrc 192.0.2.1/24 ! --ctorigdst 192.0.2.2",
     "ctorigsrc 192.0.2.1/24 ! ctorigdst 192.0.2.2",
     "ctorigsrc 192.0.2.1/24 ! ctorigdst 192.0.2.2"},
    {k4, "-m conntrack --ctreplsrc 0.0.0.0/8 --ctrepldst 192.0.2.2/0",
     "-m conntrack --ctreplsrc 0.0.0.0/8 --ctrepldst 192.0.2.2/0",
     "ctreplsrc 0.0.0.0/8 ctrepldst 192.0.2.2/0", "ctreplsrc anywhere ctrepldst 192.0.2.2/0"},
    {k6, "-m conntrack --ctorigsrc 2001:DB8::1/ffff:: --ctorigdst ::/0",
     "-m conntrack --ctorigsrc 2001:db8::1/16 --ctorigdst ::/0",
     "ctorigsrc 2001:db8::1/16 ctorigdst ::/0", "ctorigsrc 2001:db8::1/16 ctorigdst anywhere"},
    {k4, "-m conntrack ! --ctrepldstport 1024: --ctorigsrcport ssh",
     "-m conntrack --ctorigsrcport 22 ! --ctrepldstport 1024:65535",
     "ctorigsrcport 22 ! ctrepldstport 1024:65535", "ctorigsrcport 22 ! ctrepldstport 1024:65535"},
    {k4, "-m conntrack --ctstatus none,Conf,a", "-m conntrack --ctstatus ASSURED,CONFIRMED",
     "ctstatus ASSURED,CONFIRMED", "ctstatus ASSURED,CONFIRMED"},
    {k4, "-m conntrack ! --ctstatus n", "-m conntrack ! --ctstatus NONE", "! ctstatus NONE",
     "! ctstatus NONE"},
    {k4, "-m conntrack --ctdir reply --ctexpire 0x10:",
     "-m conntrack --ctexpire 16:4294967295 --ctdir REPLY", "ctexpire 16:4294967295 ctdir REPLY",
     "ctexpire 16:4294967295 ctdir REPLY"},

    {k4, "-p sctp --dport : ! --sport 0x16", "-p sctp -m sctp ! --sport 22 --dport 0:65535",
     "sctp spt:!22", "sctp spt:!22"},
    {k4, "-p sctp ! --dport 0:65535", "-p sctp -m sctp ! --dport 0:65535", "sctp dpts:!0:65535",
     "sctp dpts:!0:65535"},
    {k4, "-p sctp ! --chunk-types Only SHUTDOWN_COMPLETE:t,abort:T",
     "-p sctp -m sctp ! --chunk-types only ABORT:T,SHUTDOWN_COMPLETE:t",
     "sctp ! only 0x0006:T,0x000E:t", "sctp ! only ABORT:T,SHUTDOWN_COMPLETE:t"},
    {k4, "-p sctp --chunk-types any DATA:BE,,DATA:u,INIT:-",
     "-p sctp -m sctp --chunk-types any DATA:uBE,INIT:-", "sctp any 0x0000:uBE,0x0001:-",
     "sctp any DATA:uBE,INIT:-"},
    {k4, "-p sctp --chunk-types all ,", "-p sctp -m sctp --chunk-types all NONE", "sctp all NONE",
     "sctp all NONE"},
    {k4, "-p sctp --chunk-types all All", "-p sctp -m sctp --chunk-types all ALL", "sctp all ALL",
     "sctp all ALL"},

    {k4, "-p dccp --dport domain ! --sport :9", "-p dccp -m dccp ! --sport 0:9 --dport 53",
     "dccp spts:!0:9 dpt:53", "dccp spts:!0:9 dpt:53"},
    {k4, "-p dccp --dport :", "-p dccp -m dccp --dport 0:65535", "dccp", "dccp"},
    {k4, "-p dccp ! --dccp-types Invalid,DATA --dccp-option 0x20",
     "-p dccp -m dccp ! --dccp-types DATA,INVALID --dccp-option 32",
     "dccp ! 2,10,11,12,13,14,15 option=32", "dccp ! DATA,INVALID option=32"},
};

TEST(ConnectionMatches, ArePrintedAsLegacyPrintsThem) {
  for (const Listed& listed : kListed) expect_listed(listed);
}

constexpr Wrong kWrong[] = {
    {k4, "-m conntrack --ctproto 256", "unknown protocol \"256\" specified"},
    {k4, "-m conntrack --ctproto Foo", "unknown protocol \"Foo\" specified"},
    {k4, "-m conntrack --ctorigsrc nohost", "getaddrinfo: Name or service not known"},
    {k4, "-m conntrack --ctorigsrc 192.0.2.1/",
     "conntrack: bad value for option \"--ctorigsrc\", neither a valid network mask nor valid CIDR "
     "(0-32)."},
    {k6, "-m conntrack --ctrepldst 2001:db8::1/129",
     "conntrack: bad value for option \"--ctrepldst\", neither a valid network mask nor valid CIDR "
     "(0-128)."},
    {k4, "-m conntrack --ctorigsrcport 1:2:3",
     "conntrack: Too many components for option \"--ctorigsrcport\" (max: 2)"},
    {k4, "-m conntrack --ctstatus ASSURED,foo,NONE", "Bad ctstatus \"foo,NONE\""},
    {k4, "-m conntrack --ctexpire 10:-1",
     "conntrack: bad value for option \"--ctexpire\" near \"-1\", or out of range (0-4294967295)."},
    {k4, "-m conntrack --ctdir REP", "conntrack: Bad value for \"--ctdir\" option: \"REP\""},
    {k4, "-m conntrack ! --ctdir REPLY", "conntrack: option \"--ctdir\" cannot be inverted."},
    {k4, "-p sctp --dport 80:22", "invalid portrange (min > max)"},
    {k4, "-p sctp --dport ssh", "invalid port/service `ssh' specified"},
    {k4, "-p sctp --dport 22 --destination-port 23", "Only one `--destination-port' allowed"},
    {k4, "-p sctp --chunk-types all", "--chunk-types requires two args"},
    {k4, "-p sctp --chunk-types some DATA",
     "Match type has to be one of \"ALL\", \"ANY\" or \"ONLY\""},
    {k4, "-p sctp --chunk-types all all,DATA", "Unknown sctp chunk `all'"},
    {k4, "-p sctp --chunk-types any ASCONF:T", "Invalid flags for chunk type 18"},
    {k4, "-p sctp --chunk-types any DATA:I,INIT:-,ABORT:T,SACK:-,ERROR:-",
     "Number of chunk types with flags exceeds currently allowed limit. Increasing this limit "
     "involves changing IPT_NUM_SCTP_FLAGS and recompiling both the kernel space and user space "
     "modules"},
    {k4, "-p dccp --dport 0x16", "Port \"0x16\" does not resolve to anything."},
    {k4, "-p dccp --dccp-types RESET,,foo", "Unknown DCCP type `foo'"},
    {k4, "-p dccp --dccp-option 0",
     "dccp: bad value for option \"--dccp-option\", or out of range (1-255)."},
};

TEST(ConnectionMatches, SayWhatIsWrongInLegacysWords) {
  for (const Wrong& wrong : kWrong) expect_wrong(wrong);
}

// iptables-legacy takes these and does something else than was meant (see docs/differences.md).
TEST(ConnectionMatches, RefuseWhatLegacyMisunderstands) {
  for (const std::string_view rule :
       {"-m conntrack --ctorigsrc 192.0.2.1/255.0.255.0", "-m conntrack --ctorigsrc 192.0.2.1/33",
        "-p dccp --dccp-types \"\"", "-p dccp --dccp-types ,"}) {
    EXPECT_TRUE(RuleText(k4, rule).error()) << rule;
  }
}

ir::Predicate meaning(net::Family family, std::string_view text) {
  const RuleText rule(family, text);
  EXPECT_FALSE(rule.error()) << text << ": " << rule.message();
  return rule.predicate().value();
}

template <class Info> Info info_of(const ir::Condition& condition) {
  const auto& opaque = std::get<ir::Opaque>(condition);
  Info info;
  EXPECT_GE(opaque.bytes.size(), sizeof info);
  EXPECT_EQ(opaque.bytes.size() % 8, 0u);
  EXPECT_FALSE(opaque.stateful);
  std::memcpy(&info, opaque.bytes.data(), sizeof info);
  return info;
}

// Where --ctstate lets a packet without a connection through, nothing else may be asked of it; and
// SNAT and DNAT are another field's alternatives. Fields say all the rest.
TEST(ConnectionMatches, AskTheKernelOnlyWhatFieldsCannotSay) {
  const auto asks_kernel = [](std::string_view options) {
    const ir::Predicate predicate = meaning(k4, "-m conntrack " + std::string(options));
    const bool opaque = std::holds_alternative<ir::Opaque>(predicate.front());
    EXPECT_TRUE(!opaque || predicate.size() == 1) << options;
    return opaque;
  };
  for (const char* options :
       {"--ctstate INVALID", "! --ctstate NEW", "--ctproto 6 --ctdir REPLY",
        "--ctstate NEW,ESTABLISHED --ctproto 6", "! --ctstate INVALID,UNTRACKED --ctproto 6"}) {
    EXPECT_FALSE(asks_kernel(options)) << options;
  }
  for (const char* options :
       {"! --ctstate SNAT", "! --ctstate NEW,DNAT", "--ctstate INVALID --ctproto 6",
        "--ctstate NEW,UNTRACKED --ctproto 6", "! --ctstate NEW --ctproto 6",
        "! --ctstate INVALID --ctproto 6"}) {
    EXPECT_TRUE(asks_kernel(options)) << options;
  }
}

TEST(ConnectionMatches, FillTheKernelsConntrackStruct) {
  const auto info = info_of<xt_conntrack_mtinfo3>(
      meaning(k4,
              "-m conntrack ! --ctstate DNAT,UNTRACKED --ctproto 6 ! --ctorigdst 192.0.2.1/24 "
              "--ctreplsrcport 5:7 --ctstatus ASSURED ! --ctexpire 3:9 --ctdir REPLY")
          .front());
  EXPECT_EQ(info.match_flags, XT_CONNTRACK_STATE | XT_CONNTRACK_PROTO | XT_CONNTRACK_ORIGDST |
                                  XT_CONNTRACK_REPLSRC_PORT | XT_CONNTRACK_STATUS |
                                  XT_CONNTRACK_EXPIRES | XT_CONNTRACK_DIRECTION);
  EXPECT_EQ(info.invert_flags, XT_CONNTRACK_STATE | XT_CONNTRACK_ORIGDST | XT_CONNTRACK_EXPIRES |
                                   XT_CONNTRACK_DIRECTION);
  EXPECT_EQ(info.state_mask, XT_CONNTRACK_STATE_DNAT | XT_CONNTRACK_STATE_UNTRACKED);
  EXPECT_EQ(info.l4proto, 6);
  EXPECT_EQ(info.origdst_addr.ip, htonl(0xc0000201));
  EXPECT_EQ(info.origdst_mask.ip, htonl(0xffffff00));
  EXPECT_EQ(info.replsrc_port, 5);
  EXPECT_EQ(info.replsrc_port_high, 7);
  EXPECT_EQ(info.status_mask, IPS_ASSURED);
  EXPECT_EQ(info.expires_min, 3u);
  EXPECT_EQ(info.expires_max, 9u);

  const auto v6 = info_of<xt_conntrack_mtinfo3>(
      meaning(k6, "-m conntrack --ctstate SNAT --ctrepldst 2001:db8::1").front());
  EXPECT_EQ(v6.repldst_addr.ip6[0], htonl(0x20010db8));
  EXPECT_EQ(v6.repldst_addr.ip6[3], htonl(1));
  EXPECT_EQ(v6.repldst_mask.ip6[3], 0xffffffff);
}

TEST(ConnectionMatches, CountLifetimesInWholeSeconds) {
  const auto values = [](std::string_view text) {
    return std::get<ir::Constraint>(
               meaning(k4, "-m conntrack --ctexpire " + std::string(text)).front())
        .values;
  };
  EXPECT_EQ(values("10"), ir::ValueSet::range(10000, 10999));
  EXPECT_EQ(values("10:20"), ir::ValueSet::range(10000, 20999));
  EXPECT_EQ(values("10:"), ir::ValueSet::range(10000, 0xffffffff));
  EXPECT_TRUE(values("20:10").empty());
  EXPECT_TRUE(values("4294967295").empty());
}

TEST(ConnectionMatches, AskTheKernelForNothingButADccpOption) {
  const ir::Predicate predicate =
      meaning(k4, "-p dccp --dport 5 ! --dccp-option 32 --dccp-types INVALID");
  ASSERT_EQ(predicate.size(), 4u);
  EXPECT_EQ(std::get<ir::Header>(predicate[0]).form, ir::Header::Form::kDccp);
  EXPECT_EQ(std::get<ir::Constraint>(predicate[2]).values, ir::ValueSet::range(10, 15));
  const auto info = info_of<xt_dccp_info>(predicate[3]);
  EXPECT_EQ(info.flags, XT_DCCP_OPTION);
  EXPECT_EQ(info.invflags, XT_DCCP_OPTION);
  EXPECT_EQ(info.option, 32);
}

TEST(ConnectionMatches, WantTheirProtocol) {
  for (const auto& [rule, message] :
       {std::pair{"-m sctp --dport 5", "match sctp needs `-p sctp'"},
        std::pair{"-p tcp -m sctp --dport 5", "match sctp needs `-p sctp'"},
        std::pair{"! -p dccp -m dccp --dport 5", "match dccp needs `-p dccp'"}}) {
    const Result<ir::Predicate> predicate = RuleText(k4, rule).predicate();
    ASSERT_FALSE(predicate) << rule;
    EXPECT_EQ(predicate.error().errno_value, EINVAL) << rule;
    EXPECT_EQ(predicate.error().message, message);
  }
}

TEST(ConnectionMatches, AreSaidInWords) {
  const auto say = [](std::string_view rule) { return RuleText(k4, rule).say(); };
  EXPECT_EQ(say("-m conntrack --ctstate NEW,DNAT --ctproto tcp ! --ctorigsrc 192.0.2.0/24"),
            "its connection state is NEW or DNAT, its connection's protocol is tcp, its connection "
            "was not begun by 192.0.2.0/24");
  EXPECT_EQ(say("-m conntrack --ctexpire 5:9 --ctdir REPLY ! --ctstatus ASSURED,CONFIRMED"),
            "its connection is not ASSURED or CONFIRMED, its connection has 5 to 9 seconds left, "
            "it goes in its connection's direction REPLY");
  EXPECT_EQ(say("-p sctp ! --chunk-types only DATA:E,INIT"), "its chunks are not only DATA:E,INIT");
  EXPECT_EQ(say("-p dccp --dccp-types ACK,DATA ! --dccp-option 5"),
            "its DCCP type is DATA or ACK, DCCP option 5 is not set");
}

}  // namespace
}  // namespace bulkhead::ext
