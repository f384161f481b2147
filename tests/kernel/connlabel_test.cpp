// SPDX-License-Identifier: GPL-2.0-or-later
// The connlabel match: rules that ask for a label before and after one that puts it on.
#include <gtest/gtest.h>

#include "kernel/asked_matches.h"

namespace bulkhead::testing {
namespace {

class ConnlabelMatch : public AskedMatches {};

TEST_F(ConnlabelMatch, LabelsStayWithTheConnection) {
  for (const bool v6 : {false, true}) {
    const Asked asked[] = {
        {"-m connlabel --label 40", 1},
        {"-m connlabel ! --label 40", 2},
        {"-m connlabel --label 40 --set", 2},
        {"-m connlabel --label 40", 2},
        // It holds where there is no connection, and not where it has put the label on.
        {"-m connlabel ! --label 127 --set", 1},
        {"-m connlabel --label 127", 2},
        {"-m connlabel --label 0", 0},
    };
    const Place input{.v6 = v6};
    load(input, asked);
    const Packet udp{Udp{.dport = 53}};
    inject_on_both(v6 ? to_host6(udp) : to_host(udp));
    inject_on_both(v6 ? to_host6(udp) : to_host(udp));
    inject_on_both(v6 ? build(Packet{Ip6{.saddr = kUntracked6}} / udp)
                      : build(Packet{Ip4{.saddr = kUntracked}} / udp));
    expect(input, asked);
  }
}

}  // namespace
}  // namespace bulkhead::testing
