// SPDX-License-Identifier: GPL-2.0-or-later
// Matches that look at one field, where a row's two packets don't say enough: every type of
// address, packets without an Ethernet header, packets that come back to their sender. The same
// rules and packets in our namespace and in one of iptables-legacy; both must count what the test
// says.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr Mac kNeighbour = {2, 0, 0, 0, 0, 9};

// eth0 is Ethernet, eth1 has no link header.
RigOptions two_links() {
  return {.interfaces = {
              {.name = "eth0", .addresses = {"192.0.2.1/24", "2001:db8::1/64"}, .ethernet = true},
              {.name = "eth1", .addresses = {"203.0.113.1/24", "2001:db8:1::1/64"}}}};
}

// One chain of a table, and in it rules that only count.
struct Watch {
  bool ip6 = false;
  std::string table = "filter";
  std::string chain = "INPUT";
  std::vector<std::string> matches;
};

class FieldMatches : public TwoFirewalls {
 protected:
  RigOptions network() const override { return two_links(); }

  void load(const Watch& watch) {
    watch_ = watch;
    std::string text = fmt::format("*{}\n", watch.table);
    for (const std::string& match : watch.matches)
      text += fmt::format("-A {} {}\n", watch.chain, match);
    for (const auto& firewall : both_) firewall->tables(watch_.ip6).must_restore(text + "COMMIT\n");
  }

  // Lines of ip(8), without its name.
  void configure(const std::string& lines) {
    for (const auto& firewall : both_)
      firewall->net.must_exec({"ip", "-batch", "-"}, {.input = lines});
  }

  // What each rule of the last load() has counted of this packet alone: '1' where it did.
  std::string counted(Firewall& firewall, const Step& step) {
    const std::vector<uint64_t> before = counts(firewall);
    firewall.rig.run({&step, 1});
    const std::vector<uint64_t> after = counts(firewall);
    std::string text;
    for (size_t i = 0; i < after.size(); ++i) text += fmt::format("{}", after[i] - before[i]);
    return text;
  }

  void expect(const Step& step, const std::string& counts, const std::string& what) {
    for (const auto& firewall : both_)
      EXPECT_EQ(counted(*firewall, step), counts) << firewall->name << ": " << what;
  }

 private:
  std::vector<uint64_t> counts(const Firewall& firewall) const {
    std::vector<uint64_t> packets;
    for (const RuleCounter& each : firewall.tables(watch_.ip6).counters()) {
      if (each.table == watch_.table && each.rule.starts_with("-A "))
        packets.push_back(each.packets);
    }
    return packets;
  }

  Watch watch_;
};

Bytes udp4(const std::string& from, const std::string& to) {
  return build(Ip4{.saddr = from, .daddr = to} / Udp{});
}
Bytes udp6(const std::string& from, const std::string& to) {
  return build(Ip6{.saddr = from, .daddr = to} / Udp{});
}

constexpr std::string_view kTypes[] = {"UNSPEC",   "UNICAST",   "LOCAL",     "BROADCAST",
                                       "ANYCAST",  "MULTICAST", "BLACKHOLE", "UNREACHABLE",
                                       "PROHIBIT", "THROW",     "NAT",       "XRESOLVE"};

// A route that refuses gives no type: inet_dev_addr_type() of the kernel takes it for UNICAST.
TEST_F(FieldMatches, OfAddressTypesOfIpv4AreWhatTheRoutingTableSays) {
  configure(
      "route add blackhole 198.18.1.0/24 table local\n"
      "route add unreachable 198.18.2.0/24 table local\n"
      "route add prohibit 198.18.3.0/24 table local\n"
      "route add throw 198.18.4.0/24 table local\n"
      "route add anycast 198.18.5.1 dev eth0 table local\n");
  Watch watch{.table = "raw", .chain = "PREROUTING"};
  for (const std::string_view type : kTypes) {
    watch.matches.push_back(fmt::format("-m addrtype --src-type {}", type));
    watch.matches.push_back(fmt::format("-m addrtype ! --src-type {}", type));
    watch.matches.push_back(fmt::format("-m addrtype --dst-type {}", type));
    watch.matches.push_back(fmt::format("-m addrtype ! --dst-type {}", type));
  }
  watch.matches.emplace_back("-m addrtype --src-type UNICAST ! --dst-type LOCAL,BROADCAST");
  load(watch);

  struct Sent {
    std::string from;
    std::string to;
    std::string_view source;
    std::string_view destination;
  };
  const Sent kSent[] = {
      {"192.0.2.9", "192.0.2.1", "UNICAST", "LOCAL"},
      {"192.0.2.9", "203.0.113.1", "UNICAST", "LOCAL"},
      {"192.0.2.1", "192.0.2.1", "LOCAL", "LOCAL"},
      {"192.0.2.9", "203.0.113.9", "UNICAST", "UNICAST"},
      {"192.0.2.9", "192.0.2.255", "UNICAST", "BROADCAST"},
      {"192.0.2.9", "255.255.255.255", "UNICAST", "BROADCAST"},
      {"0.0.0.0", "255.255.255.255", "BROADCAST", "BROADCAST"},
      {"203.0.113.255", "192.0.2.1", "BROADCAST", "LOCAL"},
      {"192.0.2.9", "224.0.0.251", "UNICAST", "MULTICAST"},
      {"224.0.0.251", "192.0.2.1", "MULTICAST", "LOCAL"},
      {"192.0.2.9", "198.18.5.1", "UNICAST", "ANYCAST"},
      {"198.18.5.1", "192.0.2.1", "ANYCAST", "LOCAL"},
      {"192.0.2.9", "198.18.1.1", "UNICAST", "UNICAST"},
      {"198.18.2.1", "198.18.3.1", "UNICAST", "UNICAST"},
      {"192.0.2.9", "198.18.4.1", "UNICAST", "UNICAST"},
  };
  for (const Sent& sent : kSent) {
    std::string expected;
    for (const std::string_view type : kTypes) {
      expected += type == sent.source ? "10" : "01";
      expected += type == sent.destination ? "10" : "01";
    }
    const bool last =
        sent.source == "UNICAST" && sent.destination != "LOCAL" && sent.destination != "BROADCAST";
    expect({.interface = "eth0", .packet = udp4(sent.from, sent.to)}, expected + (last ? "1" : "0"),
           sent.from + " > " + sent.to);
  }
}

TEST_F(FieldMatches, OfAddressTypesAskOneInterfaceAlone) {
  const std::vector<std::string> in = {"-m addrtype --dst-type LOCAL --limit-iface-in",
                                       "-m addrtype ! --dst-type LOCAL --limit-iface-in",
                                       "-m addrtype --dst-type BROADCAST --limit-iface-in",
                                       "-m addrtype --src-type LOCAL --limit-iface-in"};
  load({.table = "raw", .chain = "PREROUTING", .matches = in});
  for (const auto& [interface, to, counts] :
       std::vector<std::array<std::string, 3>>{{"eth0", "192.0.2.1", "1000"},
                                               {"eth1", "192.0.2.1", "0100"},
                                               {"eth0", "192.0.2.255", "0110"},
                                               {"eth1", "192.0.2.255", "0100"},
                                               {"eth0", "224.0.0.1", "0100"}}) {
    expect({.interface = interface, .packet = udp4("198.51.100.9", to)}, counts,
           to + " in " + interface);
  }
  expect({.interface = "eth1", .packet = udp4("203.0.113.1", "192.0.2.1")}, "0101", "own source");

  const std::vector<std::string> out = {"-m addrtype --src-type LOCAL --limit-iface-out",
                                        "-m addrtype ! --src-type LOCAL --limit-iface-out",
                                        "-m addrtype --src-type LOCAL"};
  load({.chain = "OUTPUT", .matches = out});
  expect({.packet = udp4("192.0.2.1", "192.0.2.9")}, "101", "its own address");
  expect({.packet = udp4("203.0.113.1", "192.0.2.9")}, "011", "the other interface's address");

  load({.chain = "FORWARD",
        .matches = {"-m addrtype --dst-type UNICAST --limit-iface-in",
                    "-m addrtype --dst-type UNICAST --limit-iface-out",
                    "-m addrtype --dst-type LOCAL --limit-iface-out"}});
  expect({.interface = "eth0", .packet = udp4("192.0.2.9", "203.0.113.9")}, "110", "through");
}

// The kernel's own match is asked: that it gets the right bytes.
TEST_F(FieldMatches, OfAddressTypesOfIpv6AreTheKernelsMatch) {
  configure("route add unreachable 2001:db8:dead::/48\n");
  const std::vector<std::string> matches = {
      "-m addrtype --dst-type LOCAL",       "-m addrtype ! --dst-type LOCAL",
      "-m addrtype --dst-type UNICAST",     "-m addrtype --dst-type MULTICAST",
      "-m addrtype --dst-type UNREACHABLE", "-m addrtype --dst-type LOCAL --limit-iface-in",
      "-m addrtype --src-type UNSPEC",      "-m addrtype --src-type UNICAST ! --dst-type MULTICAST",
      "-m addrtype ! --src-type UNICAST",   "-m addrtype --dst-type UNICAST,UNREACHABLE"};
  load({.ip6 = true, .table = "raw", .chain = "PREROUTING", .matches = matches});
  for (const auto& [from, to, counts] :
       std::vector<std::array<std::string, 3>>{{"2001:db8::9", "2001:db8::1", "1010010100"},
                                               {"2001:db8::9", "2001:db8:1::1", "1010000100"},
                                               {"2001:db8::9", "2001:db8:1::9", "0110000100"},
                                               {"2001:db8::9", "2001:db8:dead::1", "0110100101"},
                                               {"2001:db8::9", "ff02::1", "0101000000"},
                                               {"::", "ff02::1", "0101001010"}}) {
    expect({.interface = "eth0", .packet = udp6(from, to)}, counts, from + " > " + to);
  }
  load({.ip6 = true,
        .chain = "OUTPUT",
        .matches = {"-m addrtype --src-type LOCAL --limit-iface-out",
                    "-m addrtype ! --src-type LOCAL --limit-iface-out"}});
  expect({.packet = udp6("2001:db8::1", "2001:db8::9")}, "10", "its own address");
  expect({.packet = udp6("2001:db8:1::1", "2001:db8::9")}, "01", "the other interface's address");
}

TEST_F(FieldMatches, OfAMacAddressHoldForNothingWithoutAnEthernetHeader) {
  const std::vector<std::string> matches = {
      "-m mac --mac-source 02:00:00:00:00:09", "-m mac ! --mac-source 02:00:00:00:00:09",
      "-m mac ! --mac-source 02:00:00:00:00:0a", "-m mac ! --mac-source 00:00:00:00:00:00"};
  for (const bool ip6 : {false, true}) {
    const Bytes to_host = ip6 ? udp6("2001:db8::9", "2001:db8::1") : udp4("192.0.2.9", "192.0.2.1");
    const Bytes on = ip6 ? udp6("2001:db8:2::9", "2001:db8::9") : udp4("198.51.100.9", "192.0.2.9");
    const Bytes to_itself = ip6 ? udp6("::1", "::1") : udp4("127.0.0.1", "127.0.0.1");

    load({.ip6 = ip6, .chain = "INPUT", .matches = matches});
    expect({.interface = "eth0", .packet = to_host, .source_mac = kNeighbour}, "1011", "Ethernet");
    expect({.interface = "eth1", .packet = to_host}, "0000", "no link header");
    expect({.packet = to_itself}, "0000", "lo");

    load({.ip6 = ip6, .chain = "FORWARD", .matches = matches});
    expect({.interface = "eth0", .packet = on, .source_mac = kNeighbour}, "1011", "Ethernet");
    expect({.interface = "eth1", .packet = on}, "0000", "no link header");
  }
}

// A copy of what the host sends to a group comes back to it; the link has had no say in it.
TEST_F(FieldMatches, OfThePacketTypeGoByTheAddressOfWhatComesBack) {
  const std::vector<std::string> matches = {
      "-m pkttype --pkt-type unicast", "-m pkttype --pkt-type broadcast",
      "-m pkttype --pkt-type multicast", "-m pkttype ! --pkt-type broadcast",
      "-m pkttype --pkt-type otherhost"};
  load({.chain = "INPUT", .matches = matches});
  expect({.packet = udp4("192.0.2.1", "192.0.2.255")}, "01000", "a broadcast");
  expect({.packet = udp4("192.0.2.1", "224.0.0.1")}, "00110", "a multicast");
  expect({.packet = udp4("127.0.0.1", "127.0.0.1")}, "10010", "through lo");

  load({.chain = "OUTPUT", .matches = matches});
  expect({.packet = udp4("192.0.2.1", "192.0.2.9")}, "10010", "what goes out");
  expect({.packet = udp4("192.0.2.1", "224.0.0.1")}, "10010", "what goes out to a group");
}

// IPv4 fragments are put together for conntrack: then the packet is as long as it was.
TEST_F(FieldMatches, OfTheLengthSeeWhatConntrackHasPutTogether) {
  const Bytes whole = build(Ip4{.saddr = "192.0.2.9", .daddr = "192.0.2.1"} / Udp{} /
                            Payload{std::string(972, 'x')});
  load({.matches = {"-m conntrack --ctstate NEW -m length --length 1000",
                    "-m length ! --length 0:999", "-m length --length 1001:65535"}});
  for (const auto& firewall : both_) {
    std::string counts;
    for (const Bytes& part : fragment(whole, 496))
      counts += counted(*firewall, {.interface = "eth0", .packet = part}) + " ";
    EXPECT_EQ(counts, "000 110 ") << firewall->name;
  }
}

}  // namespace
}  // namespace bulkhead::testing
