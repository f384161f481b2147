// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/sentence.h"

#include <gtest/gtest.h>

#include "ext/expected_rules.h"

namespace bulkhead::ext {
namespace {

TEST(Sentence, OfMatches) {
  EXPECT_EQ(say(k4, "-p tcp -m tcp"), "");
  EXPECT_EQ(say(k4, "-p tcp --sport 1024: ! --dport 22"),
            "its source port is 1024 to 65535, its destination port is not 22 (ssh)");
  EXPECT_EQ(say(k4, "-p tcp --syn"), "its TCP flags are SYN of FIN,SYN,RST,ACK");
  EXPECT_EQ(say(k4, "-p tcp ! --tcp-option 2"), "TCP option 2 is not set");
  EXPECT_EQ(say(k4, "-p icmp ! --icmp-type ping"), "its ICMP type is not echo-request");
  EXPECT_EQ(say(k6, "-p icmpv6 --icmpv6-type 2/7"), "its ICMPv6 type is 2 with code 7");
  EXPECT_EQ(say(k4, "-m state --state NEW,ESTABLISHED,RELATED"),
            "its connection state is NEW, RELATED or ESTABLISHED");
  EXPECT_EQ(say(k4, "-m conntrack ! --ctstate INVALID"), "its connection state is not INVALID");
  EXPECT_EQ(say(k4, "-m comment --comment \"way in\""), "(remark: \"way in\")");
  EXPECT_EQ(say(k4, "-p tcp -m multiport --dports 22,80:90,443"),
            "its destination port is 22 (ssh), 80 to 90 or 443 (https)");
  EXPECT_EQ(say(k4, "-p tcp -m multiport --ports 22"),
            "either its source or its destination port is 22 (ssh)");
  EXPECT_EQ(say(k4, "-p tcp -m multiport ! --ports 22"),
            "neither its source nor its destination port is 22 (ssh)");
  EXPECT_EQ(say(k4, "-m limit --limit-burst 9"),
            "no more than 3 an hour have come on average, after a burst of 9");
}

TEST(Sentence, OfTargets) {
  EXPECT_EQ(say(k4, "-j ACCEPT"), "it is accepted");
  EXPECT_EQ(say(k4, "-j DROP"), "it is dropped");
  EXPECT_EQ(say(k4, "-j RETURN"), "it goes back to the chain that called this one");
  EXPECT_EQ(say(k4, "-j REJECT"), "it is rejected with ICMP port unreachable");
  EXPECT_EQ(say(k6, "-p tcp -j REJECT --reject-with tcp-reset"), "it is rejected with a TCP reset");
  EXPECT_EQ(say(k4, "-j LOG --log-prefix \"in: \" --log-level debug --log-uid"),
            "it is logged as \"in: \" at level debug with the user of its socket");
}

TEST(Sentence, NeedsNoNames) {
  const RuleText rule(k4, "-p tcp --dport 22");
  const auto& [match, arguments] = rule.matches().front();
  EXPECT_EQ(sentence(*match, arguments, {.family = k4, .protocol = 6}),
            "its destination port is 22");
}

}  // namespace
}  // namespace bulkhead::ext
