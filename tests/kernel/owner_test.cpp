// SPDX-License-Identifier: GPL-2.0-or-later
// The owner match where no words say who sends: packets without a socket, packets of the kernel's
// own sockets, which have no user, and a user's further groups.
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

struct Asked {
  std::string owner;    // behind -m owner
  bool without_socket;  // whether it holds for a packet that no socket sent
  bool of_kernel;       // and for one of a socket that no process has
};

// owner_mt() of xt_owner.c: without a socket all that is asked must be negated; without a process
// nothing may be asked of its user or group but in the negative.
const Asked kAsked[] = {
    {"--socket-exists", false, true},
    {"! --socket-exists", true, false},
    {"--uid-owner 0", false, false},
    {"! --uid-owner 0", true, true},
    {"--uid-owner 0-4294967294", false, false},
    {"--gid-owner 0", false, false},
    {"! --gid-owner 0-9", true, true},
    {"! --uid-owner 0 ! --gid-owner 0", true, true},
    {"! --uid-owner 0 --gid-owner 0", false, false},
    {"--socket-exists ! --uid-owner 0", false, true},
    {"! --socket-exists ! --uid-owner 0", true, false},
    {"! --gid-owner 0 --suppl-groups", false, true},
};

class Owner : public TwoFirewalls {
 protected:
  // The rules, each with its own place in kAsked as a comment.
  static std::string rules(const std::string& chain, const std::string& match) {
    std::string text;
    for (size_t i = 0; i < std::size(kAsked); ++i) {
      text += fmt::format("-A {} {} -m owner {} -m comment --comment {}\n", chain, match,
                          kAsked[i].owner, i);
    }
    return text;
  }
  template <class Wanted> static void expect(const Firewall& firewall, bool v6, Wanted wanted) {
    for (size_t i = 0; i < std::size(kAsked); ++i) {
      EXPECT_EQ(firewall.packets(std::to_string(i), v6), wanted(kAsked[i]) ? 1u : 0u)
          << firewall.name << (v6 ? " IPv6 " : " ") << kAsked[i].owner;
    }
  }
};

TEST_F(Owner, OfAResetThatNoSocketSends) {
  const std::string text =
      filter(rules("OUTPUT", "-p tcp") + "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n");
  for (const auto& firewall : both_) {
    for (const bool v6 : {false, true}) {
      firewall->tables(v6).must_restore(text);
      const Outcome outcome =
          firewall->rig.inject("eth0", v6 ? to_host6({Tcp{}}) : to_host({Tcp{}}));
      ASSERT_TRUE(outcome.rejection) << firewall->name;
      expect(*firewall, v6, [](const Asked& asked) { return asked.without_socket; });
    }
  }
}

TEST_F(Owner, OfAnErrorThatTheKernelsOwnSocketSends) {
  const std::string text = filter(rules("OUTPUT", "") + "-A INPUT -p udp -j REJECT\n");
  for (const auto& firewall : both_) {
    for (const bool v6 : {false, true}) {
      firewall->tables(v6).must_restore(text);
      const Outcome outcome =
          firewall->rig.inject("eth0", v6 ? to_host6({Udp{}}) : to_host({Udp{}}));
      ASSERT_TRUE(outcome.rejection) << firewall->name;
      expect(*firewall, v6, [](const Asked& asked) { return asked.of_kernel; });
    }
  }
}

TEST_F(Owner, OfAForwardedPacketInPostrouting) {
  const std::string text = "*mangle\n" + rules("POSTROUTING", "-p udp") + "COMMIT\n";
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(text);
    EXPECT_TRUE(firewall->rig.inject("eth0", through({Udp{}})).forward) << firewall->name;
    expect(*firewall, false, [](const Asked& asked) { return asked.without_socket; });
  }
}

TEST_F(Owner, SupplGroupsAreTheFurtherOnesOfTheSocketsProcess) {
  struct Counted {
    std::string owner;
    uint64_t packets;
  };
  // Of a process with user 1000, group 100, and groups 200 and 300 besides.
  const Counted counted[] = {
      {"--gid-owner 100", 1},
      {"--gid-owner 200", 0},
      {"--gid-owner 200 --suppl-groups", 1},
      {"--gid-owner 250-350 --suppl-groups", 1},
      {"--gid-owner 400 --suppl-groups", 0},
      {"! --gid-owner 300 --suppl-groups", 0},
      {"! --gid-owner 400 --suppl-groups", 1},
      {"--uid-owner 1000 --gid-owner 300 --suppl-groups", 1},
      {"--uid-owner 1001 --gid-owner 300 --suppl-groups", 0},
  };
  std::string text;
  for (size_t i = 0; i < std::size(counted); ++i) {
    text += fmt::format("-A OUTPUT -p udp --dport 53 -m owner {} -m comment --comment {}\n",
                        counted[i].owner, i);
  }
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(filter(text));
    firewall->net.must_exec({"setpriv", "--reuid=1000", "--regid=100", "--groups=200,300", "bash",
                             "-c", fmt::format("echo > /dev/udp/{}/53", kPeer)});
    for (size_t i = 0; i < std::size(counted); ++i)
      EXPECT_EQ(firewall->packets(std::to_string(i)), counted[i].packets)
          << firewall->name << ' ' << counted[i].owner;
  }
}

}  // namespace
}  // namespace bulkhead::testing
