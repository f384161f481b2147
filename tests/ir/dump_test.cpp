// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/dump.h"

#include <gtest/gtest.h>

#include "ir/handmade.h"

namespace bulkhead::ir {
namespace {

using namespace bulkhead::testing;

U128 interface(std::string_view name) {
  U128 value = 0;
  for (size_t i = 0; i < 16; ++i)
    value = value << 8 | (i < name.size() ? static_cast<uint8_t>(name[i]) : 0);
  return value;
}

TEST(Dump, SaysWhatIsMeant) {
  Handmade made;
  const U128 net = net::parse_address(net::Family::kIpv4, "192.0.2.0")->value;
  made.add("INPUT",
           {in(kSource, net, net + 255), is(kInInterface, interface("eth0")), is(kProtocol, 6),
            header(Header::Form::kTcp),
            Constraint{.field = &kDestinationPort, .values = {{22, 22}, {80, 90}}}},
           jump("ssh"));
  made.add("ssh",
           {in(kInInterface, interface("eth"), interface("eth") | low_bits(104)),
            AnyOf{{is(kSourcePort, 1), is(kDestinationPort, 2)}}, Limit{.rate = 3, .seconds = 60}},
           Reject{.tcp_reset = true});
  made.add("ssh", {Constraint{.field = &kCtState, .mask = 6, .values = ValueSet::of(0)}},
           go_to("ssh2"));
  made.add("ssh2", {Constraint{.field = &kProtocol}}, Log{.prefix = "no: "});
  made.filter().find("INPUT")->policy = Policy::kDrop;
  EXPECT_EQ(dump(made.rules),
            "table filter\n"
            "  chain INPUT policy drop\n"
            "    #1 saddr 192.0.2.0-192.0.2.255; iifname eth0; l4proto 6; header tcp; dport 22, "
            "80-90 -> jump ssh\n"
            "  chain FORWARD policy accept\n"
            "  chain OUTPUT policy accept\n"
            "  chain ssh\n"
            "    #2 iifname eth+; (sport 1 or dport 2); limit 3/60s burst 5 -> reject tcp-reset\n"
            "    #3 ct state&0x6 0 -> goto ssh2\n"
            "  chain ssh2\n"
            "    #4 l4proto nothing -> log level 4 flags 0x0 \"no: \"\n");
}

}  // namespace
}  // namespace bulkhead::ir
