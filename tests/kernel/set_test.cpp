// SPDX-License-Identifier: GPL-2.0-or-later
// The set match with sets of ipset(8): what is looked up, the counters of a set's elements, and
// what the commands do while a rule holds a set.
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/asked_matches.h"

namespace bulkhead::testing {
namespace {

using ::testing::HasSubstr;

class SetMatch : public AskedMatches {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/sbin/ipset")) GTEST_SKIP() << "ipset isn't installed";
    AskedMatches::SetUp();
  }
  void make_sets(const std::string& lines) { run_on_both({"ipset", "restore"}, lines); }
};

Bytes member_from(const std::string& from) {
  return build(Ip4{.saddr = from, .daddr = kHost} / Udp{.dport = 53});
}

TEST_F(SetMatch, LooksUpPartsOfThePacket) {
  make_sets(
      "create hosts hash:ip\nadd hosts 192.0.2.9\n"
      "create services hash:ip,port\nadd services 192.0.2.1,udp:53\n"
      "create links hash:net,iface\nadd links 192.0.2.0/24,eth0\n"
      "create nets hash:net\nadd nets 192.0.2.0/24\nadd nets 192.0.2.9 nomatch\n");
  const Asked asked[] = {
      {"-m set --match-set hosts src", 1},
      {"-m set --match-set hosts dst", 0},
      {"-m set ! --match-set hosts src", 1},
      {"-m set ! --match-set hosts dst", 2},
      {"-m set --match-set services dst,dst", 2},
      {"-m set --match-set services src,dst", 0},
      {"-m set --match-set services dst,src", 0},
      {"-m set --match-set links src,src", 2},
      {"-m set --match-set links src,dst", 0},
      {"-m set --match-set nets src", 1},
      {"-m set ! --match-set nets src", 1},
      {"-m set --match-set nets src --return-nomatch", 1},
      {"-m set ! --match-set nets src --return-nomatch", 1},
      {"-m set --match-set hosts src -m set --match-set services dst,dst", 1},
  };
  load({}, asked);
  inject_on_both(member_from("192.0.2.9"));
  inject_on_both(member_from("192.0.2.8"));
  expect({}, asked);
}

TEST_F(SetMatch, OfIpv6) {
  make_sets(
      "create hosts hash:ip family inet6\nadd hosts 2001:db8::9\ncreate ports bitmap:port range "
      "0-100\n"
      "add ports 53\n");
  const Asked asked[] = {
      {"-m set --match-set hosts src", 1},
      {"-m set --match-set hosts dst", 0},
      {"-p udp -m set --match-set ports dst", 1},
      {"-p udp -m set --match-set ports src", 0},
  };
  load({.v6 = true}, asked);
  inject_on_both(to_host6({Udp{.dport = 53}}));
  expect({.v6 = true}, asked);
}

// The rules before the last one look without counting, so that each packet finds what the ones
// before it have counted: 0 to 4 packets of 28 bytes.
TEST_F(SetMatch, ComparesAndUpdatesTheCountersOfAnElement) {
  make_sets("create hosts hash:ip counters\nadd hosts 192.0.2.9\n");
  const std::string look = "-m set --match-set hosts src ! --update-counters ";
  const Asked asked[] = {
      {look + "--packets-eq 0", 1},
      {look + "! --packets-eq 0", 4},
      {look + "--packets-lt 3", 3},
      {look + "--packets-gt 3", 1},
      {look + "--bytes-eq 28", 1},
      {look + "! --bytes-eq 28", 4},
      {look + "--bytes-lt 57", 3},
      {look + "--bytes-gt 56", 2},
      {look + "--packets-gt 1 --bytes-lt 100", 2},
      {"-m set --match-set hosts src", 5},
  };
  load({}, asked);
  for (int i = 0; i < 5; ++i) inject_on_both(member_from("192.0.2.9"));
  expect({}, asked);
  for (const auto& firewall : both_) {
    EXPECT_THAT(firewall->net.must_exec({"ipset", "save", "hosts"}),
                HasSubstr("add hosts 192.0.2.9 packets 5 bytes 140"))
        << firewall->name;
  }
}

TEST_F(SetMatch, UpdatesTheCountersOfASetInASetUnlessToldNotTo) {
  make_sets(
      "create one hash:ip counters\nadd one 192.0.2.9\ncreate two hash:ip counters\n"
      "add two 192.0.2.9\n"
      "create ones list:set counters\nadd ones one\ncreate twos list:set counters\nadd twos two\n");
  const Asked asked[] = {
      {"-m set --match-set ones src ! --update-subcounters", 1},
      {"-m set --match-set twos src --update-subcounters", 1},
  };
  load({}, asked);
  inject_on_both(member_from("192.0.2.9"));
  expect({}, asked);
  for (const auto& firewall : both_) {
    const std::string sets = firewall->net.must_exec({"ipset", "save"});
    EXPECT_THAT(sets, HasSubstr("add one 192.0.2.9 packets 0 bytes 0")) << firewall->name;
    EXPECT_THAT(sets, HasSubstr("add two 192.0.2.9 packets 1 bytes 28")) << firewall->name;
  }
}

// The kernel knows the set by a number that the text doesn't have; swapping the sets' contents
// leaves the names with their numbers.
TEST_F(SetMatch, StaysTheRulesSetWhateverIsDoneToIt) {
  make_sets(
      "create other hash:ip\nadd other 192.0.2.8\ncreate hosts hash:ip\nadd hosts 192.0.2.9\n");
  const NetNamespace& net = ours().net;
  ours().ip4.must_restore(filter("-A INPUT -m set --match-set hosts src\n"));
  EXPECT_NE(net.exec({"ipset", "destroy", "hosts"}).exit_code, 0);
  EXPECT_NE(net.exec({"ipset", "rename", "hosts", "guests"}).exit_code, 0);
  net.must_exec({"ipset", "swap", "hosts", "other"});
  net.must_exec({BULKHEAD_BIN_DIR "/bulkhead", "status"});
  EXPECT_EQ(ours().ip4.command({"-A", "INPUT", "-j", "ACCEPT"}).exit_code, 0);
  EXPECT_THAT(ours().ip4.save(), HasSubstr("-A INPUT -m set --match-set hosts src\n"));
  ours().rig.inject("eth0", member_from("192.0.2.9"));
  ours().rig.inject("eth0", member_from("192.0.2.8"));
  EXPECT_EQ(ours().ip4.counters()[3].packets, 1u) << text(ours().ip4.counters()[3]);

  EXPECT_EQ(ours().ip4.command({"-D", "INPUT", "1"}).exit_code, 0);
  EXPECT_EQ(net.exec({"ipset", "destroy", "hosts"}).exit_code, 0);
}

}  // namespace
}  // namespace bulkhead::testing
