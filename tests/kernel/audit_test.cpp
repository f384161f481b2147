// SPDX-License-Identifier: GPL-2.0-or-later
// The audit of a real host: what it says of packets is so in the kernel, and the commands that it
// names make its checks pass.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "kernel/program_fixture.h"
#include "net/packet_text.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

// The lab's rules at the end of its story, with the rig's addresses.
constexpr char kLabRules[] =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -s 192.0.2.9/32 -p tcp -m tcp --dport 22 -j ACCEPT\n"
    "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n"
    "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
    "COMMIT\n";

// Checks of packets, which the named commands must mend; the others are of this machine.
const std::set<std::string>& of_packets() {
  static const std::set<std::string> kIds = [] {
    std::set<std::string> ids;
    const auto list = exec({BULKHEAD_BIN_DIR "/bulkhead", "audit", "--list", "--json"});
    for (const Json& check : Json::parse(list.out))
      if (check["of"] == "rules") ids.insert(check["id"].get<std::string>());
    return ids;
  }();
  return kIds;
}

class AuditTest : public ProgramTest {
 protected:
  // A loopback address that comes from outside is let up to the rules, to which the kernel would
  // leave nothing to do. An audit beside it would rightly want a rule for what is sent to one.
  void route_loopback(bool on) {
    for (const char* const interface : {"all", "eth0", "eth1"}) {
      net_->set_sysctl(std::string("net.ipv4.conf.") + interface + ".route_localnet",
                       on ? "1" : "0");
    }
  }

  ExecResult audit(std::vector<std::string> words) const {
    words.insert(words.begin(), "audit");
    const std::filesystem::path config = folder_ / "bulkhead.toml";
    std::ofstream(config).close();  // not the machine's own
    words.insert(words.end(), {"--config", config.string()});
    return with_state(std::move(words));
  }
  Json audited(const std::vector<std::string>& management = {"192.0.2.9", "2001:db8::9"}) const {
    std::vector<std::string> words{"--json"};
    for (const std::string& each : management) words.insert(words.end(), {"--management", each});
    const auto result = audit(words);
    EXPECT_THAT(result.exit_code, ::testing::AnyOf(0, 1)) << result.describe();
    return Json::parse(result.out);
  }
  static std::set<std::string> with_verdict(const Json& report, const std::string& verdict) {
    std::set<std::string> ids;
    for (const Json& check : report["checks"]) {
      const auto id = check["id"].get<std::string>();
      if (check["verdict"] == verdict && of_packets().contains(id)) ids.insert(id);
    }
    return ids;
  }

  // Types all commands that the checks of packets name, each once, in their order.
  void type_remedies(const Json& report) const {
    std::set<std::string> typed;
    for (const Json& check : report["checks"]) {
      if (!of_packets().contains(check["id"].get<std::string>())) continue;
      for (const Json& finding : check["findings"]) {
        for (const Json& each : finding["remedy"]) {
          const auto command = each.get<std::string>();
          if (!typed.insert(command).second) continue;
          const auto done = net_->exec({"sh", "-c", BULKHEAD_BIN_DIR "/" + command});
          EXPECT_TRUE(done.ok()) << command << ": " << done.describe();
        }
      }
    }
  }

  // On all addresses, IPv4 and IPv6.
  void listen_on(uint16_t port) {
    net_->run([&] {
      sockets_.emplace_back(socket(AF_INET6, SOCK_STREAM, 0));
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_port = htons(port);
      const int fd = sockets_.back().get();
      if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
          listen(fd, 1) != 0)
        throw_errno("listen");
    });
  }

  // What the kernel does with a witness.
  std::string fate(const net::PacketText& witness) {
    net::PacketText packet = witness;
    if (!packet.in_interface.empty()) rig_->flush_conntrack();
    if (packet.state == net::PacketState::kEstablished) {
      // It answers what the host has sent.
      net::PacketText first = packet;
      first.state = net::PacketState::kNew;
      std::swap(first.fields.source, first.fields.destination);
      std::swap(first.fields.source_port, first.fields.destination_port);
      first.fields.tcp_flags = net::kSyn;
      packet.fields.tcp_flags = net::kSyn | net::kAck;
      first.in_interface.clear();
      EXPECT_EQ(fate(first), "accepted output");
    }
    if (!packet.in_interface.empty() && packet.in_interface != "lo")
      return text(rig_->inject(packet.in_interface, packet.bytes()));
    // A raw socket writes the identification of its own where there is none.
    const std::string from = net::to_string(packet.fields.source);
    const std::string to = net::to_string(packet.fields.destination);
    const Tcp tcp{.sport = packet.fields.source_port, .dport = packet.fields.destination_port};
    const Bytes bytes = packet.family() == net::Family::kIpv4
                            ? build(Packet{Ip4{.saddr = from, .daddr = to}} / tcp)
                            : build(Packet{Ip6{.saddr = from, .daddr = to}} / tcp);
    if (packet.in_interface.empty()) return out(bytes);
    return rig_->send(bytes).input ? "accepted input" : "dropped";
  }

  // Every witness, sent. Gives how many there were.
  size_t send_witnesses(const Json& report) {
    route_loopback(true);
    size_t sent = 0;
    for (const Json& check : report["checks"]) {
      for (const Json& finding : check["findings"]) {
        const Json& witness = finding["witness"];
        if (witness.is_null()) continue;
        const auto words = witness["packet"].get<std::string>();
        const auto packet = net::parse_packet(words);
        EXPECT_TRUE(packet.ok()) << words;
        // The IPv6 stack itself drops ::1 from outside, before every hook (RFC 4291, 2.5.3).
        if (!packet || words.find("[::1]") != std::string::npos) continue;
        ++sent;
        EXPECT_EQ(witness["certain"], true) << words;
        const bool accepted = witness["verdict"] == "accepted";
        EXPECT_THAT(fate(*packet), HasSubstr(accepted ? "accepted" : "dropped"))
            << check["id"] << ": " << words << " is " << witness["verdict"] << " by "
            << witness["decided"];
      }
    }
    route_loopback(false);
    return sent;
  }

  std::vector<UniqueFd> sockets_;
};

TEST_F(AuditTest, ABareHostFailsAndItsWitnessesComeThrough) {
  const Json report = audited();
  EXPECT_EQ(report["pass"], false);
  EXPECT_THAT(with_verdict(report, "fail"),
              ::testing::IsSupersetOf({"ssh-only-management", "ssh-rate", "input-drop",
                                       "forward-drop", "any-any", "loopback-spoofed", "invalid",
                                       "admin-ports", "egress", "drops-logged"}));
  EXPECT_THAT(with_verdict(report, "pass"),
              ::testing::IsSupersetOf({"ssh-management", "loopback-accepted", "established",
                                       "neighbours", "too-big", "v6-as-v4", "dead-rules"}));
  EXPECT_THAT(with_verdict(report, "unknown"), IsEmpty());
  EXPECT_GT(send_witnesses(report), 20u);
}

TEST_F(AuditTest, TheNamedCommandsMendABareHost) {
  listen_on(22);
  type_remedies(audited());
  const Json report = audited();
  EXPECT_THAT(with_verdict(report, "fail"), IsEmpty()) << rules() << rules(true);
  EXPECT_THAT(with_verdict(report, "unknown"), IsEmpty());
  // Not by closing everything: management and answers come in, others don't.
  EXPECT_EQ(in(to_host({Tcp{.dport = 22}})), "accepted input");
  EXPECT_EQ(in(build(Packet{Ip4{.saddr = "192.0.2.10", .daddr = kHost}} / Tcp{.dport = 22})),
            "dropped");
  EXPECT_EQ(in(to_host6({Tcp{.dport = 22}})), "accepted input");
  EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "dropped");
  // And ssh is taken at a rate.
  std::string last;
  for (uint16_t port = 41000; port < 41030; ++port)
    last = in(to_host({Tcp{.sport = port, .dport = 22}}));
  EXPECT_EQ(last, "dropped");
}

TEST_F(AuditTest, TheLabsRulesPassWhatTheyShould) {
  ASSERT_EQ(bulkhead({"apply", write("lab.v4", kLabRules)}).exit_code, 0);
  net_->set_sysctl("net.ipv6.conf.all.disable_ipv6", "1");
  const Json report = audited({"192.0.2.9"});
  EXPECT_THAT(with_verdict(report, "pass"),
              ::testing::IsSupersetOf({"ssh-management", "ssh-only-management", "management-small",
                                       "loopback-accepted", "established", "input-drop",
                                       "forward-drop", "any-any", "admin-ports", "published-ports",
                                       "neighbours", "too-big", "v6-as-v4", "dead-rules"}));
  // What the seed doesn't speak of; nobody listens on 80 here.
  EXPECT_EQ(with_verdict(report, "fail"),
            (std::set<std::string>{"ssh-rate", "loopback-spoofed", "invalid", "egress",
                                   "drops-logged", "openings"}));
  EXPECT_GE(send_witnesses(report), 6u);
  type_remedies(report);
  EXPECT_THAT(with_verdict(audited({"192.0.2.9"}), "fail"), IsEmpty());
}

TEST_F(AuditTest, OldRulesThatCutAnswersAndNeighboursAreMended) {
  ASSERT_EQ(bulkhead({"apply",
                      write("r.v4",
                            "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                            "-A INPUT -j DROP\nCOMMIT\n"),
                      write("r.v6",
                            "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 8080 -j ACCEPT\n"
                            "COMMIT\n")})
                .exit_code,
            0);
  Json report = audited();
  EXPECT_THAT(with_verdict(report, "fail"),
              ::testing::IsSupersetOf({"established", "loopback-accepted", "neighbours", "too-big",
                                       "v6-as-v4", "ssh-only-management"}));
  send_witnesses(report);
  // What is put in front may bare something else; three times is enough.
  for (int i = 0; i < 3 && !with_verdict(report, "fail").empty(); ++i) {
    type_remedies(report);
    report = audited();
  }
  EXPECT_THAT(with_verdict(report, "fail"), IsEmpty()) << rules() << rules(true);
}

TEST_F(AuditTest, TranslatedPortsCountAsReachable) {
  ASSERT_EQ(
      bulkhead({"apply", write("r.v4",
                               "*nat\n"
                               "-A PREROUTING -p tcp --dport 8306 -j REDIRECT --to-ports 3306\n"
                               "-A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT "
                               "--to-destination 203.0.113.9:6379\nCOMMIT\n"
                               "*filter\n:INPUT DROP\n:FORWARD DROP\n"
                               "-A INPUT -p tcp --dport 3306 -j ACCEPT\n"
                               "-A FORWARD -d 203.0.113.9 -j ACCEPT\nCOMMIT\n")})
          .exit_code,
      0);
  const Json report = audited();
  std::map<std::string, std::string> witnesses;
  for (const Json& check : report["checks"]) {
    for (const Json& finding : check["findings"]) {
      if (finding["family"] == "IPv4" && !finding["witness"].is_null())
        witnesses[check["id"]] = finding["witness"]["packet"];
    }
  }
  EXPECT_THAT(with_verdict(report, "fail"),
              AllOf(Contains("admin-ports"), Contains("published-ports")));
  EXPECT_THAT(witnesses["published-ports"], HasSubstr(":8080 new in eth0 out eth1"));
  EXPECT_EQ(fate(*net::parse_packet(witnesses["published-ports"])), "accepted forward");
  EXPECT_EQ(fate(*net::parse_packet(witnesses["admin-ports"])), "accepted input");
}

TEST_F(AuditTest, SocketsAndRulesAreHeldAgainstEachOther) {
  ASSERT_EQ(bulkhead({"apply", write("lab.v4", kLabRules)}).exit_code, 0);
  const auto found = [&](const std::string& id) {
    const Json report = audited({"192.0.2.9"});
    for (const Json& check : report["checks"]) {
      if (check["id"] != id) continue;
      std::string all;
      for (const Json& finding : check["findings"]) {
        if (finding["family"] == "IPv4") all += finding["text"].get<std::string>() + "\n";
      }
      return all;
    }
    return std::string("no such check");
  };
  EXPECT_THAT(found("openings"), HasSubstr("tcp/80"));
  listen_on(80);
  listen_on(9000);
  EXPECT_THAT(found("openings"), Not(HasSubstr("tcp/80")));
  EXPECT_EQ(found("listeners"), "something listens on tcp/9000, and no rule speaks of it\n");
}

TEST_F(AuditTest, TheHostsSettingsAreReadAndMended) {
  const auto failing = [&] {
    std::set<std::string> ids;
    const Json report = audited();
    for (const Json& check : report["checks"])
      if (check["verdict"] == "fail") ids.insert(check["id"]);
    return ids;
  };
  for (const char* const interface : {"all", "default", "eth0", "eth1"}) {
    const std::string head = std::string("net.ipv4.conf.") + interface;
    net_->set_sysctl(head + ".rp_filter", "0");
    net_->set_sysctl(head + ".accept_source_route", "1");
    net_->set_sysctl(head + ".send_redirects", "1");
  }
  net_->set_sysctl("net.ipv4.ip_forward", "1");
  EXPECT_THAT(failing(), ::testing::IsSupersetOf(
                             {"rp-filter", "source-routes", "redirects", "ip-forward", "saved"}));
  const Json report = audited();
  for (const Json& check : report["checks"]) {
    for (const Json& finding : check["findings"]) {
      for (const Json& each : finding["remedy"]) {
        const auto command = each.get<std::string>();
        if (!command.starts_with("sysctl -w ")) continue;
        const size_t equals = command.find('=');
        net_->set_sysctl(command.substr(10, equals - 10), command.substr(equals + 1));
      }
    }
  }
  ASSERT_EQ(with_state({"save"}).exit_code, 0);
  for (const char* const id : {"rp-filter", "source-routes", "redirects", "ip-forward", "saved"})
    EXPECT_THAT(failing(), Not(Contains(id)));
  // Another firewall (the rig's own table is one, too).
  EXPECT_THAT(audited().dump(), Not(HasSubstr("inet theirs")));
  nft({"add", "table", "inet", "theirs"});
  nft({"add", "chain", "inet", "theirs", "in",
       "{ type filter hook input priority 10; policy drop; }"});
  EXPECT_THAT(audited().dump(), HasSubstr("nft's table inet theirs may drop packets"));
}

TEST_F(AuditTest, FilesListAndWrongUse) {
  const std::string file = write("lab.v4", kLabRules);
  const auto text = audit({file});
  EXPECT_EQ(text.exit_code, 1) << text.describe();
  EXPECT_THAT(text.out, AllOf(HasSubstr("FAIL  invalid"), HasSubstr("ok    input-drop"),
                              HasSubstr("isn't asked of a file"), Not(HasSubstr("rp-filter"))));
  std::vector<std::string> skip{file};
  for (const char* const id : {"ssh-rate", "loopback-spoofed", "invalid", "drops-logged"})
    skip.insert(skip.end(), {"--skip", id});
  EXPECT_EQ(audit(skip).exit_code, 0);
  EXPECT_EQ(audit({"--list"}).exit_code, 0);
  EXPECT_EQ(audit({file, "--skip", "nonsense"}).exit_code, 2);
  EXPECT_EQ(audit({file, "--declare", "nonsense"}).exit_code, 2);
  EXPECT_EQ(audit({file, "--management", "here"}).exit_code, 2);
  EXPECT_EQ(audit({write("bad.v4", "*filter\n-A NOWHERE -j ACCEPT\nCOMMIT\n")}).exit_code, 2);
}

}  // namespace
}  // namespace bulkhead::testing
