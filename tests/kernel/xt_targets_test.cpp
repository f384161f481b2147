// SPDX-License-Identifier: GPL-2.0-or-later
// Targets of the kernel's xt modules by what they really do: from our rules the same as from
// iptables-legacy's.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/packet_bytes.h"
#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr size_t kTcpHeader = 20;

size_t ip_header(const Bytes& packet) { return packet[0] >> 4 == 4 ? 20 : 40; }
uint16_t read16(const Bytes& packet, size_t at) {
  return static_cast<uint16_t>(packet[at] << 8 | packet[at + 1]);
}

// The maximum segment size that the TCP packet names, if it is its first option.
std::optional<uint16_t> segment_size(const Bytes& packet) {
  const size_t options = ip_header(packet) + kTcpHeader;
  if (packet.size() < options + 4 || packet[options] != 2) return std::nullopt;
  return read16(packet, options + 2);
}

// What left through the interface; the rig's other devices must be silent.
std::vector<Bytes> emitted_on(const Outcome& outcome, const std::string& interface) {
  std::vector<Bytes> packets;
  for (const Emitted& emitted : outcome.emitted) {
    EXPECT_EQ(emitted.interface, interface);
    packets.push_back(emitted.packet);
  }
  return packets;
}

class XtTargets : public TwoFirewalls {
 protected:
  // Through both with these rules, and what left by eth1 must be alike. Gives that of ours.
  std::vector<Bytes> forwarded(const std::string& rules, const Bytes& packet) {
    const bool v6 = packet[0] >> 4 == 6;
    std::vector<std::vector<Bytes>> left;
    for (const auto& firewall : both_) {
      firewall->tables(v6).must_restore("*mangle\n" + rules + "COMMIT\n");
      firewall->rig.flush_conntrack();
      left.push_back(emitted_on(firewall->rig.inject("eth0", packet), "eth1"));
    }
    EXPECT_EQ(left[0], left[1]) << rules;
    return left[0];
  }
};

using TcpmssTarget = XtTargets;

constexpr char kClamp[] = "-A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu\n";
constexpr char kThousand[] = "-A FORWARD -p tcp --syn -j TCPMSS --set-mss 1000\n";
const Bytes kMss1460 = {2, 4, 0x05, 0xb4};

TEST_F(TcpmssTarget, SetLowersWhatIsThere) {
  for (const bool v6 : {false, true}) {
    const Packet syn{Tcp{.options = kMss1460}};
    const auto left = forwarded(kThousand, v6 ? through6(syn) : through(syn));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(segment_size(left[0]), 1000);
  }
}

TEST_F(TcpmssTarget, SetNeverRaises) {
  const auto left = forwarded(kThousand, through({Tcp{.options = {2, 4, 0x02, 0x18}}}));
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(segment_size(left[0]), 536);
}

// RFC 1122: without the option it is 536, so no more may be put there. RFC 8200: of IPv6, 1220.
TEST_F(TcpmssTarget, WhereThereIsNoneItIsAdded) {
  const auto left = forwarded(kThousand, through({Tcp{}}));
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(segment_size(left[0]), 536);
  const auto left6 = forwarded(kThousand, through6({Tcp{}}));
  ASSERT_EQ(left6.size(), 1u);
  EXPECT_EQ(segment_size(left6[0]), 1000);
}

TEST_F(TcpmssTarget, ClampFollowsTheSmallerMtu) {
  for (const auto& firewall : both_)
    firewall->net.must_exec({"ip", "link", "set", "dev", "eth1", "mtu", "1400"});
  for (const bool v6 : {false, true}) {
    const Packet syn{Tcp{.options = kMss1460}};
    const auto left = forwarded(kClamp, v6 ? through6(syn) : through(syn));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(segment_size(left[0]), v6 ? 1340 : 1360);
  }
}

TEST_F(TcpmssTarget, OtherPacketsOfTheConnectionStayAsTheyAre) {
  const Bytes packet = through({Tcp{.flags = "A", .options = kMss1460}});
  const auto left = forwarded(kThousand, packet);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(segment_size(left[0]), 1460);
}

using TeeTarget = XtTargets;

TEST_F(TeeTarget, ACopyGoesToTheGatewayAndThePacketOnItsWay) {
  for (const bool v6 : {false, true}) {
    const Bytes packet =
        v6 ? to_host6(Udp{} / Payload{"copied"}) : to_host(Udp{} / Payload{"copied"});
    const std::string gateway = v6 ? "2001:db8:1::77" : "203.0.113.77";
    for (const std::string& by : {std::string(), std::string(" --oif eth1")}) {
      std::vector<std::vector<Bytes>> copies;
      for (const auto& firewall : both_) {
        SCOPED_TRACE(firewall->name + by);
        firewall->tables(v6).must_restore(filter(fmt::format(
            "-A INPUT -p udp -j TEE --gateway {}{}\n-A INPUT -m comment --comment behind\n",
            gateway, by)));
        const Outcome outcome = firewall->rig.inject("eth0", packet);
        EXPECT_TRUE(outcome.input);
        copies.push_back(emitted_on(outcome, "eth1"));
        EXPECT_EQ(firewall->packets("behind", v6), 1u);
      }
      EXPECT_EQ(copies[0], copies[1]);
      ASSERT_EQ(copies[0].size(), 1u);
      EXPECT_TRUE(same_packet(packet, copies[0][0]));
      EXPECT_EQ(copies[0][0].size(), packet.size());
    }
  }
}

using HmarkTarget = XtTargets;

// One mark for each connection, the same from both firewalls, and a later rule sees it.
TEST_F(HmarkTarget, ALaterRuleSeesTheMark) {
  constexpr unsigned kMarks = 8;
  constexpr unsigned kFirst = 100;
  constexpr uint16_t kPorts = 64;
  std::string rules = fmt::format(
      "-A PREROUTING -p udp -j HMARK --hmark-tuple src,dst,sport,dport,proto --hmark-mod {} "
      "--hmark-offset {} --hmark-rnd 0xdeadbeef\n",
      kMarks, kFirst);
  for (unsigned i = 0; i < kMarks; ++i) {
    rules += fmt::format("-A PREROUTING -m mark --mark {0:#x} -m comment --comment mark-{0}\n",
                         kFirst + i);
  }
  for (const bool v6 : {false, true}) {
    std::vector<std::vector<uint64_t>> counts;
    for (const auto& firewall : both_) {
      firewall->tables(v6).must_restore("*mangle\n" + rules + "COMMIT\n");
      for (uint16_t i = 0; i < kPorts; ++i) {
        const Packet udp{Udp{.sport = static_cast<uint16_t>(20000 + i)}};
        firewall->rig.inject("eth0", v6 ? to_host6(udp) : to_host(udp));
      }
      auto& mine = counts.emplace_back();
      for (unsigned i = 0; i < kMarks; ++i)
        mine.push_back(firewall->packets(fmt::format("mark-{}", kFirst + i), v6));
    }
    EXPECT_EQ(counts[0], counts[1]);
    uint64_t sum = 0;
    for (const uint64_t count : counts[0]) sum += count;
    EXPECT_EQ(sum, kPorts) << "each packet has one of the marks";
    EXPECT_LT(*std::ranges::max_element(counts[0]), kPorts) << "and not all the same";
  }
}

using SynproxyTarget = XtTargets;

// Its answer to a SYN, without the cookie, the checksum over it, and what no two packets share.
TEST_F(SynproxyTarget, AnswersInTheServersPlace) {
  const Bytes options = {2, 4, 0x05, 0xb4, 4, 2, 1, 3, 3, 7};
  for (const bool v6 : {false, true}) {
    const Packet syn{Tcp{.seq = 4711, .options = options}};
    const Bytes packet = v6 ? build(Packet{Ip6{.saddr = kUntracked6, .daddr = kHost6}} / syn)
                            : build(Packet{Ip4{.saddr = kUntracked, .daddr = kHost}} / syn);
    std::vector<Bytes> answers;
    for (const auto& firewall : both_) {
      SCOPED_TRACE(firewall->name);
      firewall->tables(v6).must_restore(
          filter("-A INPUT -p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm "
                 "--wscale 9 --mss 1400\n-A INPUT -m comment --comment passed-over\n"));
      const Outcome outcome = firewall->rig.inject("eth0", packet);
      EXPECT_FALSE(outcome.input);
      EXPECT_EQ(firewall->packets("passed-over", v6), 0u);
      const auto sent = emitted_on(outcome, "eth0");
      ASSERT_EQ(sent.size(), 1u);
      Bytes answer = sent[0];
      const size_t tcp = ip_header(answer);
      ASSERT_GE(answer.size(), tcp + kTcpHeader);
      EXPECT_EQ(read16(answer, tcp), 80);
      EXPECT_EQ(read16(answer, tcp + 2), 40000);
      EXPECT_EQ(answer[tcp + 13], tcp_flag_bits("SA"));
      EXPECT_EQ(read16(answer, tcp + 10), 4712) << "it acknowledges the client's SYN";
      EXPECT_EQ(segment_size(answer), 1400);
      std::fill_n(answer.begin() + static_cast<long>(tcp) + 4, 4, 0);   // the cookie
      std::fill_n(answer.begin() + static_cast<long>(tcp) + 16, 2, 0);  // the checksum
      answers.push_back(Bytes(answer.begin() + static_cast<long>(tcp), answer.end()));
    }
    EXPECT_EQ(answers[0], answers[1]);
  }
}

// A timer's file in sysfs, which is the whole machine's.
class Timer {
 public:
  explicit Timer(std::string_view who)
      : label_(fmt::format("test-{}-{}", ::getpid(), who)),
        path_("/sys/class/xt_idletimer/timers/" + label_) {}

  const std::string& label() const { return label_; }
  bool exists() const { return ::access(path_.c_str(), F_OK) == 0; }
  // In whole seconds; 0 when it has run out.
  long left() const { return std::strtol(read().c_str(), nullptr, 10); }
  // Until it has run out; false if it doesn't.
  bool wait() const {
    constexpr int kPatience = 20'000;  // milliseconds; reached only when something is broken
    const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    for (;;) {
      if (read_from(fd) == "0\n") return true;
      pollfd changed{fd.get(), POLLPRI | POLLERR, 0};
      if (::poll(&changed, 1, kPatience) <= 0) return false;
    }
  }

 private:
  static std::string read_from(const UniqueFd& fd) {
    char text[32] = {};
    const ssize_t size = ::pread(fd.get(), text, sizeof text, 0);
    return size < 0 ? std::string() : std::string(text, static_cast<size_t>(size));
  }
  std::string read() const {
    return read_from(UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)));
  }

  std::string label_;
  std::string path_;
};

using IdletimerTarget = XtTargets;

TEST_F(IdletimerTarget, APacketSetsItBackAndTheRuleTakesItAway) {
  for (const char* kind : {"", " --alarm"}) {
    const std::string word = kind[0] == '\0' ? "plain" : "alarm";
    const Timer timers[] = {Timer(word + "-ours"), Timer(word + "-legacy")};
    for (size_t i = 0; i < 2; ++i) {
      both_[i]->ip4.must_restore(filter(fmt::format(
          "-A INPUT -p udp -j IDLETIMER --timeout 3 --label {}{}\n", timers[i].label(), kind)));
      EXPECT_TRUE(timers[i].exists());
    }
    for (size_t i = 0; i < 2; ++i) {
      SCOPED_TRACE(both_[i]->name + kind);
      ASSERT_TRUE(timers[i].wait());
      both_[i]->rig.inject("eth0", to_host({Tcp{}}));
      EXPECT_EQ(timers[i].left(), 0) << "the rule didn't match";
      both_[i]->rig.inject("eth0", to_host({Udp{}}));
      EXPECT_GT(timers[i].left(), 0);
      both_[i]->ip4.must_restore(filter(""));
      EXPECT_FALSE(timers[i].exists());
    }
  }
}

// iptables-legacy makes all targets anew with every change of the table, which sets the timer back.
TEST_F(IdletimerTarget, ARuleThatStaysKeepsItsTimer) {
  const Timer timer("kept");
  const Xtables& tables = ours().ip4;
  tables.must_restore(
      filter(fmt::format("-A INPUT -p udp -j IDLETIMER --timeout 1 --label {}\n", timer.label())));
  ASSERT_TRUE(timer.wait());
  for (const std::vector<std::string>& change :
       {std::vector<std::string>{"-I", "INPUT", "-p", "tcp", "-j", "ACCEPT"},
        std::vector<std::string>{"-A", "INPUT", "-p", "tcp", "-j", "DROP"},
        std::vector<std::string>{"-D", "INPUT", "1"},
        std::vector<std::string>{"-P", "INPUT", "DROP"},
        std::vector<std::string>{"-t", "mangle", "-A", "INPUT", "-j", "ACCEPT"}}) {
    const ExecResult done = tables.command(change);
    ASSERT_TRUE(done.ok()) << done.describe();
    EXPECT_EQ(timer.left(), 0);
  }
}

}  // namespace
}  // namespace bulkhead::testing
