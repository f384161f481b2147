// SPDX-License-Identifier: GPL-2.0-or-later
// The matches that look at one field: mark, connmark, length, ttl, hl, dscp, pkttype, iprange, mac
// and addrtype. What iptables-legacy 1.8.9 says of right and of wrong options, word by word.

#include <cerrno>

#include <gtest/gtest.h>

#include "ext/expected_rules.h"

namespace bulkhead::ext {
namespace {

constexpr Wrong kWrong[] = {
    {k4, "-m mark", "mark: option \"--mark\" must be specified"},
    {k4, "-m mark --mark x", "mark: bad integer value for option \"--mark\", or out of range."},
    {k4, "-m mark --mark \"\"", "mark: bad integer value for option \"--mark\", or out of range."},
    {k4, "-m mark --mark 1/", "mark: bad integer value for option \"--mark\", or out of range."},
    {k4, "-m mark --mark 1/2/3", "mark: trailing garbage after value for option \"--mark\"."},
    {k4, "-m mark --mark 1x", "mark: trailing garbage after value for option \"--mark\"."},
    {k4, "-m mark --mark -1", "mark: bad integer value for option \"--mark\", or out of range."},
    {k4, "-m mark --mark 1/-1", "mark: bad integer value for option \"--mark\", or out of range."},
    {k4, "-m mark --mark 4294967296",
     "mark: bad integer value for option \"--mark\", or out of range."},
    {k4, "-m mark --mark 1 --mark 2", "mark: option \"--mark\" can only be used once."},
    {k4, "-m mark --mark", "option \"--mark\" requires an argument"},
    {k4, "-m connmark", "connmark: option \"--mark\" must be specified"},
    {k4, "-m connmark --mark zz",
     "connmark: bad integer value for option \"--mark\", or out of range."},
    {k4, "-m connmark --mark 1 --mark 1", "connmark: option \"--mark\" can only be used once."},
    {k4, "-m length", "length: option \"--length\" must be specified"},
    {k4, "-m length --length 1:2:3",
     "length: Too many components for option \"--length\" (max: 2)"},
    {k4, "-m length --length 65536",
     "length: bad value for option \"--length\" near \"65536\", or out of range (0-65535)."},
    {k4, "-m length --length x:5",
     "length: bad value for option \"--length\" near \"x:5\", or out of range (0-65535)."},
    {k4, "-m length --length 5:x",
     "length: bad value for option \"--length\" near \"x\", or out of range (0-65535)."},
    {k4, "-m length --length 5x",
     "length: Argument to \"--length\" has unexpected characters near \"x\"."},
    {k4, "-m length --length 5x:6",
     "length: Argument to \"--length\" has unexpected characters near \"x:6\"."},
    {k4, "-m length --length -1",
     "length: bad value for option \"--length\" near \"-1\", or out of range (0-65535)."},
    {k4, "-m length --length 5 --length 6", "length: option \"--length\" can only be used once."},
    {k4, "-m length --length 1::", "length: Too many components for option \"--length\" (max: 2)"},
    {k4, "-m ttl", "TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt"},
    {k4, "-m ttl ! --ttl-gt 5", "ttl: option \"--ttl-gt\" cannot be inverted."},
    {k4, "-m ttl ! --ttl-lt 5", "ttl: option \"--ttl-lt\" cannot be inverted."},
    {k4, "-m ttl --ttl 256", "ttl: bad value for option \"--ttl-eq\", or out of range (0-255)."},
    {k4, "-m ttl --ttl x", "ttl: bad value for option \"--ttl-eq\", or out of range (0-255)."},
    {k4, "-m ttl --ttl 5 --ttl 6", "ttl: option \"--ttl-eq\" can only be used once."},
    {k4, "-m ttl --ttl 5 --ttl-eq 6", "ttl: option \"--ttl-eq\" can only be used once."},
    {k4, "-m ttl --ttl-lt 5 --ttl-lt 6", "ttl: option \"--ttl-lt\" can only be used once."},
    {k4, "-m ttl --ttl-lt 5 --ttl-gt 6",
     "ttl: option \"--ttl-lt\" cannot be used together with \"--ttl-gt\"."},
    {k4, "-m ttl --ttl-gt 5 --ttl 6",
     "ttl: option \"--ttl-gt\" cannot be used together with \"--ttl-eq\"."},
    {k4, "-m ttl --ttl 6 --ttl-lt 5",
     "ttl: option \"--ttl-lt\" cannot be used together with \"--ttl-eq\"."},
    {k4, "-m dscp", "DSCP match: Parameter --dscp is required"},
    {k4, "-m dscp --dscp 64", "dscp: bad value for option \"--dscp\", or out of range (0-63)."},
    {k4, "-m dscp --dscp-class AF1", "Invalid DSCP value `AF1'"},
    {k4, "-m dscp --dscp-class foo", "Invalid DSCP value `foo'"},
    {k4, "-m dscp --dscp-class \"\"", "Invalid DSCP value `'"},
    {k4, "-m dscp --dscp 5 --dscp-class EF",
     "dscp: option \"--dscp\" cannot be used together with \"--dscp-class\"."},
    {k4, "-m dscp --dscp-class EF --dscp 5",
     "dscp: option \"--dscp\" cannot be used together with \"--dscp-class\"."},
    {k4, "-m dscp --dscp 5 --dscp 6", "dscp: option \"--dscp\" can only be used once."},
    {k4, "-m dscp --dscp-class EF --dscp-class EF",
     "dscp: option \"--dscp-class\" can only be used once."},
    {k4, "-m dscp --dscp -1", "dscp: bad value for option \"--dscp\", or out of range (0-63)."},
    {k4, "-m pkttype", "pkttype: option \"--pkt-type\" must be specified"},
    {k4, "-m pkttype --pkt-type uni", "Bad packet type 'uni'"},
    {k4, "-m pkttype --pkt-type \"\"", "Bad packet type ''"},
    {k4, "-m pkttype --pkt-type 1", "Bad packet type '1'"},
    {k4, "-m pkttype --pkt-type unicast --pkt-type multicast",
     "pkttype: option \"--pkt-type\" can only be used once."},
    {k4, "-m iprange", "iprange match: You must specify `--src-range' or `--dst-range'"},
    {k4, "-m iprange --src-range 10.0.0.9-", "iprange: Bad value for \"--src-range\" option: \"\""},
    {k4, "-m iprange --src-range -10.0.0.9", "iprange: Bad value for \"--src-range\" option: \"\""},
    {k4, "-m iprange --src-range 10.0.0.9-10.0.0.10-11",
     "iprange: Bad value for \"--src-range\" option: \"10.0.0.10-11\""},
    {k4, "-m iprange --src-range 10.0.0.1-foo",
     "iprange: Bad value for \"--src-range\" option: \"foo\""},
    {k4, "-m iprange --src-range \"\"", "iprange: Bad value for \"--src-range\" option: \"\""},
    {k4, "-m iprange --src-range 10.0.0.0/24",
     "iprange: Bad value for \"--src-range\" option: \"10.0.0.0/24\""},
    {k4, "-m iprange --src-range 10.0.0.1 --src-range 10.0.0.2",
     "iprange: option \"--src-range\" can only be used once."},
    {k4, "-m iprange --src-range ::1", "iprange: Bad value for \"--src-range\" option: \"::1\""},
    {k4, "-m iprange --dst-range foo", "iprange: Bad value for \"--dst-range\" option: \"foo\""},
    {k4, "-m mac", "mac: option \"--mac-source\" must be specified"},
    {k4, "-m mac --mac-source 02:00:5e:10:00", "Invalid MAC address specified."},
    {k4, "-m mac --mac-source 02:00:5e:10:00:01:02", "Invalid MAC address specified."},
    {k4, "-m mac --mac-source 02:00:5e:10:00:001", "Invalid MAC address specified."},
    {k4, "-m mac --mac-source 02-00-5e-10-00-01", "Invalid MAC address specified."},
    {k4, "-m mac --mac-source \"\"", "Invalid MAC address specified."},
    {k4, "-m mac --mac-source 02:00:5e:10:00:zz", "Invalid MAC address specified."},
    {k4, "-m mac --mac-source 1:2:3:4:5:6 --mac-source 1:2:3:4:5:6",
     "mac: option \"--mac-source\" can only be used once."},
    {k4, "-m addrtype", "addrtype: you must specify --src-type or --dst-type"},
    {k4, "-m addrtype --dst-type LOCAL --limit-iface-in --limit-iface-out",
     "addrtype: option \"--limit-iface-in\" cannot be used together with \"--limit-iface-out\"."},
    {k4, "-m addrtype --dst-type LOCAL --limit-iface-out --limit-iface-in",
     "addrtype: option \"--limit-iface-in\" cannot be used together with \"--limit-iface-out\"."},
    {k4, "-m addrtype --limit-iface-in", "addrtype: you must specify --src-type or --dst-type"},
    {k4, "-m addrtype --limit-iface-in --limit-iface-out",
     "addrtype: you must specify --src-type or --dst-type"},
    {k4, "-m addrtype --dst-type LOCAL ! --limit-iface-in",
     "addrtype: option \"--limit-iface-in\" cannot be inverted."},
    {k4, "-m addrtype --dst-type LOCAL --limit-iface-in --limit-iface-in",
     "addrtype: option \"--limit-iface-in\" can only be used once."},
    {k4, "-m addrtype --dst-type FOO", "addrtype: bad type \"FOO\""},
    {k4, "-m addrtype --dst-type FOO,LOCAL", "addrtype: bad type `FOO,LOCAL'"},
    {k4, "-m addrtype --dst-type LOCAL,FOO", "addrtype: bad type \"FOO\""},
    {k4, "-m addrtype --dst-type LOCAL,FOO,LOCAL", "addrtype: bad type `FOO,LOCAL'"},
    {k4, "-m addrtype --dst-type LOCAL,", "addrtype: bad type \"\""},
    {k4, "-m addrtype --dst-type ,LOCAL", "addrtype: bad type `,LOCAL'"},
    {k4, "-m addrtype --dst-type \"\"", "addrtype: bad type \"\""},
    {k4, "-m addrtype --dst-type LOCALX", "addrtype: bad type \"LOCALX\""},
    {k4, "-m addrtype --dst-type LOCAL --src-type LOCAL --src-type LOCAL",
     "addrtype: option \"--src-type\" can only be used once."},
    {k6, "-m hl", "HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'"},
    {k6, "-m hl ! --hl-gt 5", "hl: option \"--hl-gt\" cannot be inverted."},
    {k6, "-m hl --hl 256", "hl: bad value for option \"--hl-eq\", or out of range (0-255)."},
    {k6, "-m hl --hl 5 --hl-eq 6", "hl: option \"--hl-eq\" can only be used once."},
    {k6, "-m hl --hl 5 --hl-lt 6",
     "hl: option \"--hl-lt\" cannot be used together with \"--hl-eq\"."},
    {k6, "-m hl --hl-gt 5 --hl-lt 6",
     "hl: option \"--hl-lt\" cannot be used together with \"--hl-gt\"."},
    {k6, "-m iprange --dst-range 1.2.3.4",
     "iprange: Bad value for \"--dst-range\" option: \"1.2.3.4\""},
    {k6, "-m iprange --dst-range 2001:db8::1/64",
     "iprange: Bad value for \"--dst-range\" option: \"2001:db8::1/64\""},
};

TEST(FieldMatches, SayWhatIsWrongInLegacysWords) {
  for (const Wrong& wrong : kWrong) expect_wrong(wrong);
}

// With and without -n they look the same.
struct Printed {
  net::Family family;
  std::string_view rule;
  std::string_view save;
  std::string_view list;
};

constexpr Printed kPrinted[] = {
    {k4, "-m mark --mark 1", "-m mark --mark 0x1", "mark match 0x1"},
    {k4, "-m mark --mark 010/0xffffffff", "-m mark --mark 0x8", "mark match 0x8"},
    {k4, "-m mark ! --mark 5/3", "-m mark ! --mark 0x5/0x3", "mark match ! 0x5/0x3"},
    {k4, "-m mark --mark 1/0", "-m mark --mark 0x1/0x0", "mark match 0x1/0x0"},
    {k4, "-m mark --mark 0/0", "-m mark --mark 0x0/0x0", "mark match 0x0/0x0"},
    {k4, "-m mark --mark 4294967295", "-m mark --mark 0xffffffff", "mark match 0xffffffff"},
    {k4, "-m mark --mark \" 7\"", "-m mark --mark 0x7", "mark match 0x7"},
    {k4, "-m connmark --mark 1", "-m connmark --mark 0x1", "connmark match  0x1"},
    {k4, "-m connmark ! --mark 1/3", "-m connmark ! --mark 0x1/0x3", "connmark match ! 0x1/0x3"},
    {k4, "-m mark --mark 1 -m connmark --mark 2", "-m mark --mark 0x1 -m connmark --mark 0x2",
     "mark match 0x1 connmark match  0x2"},
    {k4, "-m connmark --mark 2 -m mark --mark 1", "-m connmark --mark 0x2 -m mark --mark 0x1",
     "connmark match  0x2 mark match 0x1"},
    {k4, "-m length --length 5", "-m length --length 5", "length 5"},
    {k4, "-m length --length 5:", "-m length --length 5:65535", "length 5:65535"},
    {k4, "-m length --length :5", "-m length --length 0:5", "length 0:5"},
    {k4, "-m length --length :", "-m length --length 0:65535", "length 0:65535"},
    {k4, "-m length --length \"\"", "-m length --length 0", "length 0"},
    {k4, "-m length --length 5:5", "-m length --length 5", "length 5"},
    {k4, "-m length ! --length 5:3", "-m length ! --length 5:3", "length !5:3"},
    {k4, "-m length --length 0x10:020", "-m length --length 16", "length 16"},
    {k4, "-m length --length 0:65535", "-m length --length 0:65535", "length 0:65535"},
    {k4, "-m ttl ! --ttl-eq 0x10", "-m ttl ! --ttl-eq 16", "TTL match TTL != 16"},
    {k4, "-m ttl --ttl-gt 255", "-m ttl --ttl-gt 255", "TTL match TTL > 255"},
    {k4, "-m ttl --ttl-e 6", "-m ttl --ttl-eq 6", "TTL match TTL == 6"},
    {k4, "-m ttl --ttl-l 6", "-m ttl --ttl-lt 6", "TTL match TTL < 6"},
    {k4, "-m ttl --ttl-lt 0", "-m ttl --ttl-lt 0", "TTL match TTL < 0"},
    {k4, "-m dscp --dscp 5", "-m dscp --dscp 0x05", "DSCP match 0x05"},
    {k4, "-m dscp --dscp 0x20", "-m dscp --dscp 0x20", "DSCP match 0x20"},
    {k4, "-m dscp --dscp-class ef", "-m dscp --dscp 0x2e", "DSCP match 0x2e"},
    {k4, "-m dscp --dscp-class EFoo", "-m dscp --dscp 0x2e", "DSCP match 0x2e"},
    {k4, "-m dscp --dscp-class BE", "-m dscp --dscp 0x00", "DSCP match 0x00"},
    {k4, "-m dscp ! --dscp-class af11", "-m dscp ! --dscp 0x0a", "DSCP match !0x0a"},
    {k4, "-m dscp --dscp-class CS7x", "-m dscp --dscp 0x38", "DSCP match 0x38"},
    {k4, "-m dscp --dscp-c EF", "-m dscp --dscp 0x2e", "DSCP match 0x2e"},
    {k4, "-m dscp --dscp 0", "-m dscp --dscp 0x00", "DSCP match 0x00"},
    {k4, "-m pkttype --pkt-type BCAST", "-m pkttype --pkt-type broadcast", "PKTTYPE = broadcast"},
    {k4, "-m pkttype ! --pkt-type mcast", "-m pkttype ! --pkt-type multicast",
     "PKTTYPE != multicast"},
    {k4, "-m pkttype --pkt-type host", "-m pkttype --pkt-type unicast", "PKTTYPE = unicast"},
    {k4, "-m pkttype --pkt-type otherhost", "-m pkttype --pkt-type otherhost",
     "PKTTYPE = otherhost"},
    {k4, "-m pkttype --pkt \"multicast\"", "-m pkttype --pkt-type multicast",
     "PKTTYPE = multicast"},
    {k4, "-m iprange --src-range 10.0.0.1-10.0.0.9", "-m iprange --src-range 10.0.0.1-10.0.0.9",
     "source IP range 10.0.0.1-10.0.0.9"},
    {k4, "-m iprange ! --src-range 10.0.0.1-10.0.0.9", "-m iprange ! --src-range 10.0.0.1-10.0.0.9",
     "source IP range ! 10.0.0.1-10.0.0.9"},
    {k4, "-m iprange --dst-range 10.0.0.1-10.0.0.9", "-m iprange --dst-range 10.0.0.1-10.0.0.9",
     "destination IP range 10.0.0.1-10.0.0.9"},
    {k4, "-m iprange ! --dst-range 10.0.0.1 --src-range 10.0.0.1",
     "-m iprange --src-range 10.0.0.1-10.0.0.1 ! --dst-range 10.0.0.1-10.0.0.1",
     "source IP range 10.0.0.1-10.0.0.1 destination IP range ! 10.0.0.1-10.0.0.1"},
    {k4, "-m iprange --src-range 10-11", "-m iprange --src-range 10.0.0.0-11.0.0.0",
     "source IP range 10.0.0.0-11.0.0.0"},
    {k4, "-m iprange --src-range 0x0a.1-10.012.0.1", "-m iprange --src-range 10.1.0.0-10.10.0.1",
     "source IP range 10.1.0.0-10.10.0.1"},
    {k4, "-m iprange --src-range 10.0.0.9-10.0.0.1", "-m iprange --src-range 10.0.0.9-10.0.0.1",
     "source IP range 10.0.0.9-10.0.0.1"},
    {k4, "-m mac --mac-source 02:00:5E:10:00:01", "-m mac --mac-source 02:00:5e:10:00:01",
     "MAC 02:00:5e:10:00:01"},
    {k4, "-m mac --mac-source 1:2:3:4:5:6", "-m mac --mac-source 01:02:03:04:05:06",
     "MAC 01:02:03:04:05:06"},
    {k4, "-m mac --mac-s 1:2:3:4:5:6", "-m mac --mac-source 01:02:03:04:05:06",
     "MAC 01:02:03:04:05:06"},
    {k4, "-m addrtype --src-type LOCAL", "-m addrtype --src-type LOCAL",
     "ADDRTYPE match src-type LOCAL"},
    {k4, "-m addrtype ! --src-type local,uni", "-m addrtype ! --src-type UNICAST,LOCAL",
     "ADDRTYPE match src-type !UNICAST,LOCAL"},
    {k4, "-m addrtype --dst-type MULTICAST,LOCAL,LOCAL", "-m addrtype --dst-type LOCAL,MULTICAST",
     "ADDRTYPE match dst-type LOCAL,MULTICAST"},
    {k4, "-m addrtype ! --dst-type UN", "-m addrtype ! --dst-type UNSPEC",
     "ADDRTYPE match dst-type !UNSPEC"},
    {k4,
     "-m addrtype --dst-type "
     "UNSPEC,UNICAST,LOCAL,BROADCAST,ANYCAST,MULTICAST,BLACKHOLE,UNREACHABLE,PROHIBIT,THROW,NAT,"
     "XRESOLVE",
     "-m addrtype --dst-type "
     "UNSPEC,UNICAST,LOCAL,BROADCAST,ANYCAST,MULTICAST,BLACKHOLE,UNREACHABLE,PROHIBIT,THROW,NAT,"
     "XRESOLVE",
     "ADDRTYPE match dst-type "
     "UNSPEC,UNICAST,LOCAL,BROADCAST,ANYCAST,MULTICAST,BLACKHOLE,UNREACHABLE,PROHIBIT,THROW,NAT,"
     "XRESOLVE"},
    {k4, "-m addrtype --dst-type LOCAL --src-type UNICAST",
     "-m addrtype --src-type UNICAST --dst-type LOCAL",
     "ADDRTYPE match src-type UNICAST dst-type LOCAL"},
    {k4, "-m addrtype --limit-iface-in --dst-type LOCAL",
     "-m addrtype --dst-type LOCAL --limit-iface-in", "ADDRTYPE match dst-type LOCAL limit-in"},
    {k4, "-m addrtype --src-type LOCAL ! --dst-type LOCAL --limit-iface-in",
     "-m addrtype --src-type LOCAL ! --dst-type LOCAL --limit-iface-in",
     "ADDRTYPE match src-type LOCAL dst-type !LOCAL limit-in"},
    {k4, "-m addrtype --dst-type X", "-m addrtype --dst-type XRESOLVE",
     "ADDRTYPE match dst-type XRESOLVE"},
    {k6, "-m hl --hl-eq 5", "-m hl --hl-eq 5", "HL match HL == 5"},
    {k6, "-m hl ! --hl-eq 5", "-m hl ! --hl-eq 5", "HL match HL != 5"},
    {k6, "-m hl --hl 5", "-m hl --hl-eq 5", "HL match HL == 5"},
    {k6, "-m hl ! --hl 5", "-m hl ! --hl-eq 5", "HL match HL != 5"},
    {k6, "-m hl --hl-gt 5", "-m hl --hl-gt 5", "HL match HL > 5"},
    {k6, "-m iprange --src-range 2001:db8::1-2001:db8::ff",
     "-m iprange --src-range 2001:db8::1-2001:db8::ff", "source IP range 2001:db8::1-2001:db8::ff"},
    {k6, "-m iprange --src-range 2001:db8::ff-2001:db8::1",
     "-m iprange --src-range 2001:db8::ff-2001:db8::1", "source IP range 2001:db8::ff-2001:db8::1"},
    {k6, "-m iprange ! --dst-range 2001:db8::1", "-m iprange ! --dst-range 2001:db8::1-2001:db8::1",
     "destination IP range ! 2001:db8::1-2001:db8::1"},
    {k6, "-m iprange --dst-range ::ffff:1.2.3.4",
     "-m iprange --dst-range ::ffff:1.2.3.4-::ffff:1.2.3.4",
     "destination IP range ::ffff:1.2.3.4-::ffff:1.2.3.4"},
    {k6, "-m addrtype --src-type LOCAL,UNICAST", "-m addrtype --src-type UNICAST,LOCAL",
     "ADDRTYPE match src-type UNICAST,LOCAL"},
    {k6, "-m addrtype ! --dst-type MULTICAST", "-m addrtype ! --dst-type MULTICAST",
     "ADDRTYPE match dst-type !MULTICAST"},
    {k6, "-m addrtype --dst-type ANYCAST", "-m addrtype --dst-type ANYCAST",
     "ADDRTYPE match dst-type ANYCAST"},
    {k6, "-m addrtype --dst-type UNREACHABLE", "-m addrtype --dst-type UNREACHABLE",
     "ADDRTYPE match dst-type UNREACHABLE"},
    {k6, "-m addrtype --src-type UNSPEC", "-m addrtype --src-type UNSPEC",
     "ADDRTYPE match src-type UNSPEC"},
    {k6, "-m addrtype --src-type LOCAL --limit-iface-in",
     "-m addrtype --src-type LOCAL --limit-iface-in", "ADDRTYPE match src-type LOCAL limit-in"},
};

TEST(FieldMatches, ArePrintedAsLegacyDoes) {
  for (const auto& [family, rule, save, list] : kPrinted)
    expect_listed({family, rule, save, list, list});
}

TEST(FieldMatches, AreSaidInSentences) {
  EXPECT_EQ(say(k4, "-m mark --mark 16"), "its mark is 0x10");
  EXPECT_EQ(say(k4, "-m mark ! --mark 16/0xff"), "its mark is not 0x10 in the bits 0xff");
  EXPECT_EQ(say(k4, "-m connmark --mark 1"), "its connection's mark is 0x1");
  EXPECT_EQ(say(k4, "-m length ! --length 5:9"), "it is not 5 to 9 bytes long");
  EXPECT_EQ(say(k4, "-m length --length 5"), "it is 5 bytes long");
  EXPECT_EQ(say(k4, "-m ttl ! --ttl 5"), "its time to live is not 5");
  EXPECT_EQ(say(k6, "-m hl --hl-lt 5"), "its hop limit is below 5");
  EXPECT_EQ(say(k4, "-m dscp --dscp-class EF"), "its DSCP is 0x2e (EF)");
  EXPECT_EQ(say(k4, "-m dscp ! --dscp 1"), "its DSCP is not 0x01");
  EXPECT_EQ(say(k4, "-m pkttype ! --pkt-type bcast"), "its link says that it is not broadcast");
  EXPECT_EQ(say(k4, "-m iprange ! --src-range 10.0.0.1-10.0.0.9 --dst-range 10.0.0.1"),
            "its source address is not 10.0.0.1 to 10.0.0.9, its destination address is 10.0.0.1");
  EXPECT_EQ(say(k4, "-m mac --mac-source 2:0:0:0:0:1"),
            "its source MAC address is 02:00:00:00:00:01");
  EXPECT_EQ(say(k4, "-m addrtype ! --dst-type LOCAL,BROADCAST,UNICAST --limit-iface-in"),
            "its destination address is not UNICAST, LOCAL or BROADCAST, as the incoming interface "
            "has it");
}

// addrtype_mt_checkentry_v1() of the kernel's xt_addrtype.c.
TEST(FieldMatches, AreRefusedAsTheKernelRefusesThem) {
  for (const std::string_view types :
       {"BROADCAST", "BLACKHOLE", "PROHIBIT", "THROW", "NAT", "XRESOLVE", "LOCAL,BROADCAST"}) {
    for (const std::string_view option : {"--src-type", "--dst-type"}) {
      const std::string text = std::string("-m addrtype ").append(option).append(" ").append(types);
      const Result<ir::Predicate> predicate = RuleText(k6, text).predicate();
      ASSERT_FALSE(predicate) << text;
      EXPECT_EQ(predicate.error().kind, ErrorKind::kRefused) << text;
      EXPECT_EQ(predicate.error().errno_value, EINVAL) << text;
      EXPECT_TRUE(RuleText(k4, text).predicate()) << text;
    }
  }
}

// iptables-legacy reads a byte that isn't there as 0 and a negative one modulo 256 (see
// docs/differences.md).
TEST(FieldMatches, TakeNoMacAddressByAccident) {
  for (const std::string_view address :
       {":::::", "02:00:5e:10:00:", "-1:2:3:4:5:6", "+1:2:3:4:5:6", "\" 1:2:3:4:5:6\""}) {
    EXPECT_EQ(RuleText(k4, std::string("-m mac --mac-source ").append(address)).message(),
              "Invalid MAC address specified.")
        << address;
  }
}

// A value that the mask can't give: never, and negated always (see mark_mt() of xt_mark.c).
TEST(FieldMatches, OfAMarkOutsideItsMaskHoldOnlyNegated) {
  const auto values = [](std::string_view rule) {
    return std::get<ir::Constraint>(RuleText(k4, rule).predicate()->front()).values;
  };
  EXPECT_TRUE(values("-m mark --mark 5/3").empty());
  EXPECT_EQ(values("-m mark ! --mark 5/3"), ir::ValueSet::range(0, 0xffffffff));
}

}  // namespace
}  // namespace bulkhead::ext
