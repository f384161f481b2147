// SPDX-License-Identifier: GPL-2.0-or-later
// What CT says of a connection before it is there: its helper, by what the helper then expects, and
// its events, by what a listener hears. Beside iptables-legacy.
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "kernel/changing_fixture.h"

namespace bulkhead::testing {
namespace {

constexpr uint16_t kControl = 2121;
constexpr uint16_t kClientPort = 40000;

// An FTP control connection, packet by packet, between the host and its peer on eth0.
class Talk {
 public:
  // host_begins: the client is on the host, else the server.
  Talk(PacketRig& rig, bool v6, bool host_begins) : rig_(rig), v6_(v6), host_begins_(host_begins) {}

  void begin() {
    say(client_, server_, "", "S");
    say(server_, client_, "", "SA");
    say(client_, server_, "", "A");
    // A helper wants to have seen the end of a line before it reads the next.
    server("220 ready\r\n");
    client("USER x\r\n");
  }
  void client(const std::string& line) { say(client_, server_, line, "PA"); }
  void server(const std::string& line) { say(server_, client_, line, "PA"); }

 private:
  struct End {
    bool is_client;
    uint32_t sequence;
  };

  void say(End& from, const End& to, const std::string& text, const std::string& flags) {
    const bool first = flags == "S";
    const Tcp tcp{.sport = from.is_client ? kClientPort : kControl,
                  .dport = from.is_client ? kControl : kClientPort,
                  .flags = flags,
                  .seq = from.sequence,
                  .ack = first ? 0 : to.sequence};
    const Packet packet = text.empty() ? Packet{tcp} : tcp / Payload{text};
    const bool sent = from.is_client == host_begins_;
    const Outcome outcome = sent ? rig_.send(v6_ ? from_host6(packet) : from_host(packet))
                                 : rig_.inject("eth0", v6_ ? to_host6(packet) : to_host(packet));
    EXPECT_TRUE(outcome.arrived) << text;
    from.sequence += static_cast<uint32_t>(text.size()) + (flags.starts_with("S") ? 1 : 0);
  }

  PacketRig& rig_;
  bool v6_;
  bool host_begins_;
  End client_{true, 1000};
  End server_{false, 5000};
};

class ConnectionTemplate : public ChangingTest {
 protected:
  void count_states(const std::string& of, bool v6) {
    std::vector<std::string> rules;
    for (const std::string chain : {"INPUT", "OUTPUT"}) {
      rules.push_back(
          fmt::format("-A {} {} -m conntrack --ctstate RELATED -m helper --helper ftp -m comment "
                      "--comment ftp",
                      chain, of));
      rules.push_back(
          fmt::format("-A {} {} -m conntrack --ctstate RELATED -m helper --helper tftp -m comment "
                      "--comment tftp",
                      chain, of));
      rules.push_back(
          fmt::format("-A {} {} -m conntrack --ctstate NEW -m comment --comment new", chain, of));
    }
    load("filter", rules, v6);
  }
  // What the packets that were counted are.
  std::string states(bool v6) {
    std::string text;
    for (const std::string_view state : {"ftp", "tftp", "new"}) {
      if (const uint64_t count = counted(state, v6); count != 0)
        text += fmt::format("{}{} {}", text.empty() ? "" : " ", count, state);
    }
    return text;
  }

  // The peer's (or the host's) client asks for a file in both of FTP's ways; what the two data
  // connections are then.
  std::string ftp(const std::vector<std::string>& raw, bool v6, bool host_begins) {
    load("raw", raw, v6);
    count_states("-p tcp -m multiport --dports 5141,5142", v6);
    const std::string client =
        host_begins ? (v6 ? kHost6 : "192,0,2,1") : (v6 ? kPeer6 : "192,0,2,9");
    const std::string server = host_begins ? "192,0,2,9" : "192,0,2,1";
    for (const auto& firewall : both_) {
      PacketRig& rig = firewall->rig;
      rig.flush_conntrack();
      Talk talk(rig, v6, host_begins);
      talk.begin();
      const auto data = [&](const Tcp& first, bool to_the_host) {
        const Packet packet{first};
        if (to_the_host) {
          rig.inject("eth0", v6 ? to_host6(packet) : to_host(packet));
        } else {
          rig.send(v6 ? from_host6(packet) : from_host(packet));
        }
      };
      // One at a time: the helper expects no more.
      talk.client(v6 ? fmt::format("EPRT |2|{}|5141|\r\n", client)
                     : fmt::format("PORT {},20,21\r\n", client));
      data({.sport = 20, .dport = 5141}, host_begins);
      talk.server(v6 ? "229 Entering Extended Passive Mode (|||5142|)\r\n"
                     : fmt::format("227 Entering Passive Mode ({},20,22)\r\n", server));
      data({.sport = 40001, .dport = 5142}, !host_begins);
    }
    return states(v6);
  }

  // A read request of TFTP to the host, and the data that answers it from another port.
  std::string tftp(const std::vector<std::string>& raw, bool v6 = false) {
    load("raw", raw, v6);
    count_states("-p udp --dport 40000", v6);
    const Packet request = Udp{.sport = 40000, .dport = 69} / kReadRequest;
    const Packet data{Udp{.sport = 1234, .dport = 40000}};
    for (const auto& firewall : both_) {
      firewall->rig.flush_conntrack();
      firewall->rig.inject("eth0", v6 ? to_host6(request) : to_host(request));
      firewall->rig.send(v6 ? from_host6(data) : from_host(data));
    }
    return states(v6);
  }

  static const Payload kReadRequest;
};
const Payload ConnectionTemplate::kReadRequest{std::string("\0\1file\0octet\0", 13)};

TEST_F(ConnectionTemplate, AnFtpHelperExpectsTheDataConnections) {
  const std::string helper = " -p tcp --dport 2121 -j CT --helper ftp";
  for (const bool v6 : {false, true}) {
    EXPECT_EQ(ftp({"-A PREROUTING" + helper}, v6, false), "2 ftp");
    EXPECT_EQ(ftp({"-A OUTPUT" + helper}, v6, true), "2 ftp");
    EXPECT_EQ(ftp({}, v6, false), "2 new");
    EXPECT_EQ(ftp({"-A PREROUTING -p tcp --dport 21 -j CT --helper ftp"}, v6, false), "2 new");
    EXPECT_EQ(ftp({"-A OUTPUT" + helper}, v6, false), "2 new");
    EXPECT_EQ(ftp({"-A PREROUTING" + helper}, v6, true), "2 new");
  }
}

struct Walk {
  std::vector<std::string> rules;
  bool helped;
};

TEST_F(ConnectionTemplate, GoesToWhoMeetsItsRuleInRaw) {
  const std::string help = "-p udp --dport 69 -j CT --helper tftp";
  const std::string here = "-A PREROUTING " + help;
  const std::string there = "-A a " + help;
  const Walk walks[] = {
      {{here}, true},
      {{"-A PREROUTING -p udp --dport 70 -j CT --helper tftp"}, false},
      {{"-A PREROUTING -p udp ! --dport 70 -i eth+ -m ttl --ttl-gt 3 -j CT --helper tftp"}, true},
      {{"-A PREROUTING -p udp -m multiport --ports 1,69 -m length --length 0:99 -j CT --helper "
        "tftp"},
       true},
      {{"-A PREROUTING -p udp -m u32 --u32 0>>28=4 -j CT --helper tftp"}, true},
      {{"-A PREROUTING -p udp -m mark --mark 1 -j CT --helper tftp"}, false},
      {{"-A PREROUTING -p udp -m addrtype --dst-type LOCAL -j CT --helper tftp"}, true},
      // Who has left raw before.
      {{"-A PREROUTING -j RETURN", here}, false},
      {{"-A PREROUTING -s 192.0.2.9 -j ACCEPT", here}, false},
      {{"-A PREROUTING -s 192.0.2.8 -j ACCEPT", here}, true},
      {{"-A PREROUTING -s 192.0.2.9 -j ACCEPT", "-I PREROUTING " + help}, true},
      // User chains.
      {{":a -", "-A PREROUTING -j a", there}, true},
      {{":a -", "-A PREROUTING -p tcp -j a", there}, false},
      {{":a -", "-A PREROUTING -p udp -g a", there}, true},
      {{":a -", "-A PREROUTING -g a", here, "-A a -p tcp -j DROP"}, false},
      {{":a -", "-A PREROUTING -j a", here, "-A a -p udp -j RETURN", "-A a -j ACCEPT"}, true},
      {{":a -", "-A PREROUTING -j a", here, "-A a -p tcp -j RETURN", "-A a -j ACCEPT"}, false},
      {{":a -", ":b -", "-A PREROUTING -j a", here, "-A a -g b", "-A a -j ACCEPT",
        "-A b -p tcp -j ACCEPT"},
       true},
      {{":a -", ":b -", "-A PREROUTING -j a", here, "-A a -j b", "-A a -j ACCEPT",
        "-A b -p udp -j RETURN"},
       false},
      {{":a -", ":b -", "-A PREROUTING -j a", "-A a -p tcp -j RETURN", "-A a -g b", "-A b " + help},
       true},
      // What stands on the way and doesn't steer.
      {{"-A PREROUTING -m limit --limit 1/hour -j LOG",
        "-A PREROUTING -m statistic --mode random --probability 0.5",
        "-A PREROUTING -p tcp -m limit --limit 1/hour -j DROP", here},
       true},
      {{"-A PREROUTING -j MARK --set-mark 7", here}, true},
      // What comes first stands.
      {{"-A PREROUTING -j NOTRACK", here}, false},
      {{here, "-A PREROUTING -j NOTRACK"}, true},
      {{"-A PREROUTING -p tcp -j NOTRACK", here}, true},
      {{"-A PREROUTING -m recent --name x --set -j NOTRACK", here}, false},
      {{"-A PREROUTING -j CT", here}, false},
      {{"-A PREROUTING -p udp -j CT --helper sip", here}, false},
      {{here, "-A PREROUTING -p udp -j CT --helper sip"}, true},
      {{"-A PREROUTING -p udp -j CT --zone 7 --helper tftp", "-A OUTPUT -j CT --zone 7"}, true},
      {{"-A PREROUTING -p udp -j CT --zone 7 --helper tftp"}, false},
  };
  for (const Walk& walk : walks) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(walk.rules, "\n")));
    EXPECT_EQ(tftp(walk.rules), walk.helped ? "1 tftp" : "1 new");
  }
  EXPECT_EQ(tftp({":a -", "-A PREROUTING -j a", "-A a -p tcp -j RETURN", there}, true), "1 tftp");
}

// A connection that another one's helper expected begins without one of its own.
TEST_F(ConnectionTemplate, IsNoHelperOfAConnectionThatWasExpected) {
  const std::string all = " -p udp -j CT --helper tftp";
  EXPECT_EQ(tftp({"-A PREROUTING" + all, "-A OUTPUT" + all}), "1 tftp");
  count_states("-p udp --dport 1235", false);
  for (const auto& firewall : both_) {
    firewall->rig.flush_conntrack();
    const auto from = [](uint16_t port) {
      return Udp{.sport = port, .dport = 40000} / kReadRequest;
    };
    firewall->rig.inject("eth0", to_host(Udp{.sport = 40000, .dport = 69} / kReadRequest));
    // Expected; would it have a helper, what comes to its port were, too.
    EXPECT_TRUE(firewall->rig.send(from_host(from(1235))).arrived);
    EXPECT_TRUE(firewall->rig.inject("eth0", to_host({Udp{.sport = 99, .dport = 1235}})).arrived);
  }
  EXPECT_EQ(states(false), "1 new");
}

TEST_F(ConnectionTemplate, IsForTheFirstPacketOfAConnection) {
  const std::string rule = "-A PREROUTING -p udp --dport 69 -j CT --helper tftp";
  load("raw", {});
  count_states("-p udp --dport 40000", false);
  for (const auto& firewall : both_) {
    firewall->rig.inject("eth0", to_host({Udp{.sport = 40000, .dport = 69}}));
    firewall->ip4.must_restore("*raw\n" + rule + "\nCOMMIT\n");
    firewall->rig.inject("eth0", to_host(Udp{.sport = 40000, .dport = 69} / kReadRequest));
    firewall->rig.send(from_host({Udp{.sport = 1234, .dport = 40000}}));
  }
  EXPECT_EQ(states(false), "1 new");
}

// What a listener hears of connections: of each message its kind and whether it is about that port.
class Listener {
 public:
  explicit Listener(const NetNamespace& net) {
    net.run([&] {
      fd_ = UniqueFd(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
      sockaddr_nl address{};  // one that isn't bound hears nothing
      address.nl_family = AF_NETLINK;
      ASSERT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
      for (const int group :
           {NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY}) {
        ASSERT_EQ(setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group),
                  0);
      }
    });
  }
  // "new", "update" or "destroy" for each message since the last time.
  std::string heard() {
    std::string all;
    std::vector<uint8_t> buffer(65536);
    for (;;) {
      const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return all;
      const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
      const bool gone = (header->nlmsg_type & 0xff) == 2;  // IPCTNL_MSG_CT_DELETE
      const bool made = (header->nlmsg_flags & NLM_F_CREATE) != 0;
      all += all.empty() ? "" : " ";
      all += gone ? "destroy" : made ? "new" : "update";
    }
  }

 private:
  UniqueFd fd_;
};

TEST_F(ConnectionTemplate, SaysWhatListenersHear) {
  struct Case {
    std::string options;
    std::string of_the_first;
    std::string of_the_answer;
    std::string of_the_end;
  };
  const Case cases[] = {
      {"--zone 0", "new", "update", "destroy"},
      {"--ctevents new", "new", "", ""},
      {"--ctevents new,destroy", "new", "", "destroy"},
      {"--ctevents reply --expevents new", "", "update", ""},
      {"--ctevents mark", "", "", ""},
      {"--expevents new", "", "", ""},
  };
  for (const auto& firewall : both_) {
    Listener listener(firewall->net);
    for (const bool v6 : {false, true}) {
      for (const Case& each : cases) {
        SCOPED_TRACE(firewall->name + (v6 ? " IPv6 " : " ") + each.options);
        firewall->rig.flush_conntrack();
        firewall->tables(v6).must_restore("*raw\n-A PREROUTING -p udp --dport 53 -j CT " +
                                          each.options + "\nCOMMIT\n");
        listener.heard();
        firewall->rig.inject("eth0", v6 ? to_host6({Udp{}}) : to_host({Udp{}}));
        EXPECT_EQ(listener.heard(), each.of_the_first);
        const Packet answer{Udp{.sport = 53, .dport = 40000}};
        firewall->rig.send(v6 ? from_host6(answer) : from_host(answer));
        EXPECT_EQ(listener.heard(), each.of_the_answer);
        firewall->rig.flush_conntrack();
        EXPECT_EQ(listener.heard(), each.of_the_end);
      }
    }
  }
}

}  // namespace
}  // namespace bulkhead::testing
