// SPDX-License-Identifier: GPL-2.0-or-later
// Claims that look proved to whoever forgets what a target, a condition or the kernel itself
// changes on a packet's way. None of them holds.
#include <ostream>

#include <gtest/gtest.h>

#include "app/proof.h"
#include "app/rules_input.h"

namespace bulkhead::app {
namespace {

using State = Answer::State;

struct Case {
  const char* name;
  const char* rules;
  const char* claim;
  State state = State::kRefuted;
  net::Family family = net::Family::kIpv4;
};
void PrintTo(const Case& it, std::ostream* stream) { *stream << it.name; }

constexpr const char* kNoHttp = "packets = { service = \"tcp/80\" }\nverdict = \"blocked\"\n";
constexpr const char* kHttp = "packets = { service = \"tcp/80\" }\nverdict = \"passes\"\n";
constexpr const char* kNoForwardedHttp =
    "packets = { service = \"tcp/80\", direction = \"forward\" }\nverdict = \"blocked\"\n";

constexpr const char* kNoHttpFromHere =
    "packets = { service = \"tcp/80\", in-interface = \"lo\", state = \"new\" }\n"
    "verdict = \"blocked\"\n";

constexpr const char* kHttpWorks = "connection = { service = \"tcp/80\" }\n";
constexpr const char* kDnsWorks = "connection = { service = \"udp/53\" }\n";
constexpr const char* kOpen = "*filter\n:INPUT ACCEPT\nCOMMIT\n";

const Case kCases[] = {
    {"EveryTcpPacketHasFortyBytes",
     "*filter\n-A INPUT -p tcp --dport 80 -m length --length 40: -j DROP\nCOMMIT\n", kNoHttp,
     State::kProved},
    {"NoPacketIsLongerThanItsLengthCanSay",
     "*filter\n-A INPUT -p tcp --dport 80 -m length --length 0:65535 -j DROP\nCOMMIT\n", kNoHttp,
     State::kProved},
    {"ATcpPacketMayHaveFortyBytes",
     "*filter\n-A INPUT -p tcp --dport 80 -m length --length 41: -j DROP\nCOMMIT\n", kNoHttp},
    {"WhatDidNotComeOverEthernetHasNoAddressThere",
     "*filter\n:INPUT DROP\n-A INPUT -m mac --mac-source 02:00:5e:10:00:01 -j ACCEPT\n"
     "-A INPUT -m mac ! --mac-source 02:00:5e:10:00:01 -j ACCEPT\nCOMMIT\n",
     kHttp},
    {"ServiceAllIsAnyProtocol", kOpen, "service = \"all\"\nonly-from = \"192.0.2.1\"\n"},
    {"ServiceZeroIsAnyProtocol", kOpen, "service = \"0\"\nonly-from = \"192.0.2.1\"\n"},
    {"ProtocolAllIsAnyProtocol", kOpen,
     "packets = { protocol = \"all\" }\nverdict = \"blocked\"\n"},
    {"ProtocolZeroIsAnyProtocol", kOpen, "packets = { protocol = 0 }\nverdict = \"blocked\"\n"},
    {"TheAnswerToAnUntrackedPacketIsOfNoConnection",
     "*raw\n-A PREROUTING -p tcp --dport 80 -j NOTRACK\nCOMMIT\n*filter\n:OUTPUT DROP\n"
     "-A OUTPUT -m state --state NEW,ESTABLISHED -j ACCEPT\nCOMMIT\n",
     kHttpWorks},
    {"WhatIsSentUntrackedHasNoAnswer",
     "*raw\n-A OUTPUT -p tcp --dport 80 -j NOTRACK\nCOMMIT\n*filter\n:INPUT DROP\n"
     "-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\nCOMMIT\n",
     "connection = { direction = \"out\", service = \"tcp/80\" }\n"},
    {"UntrackedBothWaysIsUntracked",
     "*raw\n-A PREROUTING -p tcp --dport 80 -j NOTRACK\n-A OUTPUT -p tcp --sport 80 -j NOTRACK\n"
     "COMMIT\n*filter\n:OUTPUT DROP\n-A OUTPUT -m state --state UNTRACKED -j ACCEPT\nCOMMIT\n",
     kHttpWorks, State::kProved},
    {"OtherPacketsMayBeUntracked",
     "*raw\n-A PREROUTING -p udp --dport 53 -j NOTRACK\nCOMMIT\n*filter\n:OUTPUT DROP\n"
     "-A OUTPUT -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n",
     kHttpWorks, State::kProved},
    {"TheUntrackedPartOfAClaimIsLookedAtAlone",
     "*raw\n-A PREROUTING -p udp --dport 53 -j NOTRACK\nCOMMIT\n*filter\n:OUTPUT DROP\n"
     "-A OUTPUT -p tcp -m state --state ESTABLISHED -j ACCEPT\n-A OUTPUT -p udp -j "
     "ACCEPT\nCOMMIT\n",
     "connection = { service = [\"udp/53\", \"tcp/80\"] }\n", State::kProved},
    {"AUdpAnswerToAnUntrackedPacketIsNew",
     "*raw\n-A PREROUTING -p udp --dport 53 -j NOTRACK\nCOMMIT\n*filter\n:OUTPUT DROP\n"
     "-A OUTPUT -m state --state NEW,ESTABLISHED -j ACCEPT\nCOMMIT\n",
     kDnsWorks, State::kProved},
    {"AUdpAnswerToAnUntrackedPacketIsNotEstablished",
     "*raw\n-A PREROUTING -p udp --dport 53 -j NOTRACK\nCOMMIT\n*filter\n:OUTPUT DROP\n"
     "-A OUTPUT -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n",
     kDnsWorks},
    {"WithUntrackedAnswersNothingIsEstablished",
     "*raw\n-A OUTPUT -p tcp --sport 80 -j NOTRACK\nCOMMIT\n*filter\n:INPUT DROP\n"
     "-A INPUT -m state --state NEW,ESTABLISHED -j ACCEPT\nCOMMIT\n",
     kHttpWorks},
    {"AZoneOfOneDirectionLosesTheAnswer",
     "*raw\n-A PREROUTING -p tcp --dport 80 -j CT --zone 1\nCOMMIT\n*filter\n:OUTPUT DROP\n"
     "-A OUTPUT -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n",
     kHttpWorks},
    {"OneZoneForBothDirections",
     "*raw\n-A PREROUTING -p tcp --dport 80 -j CT --zone 1\n-A OUTPUT -p tcp --sport 80 -j CT "
     "--zone 1\nCOMMIT\n*filter\n:OUTPUT DROP\n-A OUTPUT -m state --state ESTABLISHED -j "
     "ACCEPT\nCOMMIT\n",
     kHttpWorks, State::kProved},
    {"AnotherZoneForAnswers",
     "*raw\n-A PREROUTING -p tcp --dport 80 -j CT --zone 1\n-A OUTPUT -p tcp --sport 80 -j CT "
     "--zone 2\nCOMMIT\n*filter\n:OUTPUT DROP\n-A OUTPUT -m state --state ESTABLISHED -j "
     "ACCEPT\nCOMMIT\n",
     kHttpWorks},
    {"WhatHasAZoneStaysTracked",
     "*raw\n-A PREROUTING -j CT --zone 1\n-A PREROUTING -j NOTRACK\nCOMMIT\n*filter\n"
     ":INPUT DROP\n-A INPUT -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
     kNoHttp},
    {"WhatHasAZoneIsNotUntracked",
     "*raw\n-A PREROUTING -j CT --zone 1\n-A PREROUTING -j NOTRACK\nCOMMIT\n*filter\n"
     ":INPUT DROP\n-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\nCOMMIT\n",
     "packets = { service = \"tcp/80\", state = \"new\", in-interface = \"eth0\" }\n"
     "verdict = \"blocked\"\n",
     State::kProved},
    {"WhatIsUntrackedGetsNoZone",
     "*raw\n-A PREROUTING -j NOTRACK\n-A PREROUTING -j CT --zone 1\nCOMMIT\n*filter\n"
     ":INPUT DROP\n-A INPUT -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
     "packets = { service = \"tcp/80\", state = \"new\", in-interface = \"eth0\" }\n"
     "verdict = \"blocked\"\n",
     State::kProved},
    {"BehindAZoneRawSeesANewConnection",
     "*raw\n-A PREROUTING -j CT --zone 1\n-A PREROUTING -m conntrack --ctstate NEW -j DROP\n"
     "COMMIT\n",
     "packets = { service = \"tcp/80\", in-interface = \"eth0\" }\nverdict = \"blocked\"\n",
     State::kProved},
    {"AMarkOnATemplateIsNoMarkOfTheConnection",
     "*raw\n-A PREROUTING -j CT --zone 1\n-A PREROUTING -j CONNMARK --set-mark 7\nCOMMIT\n"
     "*filter\n-A INPUT -m connmark --mark 7 -j DROP\nCOMMIT\n",
     kNoHttp},
    {"AZoneOfTheFirstDirectionOnly",
     "*raw\n-A PREROUTING -p tcp --dport 80 -j CT --zone-orig 1\nCOMMIT\n*filter\n:OUTPUT DROP\n"
     "-A OUTPUT -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n",
     kHttpWorks, State::kProved},
    {"AZoneOfTheReplyDirectionThatAnswersDontHave",
     "*raw\n-A PREROUTING -p tcp --dport 80 -j CT --zone-reply 1\nCOMMIT\n*filter\n:OUTPUT DROP\n"
     "-A OUTPUT -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n",
     kHttpWorks},
    {"TheKernelDropsAnAnswerThatClashesWithItsConnection",
     "*raw\n-A PREROUTING -p udp --dport 53 -j CT --zone-reply 1\nCOMMIT\n*filter\n:OUTPUT "
     "ACCEPT\nCOMMIT\n",
     kDnsWorks},
    {"AnAnswerInAZoneOfItsOwnPassesWhereAllPasses",
     "*raw\n-A PREROUTING -p udp --dport 53 -j CT --zone 1\nCOMMIT\n*filter\n:OUTPUT "
     "ACCEPT\nCOMMIT\n",
     kDnsWorks, State::kProved},
    {"ANewPacketIsOfItsConnectionsProtocol",
     "*filter\n:INPUT DROP\n-A INPUT -m conntrack ! --ctproto tcp -j ACCEPT\nCOMMIT\n",
     "packets = { protocol = \"tcp\" }\nverdict = \"blocked\"\n", State::kProved},
    {"ANewPacketGoesToItsConnectionsPort",
     "*filter\n:INPUT ACCEPT\n-A INPUT -p tcp -m conntrack --ctorigdstport 80 -j DROP\nCOMMIT\n",
     "packets = { service = \"tcp/22\" }\nverdict = \"passes\"\n", State::kProved},
    {"ANewPacketComesFromItsConnectionsSource",
     "*filter\n:INPUT DROP\n-A INPUT -m conntrack --ctorigsrc 10.0.0.0/8 -j ACCEPT\nCOMMIT\n",
     "service = \"tcp/22\"\nonly-from = \"10.0.0.0/8\"\n", State::kProved},
    {"BehindARedirectTheConnectionStillGoesToThePortAskedFor",
     "*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n*filter\n"
     ":INPUT DROP\n-A INPUT -p tcp -m conntrack --ctorigdstport 80 -j ACCEPT\nCOMMIT\n",
     kHttp, State::kProved},
    {"TheMarkOfTproxyIsRead",
     "*mangle\n-A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 3128 --tproxy-mark 0x1/0x1\n"
     "COMMIT\n*filter\n:INPUT DROP\n-A INPUT -m mark --mark 1 -j ACCEPT\nCOMMIT\n",
     kNoHttp},
    {"AProgramBehindNfqueueMayMarkThePacket",
     "*mangle\n-A PREROUTING -p tcp --dport 80 -j NFQUEUE --queue-num 0\nCOMMIT\n"
     "*filter\n:INPUT DROP\n-A INPUT -m mark --mark 1 -j ACCEPT\nCOMMIT\n",
     kNoHttp},
    {"AnAddressOfAnotherTypeBehindDnat",
     "*mangle\n-A PREROUTING -m addrtype ! --dst-type LOCAL -j DROP\nCOMMIT\n"
     "*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.5\nCOMMIT\n"
     "*filter\n:FORWARD ACCEPT\n-A FORWARD -m addrtype --dst-type LOCAL -j DROP\nCOMMIT\n",
     kNoForwardedHttp},
    {"AnswersComeFromElsewhereBehindDnat",
     "*mangle\n-A PREROUTING -m conntrack ! --ctreplsrc 203.0.113.9 -j DROP\nCOMMIT\n"
     "*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.5\nCOMMIT\n"
     "*filter\n:FORWARD DROP\n-A FORWARD -m conntrack --ctreplsrc 10.0.0.5 -j ACCEPT\nCOMMIT\n",
     kNoForwardedHttp},
    {"AMarkMayOpenAnotherWayBack",
     "*raw\n-A PREROUTING -m rpfilter --validmark -j DROP\n-A PREROUTING -j MARK --set-mark 1\n"
     "COMMIT\n*mangle\n-A PREROUTING -m rpfilter --validmark -j ACCEPT\n-A PREROUTING -j DROP\n"
     "COMMIT\n",
     kNoHttp},
    {"InRawThereIsNoConnectionThatHasAHelper",
     "*raw\n-A PREROUTING -m helper --helper ftp -j DROP\nCOMMIT\n"
     "*filter\n:INPUT DROP\n-A INPUT -m helper --helper ftp -j ACCEPT\nCOMMIT\n",
     "packets = { protocol = \"tcp\", state = [\"related\", \"established\"] }\n"
     "verdict = \"blocked\"\n"},
    {"InRawThereIsNoConnectionToMark",
     "*raw\n-A PREROUTING -j CONNMARK --set-mark 1\nCOMMIT\n"
     "*filter\n:INPUT ACCEPT\n-A INPUT -m connmark --mark 1 -j DROP\nCOMMIT\n",
     "packets = { state = \"new\" }\nverdict = \"blocked\"\n"},
    {"AskingForALabelMaySetIt",
     "*filter\n:INPUT DROP\n-A INPUT -m connlabel --label 5 -j DROP\n"
     "-A INPUT -p tcp --dport 80 -m connlabel --label 5 --set\n"
     "-A INPUT -m connlabel --label 5 -j ACCEPT\nCOMMIT\n",
     kNoHttp},
    {"AskingForASocketMayMark",
     "*mangle\n-A PREROUTING -p tcp -m socket --restore-skmark\nCOMMIT\n"
     "*filter\n:INPUT DROP\n-A INPUT -m mark --mark 1 -j ACCEPT\nCOMMIT\n",
     kNoHttp},
    {"ThroughLoAPacketKeepsItsMark",
     "*mangle\n-A OUTPUT -o lo -j MARK --set-mark 1\nCOMMIT\n"
     "*filter\n:INPUT DROP\n-A INPUT -i lo -p tcp -m mark --mark 1 -j ACCEPT\nCOMMIT\n",
     "packets = { service = \"tcp/80\", in-interface = \"lo\" }\nverdict = \"blocked\"\n"},
    {"ThroughLoAConnectionKeepsItsMark",
     "*mangle\n-A OUTPUT -o lo -j CONNMARK --set-mark 7\nCOMMIT\n"
     "*filter\n:INPUT DROP\n-A INPUT -i lo -p udp -m connmark --mark 7 -j ACCEPT\nCOMMIT\n",
     "packets = { service = \"udp/80\", in-interface = \"lo\", state = \"new\" }\n"
     "verdict = \"blocked\"\n"},
    {"ThroughLoRawKnowsTheConnection",
     "*raw\n-A PREROUTING -i lo -m state --state NEW -j DROP\nCOMMIT\n",
     "packets = { service = \"tcp/80\", in-interface = \"lo\" }\nverdict = \"passes\"\n"},
    {"BehindDnatInOutputThereIsAnotherRoute",
     "*nat\n-A OUTPUT -p tcp --dport 80 -j DNAT --to-destination 10.0.0.5\nCOMMIT\n"
     "*mangle\n-A POSTROUTING -o eth0 -j DROP\nCOMMIT\n",
     "packets = { service = \"tcp/80\", direction = \"out\", out-interface = \"eth0\" }\n"
     "verdict = \"blocked\"\n"},
    {"BehindAMarkInOutputThereIsAnotherRoute",
     "*mangle\n-A OUTPUT -p tcp --dport 80 -j MARK --set-mark 1\n-A POSTROUTING -o eth0 -j DROP\n"
     "COMMIT\n",
     "packets = { service = \"tcp/80\", direction = \"out\", out-interface = \"eth0\" }\n"
     "verdict = \"blocked\"\n"},
    {"NeighboursAreTalkedOfWithoutAConnection",
     "*filter\n:INPUT DROP\n"
     "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m conntrack --ctstate NEW -j ACCEPT\n"
     "COMMIT\n",
     "packets = { service = \"ipv6-icmp/135\" }\nverdict = \"passes\"\n", State::kRefuted,
     net::Family::kIpv6},
    {"AnIcmpErrorIsNeverNew",
     "*filter\n:INPUT DROP\n-A INPUT -p icmp -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
     "packets = { service = \"icmp/3\" }\nverdict = \"passes\"\n", State::kEmpty},
    {"WhatDnatSendsElsewhereDoesntComeIn",
     "*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.5:80\nCOMMIT\n"
     "*filter\n:INPUT ACCEPT\n:FORWARD DROP\nCOMMIT\n",
     kHttp},
    {"AnErrorAboutAConnectionDoesntMeetNat",
     "*nat\n:PREROUTING DROP\nCOMMIT\n*filter\n:INPUT ACCEPT\nCOMMIT\n",
     "packets = { protocol = \"icmp\", state = \"related\" }\nverdict = \"blocked\"\n"},
    {"NobodyHasTranslatedWhatNoRuleTranslates",
     "*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.5\nCOMMIT\n"
     "*filter\n:FORWARD DROP\n-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT\nCOMMIT\n",
     "packets = { service = \"tcp/81\", direction = \"forward\", state = \"new\" }\n"
     "verdict = \"blocked\"\n",
     State::kProved},
    {"RedirectedPacketsDoComeIn",
     "*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n"
     "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 8080 -j ACCEPT\nCOMMIT\n",
     kHttp, State::kProved},
    {"NatIsNotAskedWhereNothingTurnsTrackingOn",
     "*nat\n:PREROUTING DROP\nCOMMIT\n*filter\n:INPUT ACCEPT\nCOMMIT\n", kNoHttp},
    {"NatMarksNothingWhereNothingTurnsTrackingOn",
     "*nat\n-A PREROUTING -p tcp --dport 80 -j MARK --set-mark 1\nCOMMIT\n"
     "*filter\n-A INPUT -m mark --mark 1 -j DROP\nCOMMIT\n",
     kNoHttp},
    {"ARouterCountsTheTimeToLiveDown",
     "*mangle\n-A PREROUTING -j TTL --ttl-set 64\nCOMMIT\n"
     "*filter\n-A FORWARD -m ttl --ttl-eq 64 -j DROP\nCOMMIT\n",
     kNoForwardedHttp},
    {"ATimeToLiveIsAnotherOneBehindRouting",
     "*mangle\n-A PREROUTING -m hl ! --hl-eq 64 -j DROP\nCOMMIT\n"
     "*filter\n-A FORWARD -m hl --hl-eq 64 -j DROP\nCOMMIT\n",
     kNoForwardedHttp, State::kRefuted, net::Family::kIpv6},
    {"ATimeToLiveStaysWhatItIsOnTheWayIn",
     "*mangle\n-A PREROUTING -j TTL --ttl-set 64\nCOMMIT\n"
     "*filter\n-A INPUT -m ttl --ttl-eq 64 -j DROP\nCOMMIT\n",
     kNoHttp, State::kProved},
    {"WhatComesThroughLoIsNotUntracked",
     "*raw\n-A PREROUTING -i lo -j NOTRACK\nCOMMIT\n*filter\n:INPUT DROP\n"
     "-A INPUT -i lo -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
     kNoHttpFromHere},
    {"WhatComesThroughLoIsNotRedirected",
     "*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n"
     "*filter\n-A INPUT -p tcp --dport 8080 -j DROP\nCOMMIT\n",
     kNoHttpFromHere},
    {"ABridgedPacketHasAnOutgoingPortBehindRouting",
     "*mangle\n-A PREROUTING -m physdev --physdev-is-bridged -j DROP\nCOMMIT\n"
     "*filter\n:FORWARD DROP\n-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT\nCOMMIT\n",
     kNoForwardedHttp},
    {"ASocketMayBeFoundByTheConnection",
     "*raw\n-A PREROUTING -m socket -j DROP\nCOMMIT\n"
     "*mangle\n-A PREROUTING -m socket -j ACCEPT\n-A PREROUTING -j DROP\nCOMMIT\n",
     kNoHttp},
    {"ARealmIsThatOfTheRoute",
     "*mangle\n-A OUTPUT -m realm --realm 1 -j DROP\n-A OUTPUT -j MARK --set-mark 1\nCOMMIT\n"
     "*filter\n:OUTPUT DROP\n-A OUTPUT -m realm --realm 1 -j ACCEPT\nCOMMIT\n",
     "packets = { service = \"tcp/80\", direction = \"out\" }\nverdict = \"blocked\"\n"},
    {"FragmentsAreLongerWhenTheyArePutTogether",
     "*mangle\n-A PREROUTING -p udp -m length --length 61: -j DROP\nCOMMIT\n"
     "*filter\n:INPUT DROP\n-A INPUT -p udp -m length --length 61: -j ACCEPT\nCOMMIT\n",
     "packets = { protocol = \"udp\" }\nverdict = \"blocked\"\n"},
    {"NoFragmentComesIn", "*filter\n-A INPUT ! -f -p udp -j DROP\nCOMMIT\n",
     "packets = { protocol = \"udp\" }\nverdict = \"blocked\"\n", State::kProved},
    {"TcpmssMayAddAnOption",
     "*mangle\n-A FORWARD -m length ! --length 40 -j DROP\n"
     "-A FORWARD -p tcp --syn -j TCPMSS --set-mss 1000\n"
     "-A POSTROUTING -m length --length 40 -j DROP\nCOMMIT\n",
     kNoForwardedHttp},
    {"AProgramMaySendAnotherProtocol",
     "*mangle\n-A FORWARD ! -p udp -j DROP\n-A FORWARD -j NFQUEUE\n"
     "-A POSTROUTING -p udp -j DROP\nCOMMIT\n",
     "packets = { direction = \"forward\" }\nverdict = \"blocked\"\n"},
    {"WhatHasNoExtensionHeaderIsDroppedByWhoWantsOne",
     "*filter\n:INPUT ACCEPT\n-A INPUT -m ipv6header ! --header frag --soft -j DROP\nCOMMIT\n",
     kHttp, State::kRefuted, net::Family::kIpv6},
    {"WhatHasNoExtensionHeaderPassesWhoDropsThem",
     "*filter\n:INPUT ACCEPT\n-A INPUT -m ipv6header --header frag --soft -j DROP\nCOMMIT\n", kHttp,
     State::kProved, net::Family::kIpv6},
};

class ProofOf : public ::testing::TestWithParam<Case> {};

TEST_P(ProofOf, IsSound) {
  const Case& it = GetParam();
  const Source source("claims", std::string("[[claim]]\nname = \"it\"\n") + it.claim);
  const auto claims = policy::parse_claims(source, net::SystemNames());
  ASSERT_TRUE(claims.ok()) << render(claims.error(), source);
  const auto rules = parse_inputs({{Source("rules", it.rules), it.family}});
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(prove(*rules, *claims, {}).front().state(), it.state);
}

INSTANTIATE_TEST_SUITE_P(Claims, ProofOf, ::testing::ValuesIn(kCases),
                         [](const auto& it) { return std::string(it.param.name); });

}  // namespace
}  // namespace bulkhead::app
