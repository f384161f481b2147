// SPDX-License-Identifier: GPL-2.0-or-later
// What `bulkhead prove` says, shown by packets: the packet that refutes a claim is treated by the
// kernel as it is told, and packets of a claim that was proved keep it.
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/proof.h"
#include "app/refutation.h"
#include "app/rules_text.h"
#include "support/random.h"
#include "support/rig_fixture.h"

namespace bulkhead::testing {
namespace {

using app::Answer;

constexpr size_t kRulesets = 40;
constexpr size_t kPacketsOfAClaim = 1000;

// Addresses that packets may come from and go to; the rig's networks among them.
struct World {
  bool v6 = false;
  std::string host, behind;
  std::vector<std::string> sources;  // of rules and claims: networks
  std::vector<std::string> senders;  // of packets: some inside, some outside of each
};
World world(bool v6) {
  if (v6) {
    return {true,
            kHost6,
            kBehind6,
            {"2001:db8:a::/48", "2001:db8:a:1::/64", "2001:db8:a:1::5/128", "2001:db8:b::/48"},
            {"2001:db8:a:2::1", "2001:db8:a:1::4", "2001:db8:a:1::5", "2001:db8:b::9",
             "2001:db8:c::1"}};
  }
  return {false,
          kHost,
          kBehind,
          {"10.0.0.0/8", "10.1.0.0/16", "10.1.0.5/32", "172.16.0.0/12"},
          {"10.2.0.1", "10.1.0.4", "10.1.0.5", "172.20.0.9", "8.8.4.4"}};
}

constexpr uint16_t kPorts[] = {22, 53, 80, 443, 2222};

class RuleMaker {
 public:
  RuleMaker(const World& world, Random& random) : world_(world), random_(random) {}

  std::string rules() {
    std::string text;
    if (random_.one_in(3)) {
      text += "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING" + match() +
              " -j MARK --set-xmark 0x7/0xffffffff\nCOMMIT\n";
    }
    if (random_.one_in(3)) {
      text += "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i eth0 -p tcp -m tcp --dport 2222" +
              source() + fmt::format(" -d {} -j REDIRECT --to-ports 22\nCOMMIT\n", world_.host);
    }
    text += fmt::format(
        "*filter\n:INPUT {} [0:0]\n:FORWARD {} [0:0]\n:OUTPUT ACCEPT [0:0]\n:a - [0:0]\n:b - "
        "[0:0]\n",
        policy(), policy());
    for (const char* chain : {"INPUT", "FORWARD"}) {
      if (random_.one_in(2))
        text += fmt::format("-A {} -m state --state ESTABLISHED,RELATED -j ACCEPT\n", chain);
      for (uint64_t i = random_.between(2, 7); i > 0; --i)
        text += fmt::format("-A {}{} -j {}\n", chain, match(),
                            target({"ACCEPT", "DROP", "REJECT", "a", "b"}));
    }
    for (uint64_t i = random_.between(1, 4); i > 0; --i)
      text += fmt::format("-A a{} -j {}\n", match(), target({"ACCEPT", "DROP", "RETURN", "b"}));
    for (uint64_t i = random_.between(1, 3); i > 0; --i)
      text += fmt::format("-A b{} -j {}\n", match(), target({"ACCEPT", "DROP", "RETURN"}));
    return text + "COMMIT\n";
  }

 private:
  std::string policy() { return random_.one_in(3) ? "ACCEPT" : "DROP"; }
  std::string target(std::vector<std::string> of) { return random_.pick(of); }
  std::string source() {
    return random_.one_in(2) ? ""
                             : fmt::format("{} -s {}", random_.one_in(4) ? " !" : "",
                                           random_.pick(world_.sources));
  }
  std::string match() {
    std::string text = source();
    if (random_.one_in(4)) text += random_.one_in(2) ? " -i eth0" : " ! -i eth1";
    switch (random_.below(6)) {
      case 0: text += " -p udp"; break;
      case 1: text += fmt::format(" -p udp -m udp --dport {}", random_.pick(kPorts)); break;
      case 2: text += fmt::format(" -p tcp -m tcp --dport {}", random_.pick(kPorts)); break;
      case 3:
        text += fmt::format(" -p tcp -m multiport --dports {},{}", random_.pick(kPorts),
                            random_.pick(kPorts));
        break;
      case 4: text += " -p tcp -m tcp --tcp-flags SYN,RST,ACK,FIN SYN"; break;
      default: break;
    }
    if (random_.one_in(6)) text += " -m mark --mark 0x7";
    if (random_.one_in(4)) text += " -m state --state NEW";
    return text;
  }

  const World& world_;
  Random& random_;
};

// A claim whose packets can be sent, and what of it a packet is drawn from.
struct SentClaim {
  std::string toml;
  bool forward = false;
  bool passes = false;
  uint8_t protocol = 6;
  std::vector<uint16_t> ports;
  std::string in = "eth0";
  std::optional<std::string> from;  // a network of the world
  bool not_from = false;
};

SentClaim draw_claim(const World& world, Random& random, size_t number) {
  SentClaim claim;
  claim.forward = random.one_in(3);
  claim.passes = random.one_in(2);
  claim.protocol = random.one_in(3) ? 17 : 6;
  claim.ports = {random.pick(kPorts)};
  if (random.one_in(3)) claim.ports.push_back(8080);
  claim.in = random.one_in(4) ? "eth1" : "eth0";
  if (claim.forward) claim.in = "eth0";
  if (!random.one_in(4)) claim.from = random.pick(world.sources);
  claim.not_from = claim.from && random.one_in(2);
  std::string services;
  for (const uint16_t port : claim.ports)
    services += fmt::format("{}\"{}/{}\"", services.empty() ? "" : ", ",
                            claim.protocol == 6 ? "tcp" : "udp", port);
  claim.toml = fmt::format(
      "[[claim]]\nname = \"{}\"\nverdict = \"{}\"\npackets = {{ direction = \"{}\", service = "
      "[{}], "
      "in-interface = \"{}\", destination = \"{}\"{}{} }}\n",
      number, claim.passes ? "passes" : "blocked", claim.forward ? "forward" : "in", services,
      claim.in, claim.forward ? world.behind : world.host,
      claim.forward ? ", out-interface = \"eth1\"" : "",
      claim.from
          ? fmt::format(", source = \"{}{}\"", claim.not_from ? "senders but " : "", *claim.from)
          : ", source = \"senders\"");
  return claim;
}

ir::Ruleset parsed(const std::string& text, bool v6) {
  const auto rules = app::parse_rules(
      Source("rules", text), v6 ? net::Family::kIpv6 : net::Family::kIpv4, app::Counts::kLeftOut);
  if (!rules) throw std::runtime_error(rules.error().message + "\n" + text);
  return *rules;
}

std::vector<policy::Claim> claims_of(const std::string& text) {
  const Source source("claims", text);
  const auto claims = policy::parse_claims(source, net::SystemNames());
  if (!claims) throw std::runtime_error(render(claims.error(), source) + text);
  return *claims;
}

class ProveTest : public RigTest {
 protected:
  void load(const std::string& rules, bool v6) {
    Xtables(*net_, XtablesPrograms::in(BULKHEAD_BIN_DIR, v6)).must_restore(rules);
    rig_->flush_conntrack();
  }
  void clear(bool v6) {
    Xtables(*net_, XtablesPrograms::in(BULKHEAD_BIN_DIR, v6)).clear({"filter", "nat", "mangle"});
  }

  Outcome send(const net::PacketText& packet) {
    const Bytes bytes = stamped(packet.bytes());
    return packet.in_interface.empty() ? rig_->send(bytes)
                                       : rig_->inject(packet.in_interface, bytes);
  }

  // The packet that refutes a claim, in the kernel.
  void expect_refuted(const ir::Ruleset& rules, const app::CounterExample& example,
                      const std::string& about) {
    const std::string words = net::to_string(example.packet);
    const app::Refutation told = app::refutation_of(rules, example);
    EXPECT_TRUE(told.agrees) << words << "\n" << about;
    // What connection tracking would call otherwise can't be sent by itself.
    const bool fresh = example.packet.state == net::PacketState::kNew;
    const bool opens = example.packet.fields.protocol != net::kTcp ||
                       (example.packet.fields.tcp_flags & 0x3f) == net::kSyn;
    if (example.packet.state == net::PacketState::kInvalid || (fresh && !opens)) return;
    rig_->flush_conntrack();
    // What no packet of the rig's is: untracked, or invalid without being a reset of nothing.
    const bool reset =
        example.packet.fields.protocol == net::kTcp && example.packet.fields.tcp_flags == net::kRst;
    if (example.packet.state == net::PacketState::kUntracked ||
        (example.packet.state == net::PacketState::kInvalid && !reset))
      return;
    if (example.packet.state == net::PacketState::kEstablished) {
      // The packet that this one answers, first.
      net::PacketText first = net::reply_to(example.packet);
      first.fields.tcp_flags = net::kSyn;
      if (send(first).verdict != Verdict::kAccepted) return;
    }
    const Outcome outcome = send(example.packet);
    EXPECT_TRUE(outcome.arrived) << words;
    EXPECT_EQ(outcome.verdict == Verdict::kAccepted, example.passes)
        << words << ": " << text(outcome) << "\n"
        << about;
    ++refuted_;
  }

  void expect_kept(const World& world, const SentClaim& claim, Random& random,
                   const std::string& about) {
    std::vector<Step> steps;
    std::vector<std::string> senders;
    for (const std::string& sender : world.senders) {
      const auto family = world.v6 ? net::Family::kIpv6 : net::Family::kIpv4;
      bool in = true;
      if (claim.from) {
        const size_t slash = claim.from->find('/');
        const U128 mask = *net::parse_mask(family, claim.from->substr(slash + 1));
        const U128 network = net::parse_address(family, claim.from->substr(0, slash))->value;
        in = ((net::parse_address(family, sender)->value & mask) == network) != claim.not_from;
      }
      if (in) senders.push_back(sender);
    }
    ASSERT_FALSE(senders.empty()) << about;
    for (size_t i = 0; i < kPacketsOfAClaim; ++i) {
      const auto sport = static_cast<uint16_t>(random.between(1024, 65535));
      const uint16_t dport = random.pick(claim.ports);
      // What is blocked is blocked with any flags; it makes no connection.
      const std::string flags =
          claim.passes
              ? "S"
              : random.pick(std::vector<std::string>{"S", "A", "R", "FA", "", "SA", "FPU"});
      const std::string& from = random.pick(senders);
      const std::string& to = claim.forward ? world.behind : world.host;
      const Packet transport = claim.protocol == 6
                                   ? Packet{Tcp{.sport = sport, .dport = dport, .flags = flags}}
                                   : Packet{Udp{.sport = sport, .dport = dport}};
      steps.push_back({.interface = claim.in,
                       .packet = world.v6
                                     ? build(Packet{Ip6{.saddr = from, .daddr = to}} / transport)
                                     : build(Packet{Ip4{.saddr = from, .daddr = to}} / transport)});
    }
    rig_->flush_conntrack();
    const auto outcomes = rig_->run(steps);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      ASSERT_EQ(outcomes[i].verdict == Verdict::kAccepted, claim.passes)
          << "packet " << i << ": " << text(outcomes[i]) << "\n"
          << about;
    }
    ++kept_;
  }

  size_t refuted_ = 0;
  size_t kept_ = 0;
};

TEST_F(ProveTest, RandomRulesAndClaims) {
  Random random("prove");
  for (size_t i = 0; i < kRulesets; ++i) {
    const bool v6 = i % 2 != 0;
    const World here = world(v6);
    const std::string rules = RuleMaker(here, random).rules();
    std::string text = "[groups]\nsenders = [";
    for (const std::string& sender : here.senders) text += "\"" + sender + "\", ";
    text += "\"" + here.sources[0] + "\", \"" + here.sources[3] + "\"]\n";
    std::vector<SentClaim> claims;
    for (size_t k = 0; k < 12; ++k) {
      claims.push_back(draw_claim(here, random, k));
      text += claims.back().toml;
    }
    const ir::Ruleset loaded = parsed(rules, v6);
    const auto proofs = app::prove({loaded}, claims_of(text), {});
    load(rules, v6);
    size_t kept_here = 0;
    for (size_t k = 0; k < claims.size(); ++k) {
      const Answer& answer = proofs[k].families.begin()->second;
      const std::string about = claims[k].toml + rules;
      if (answer.state == Answer::State::kRefuted) {
        EXPECT_TRUE(answer.example->certain) << about;
        expect_refuted(loaded, *answer.example, about);
      } else {
        EXPECT_EQ(answer.state, Answer::State::kProved) << about;
        // A few of each ruleset: it is the time that counts.
        if (kept_here++ < 2) expect_kept(here, claims[k], random, about);
      }
      if (HasFailure()) return;
    }
    clear(v6);
  }
  EXPECT_GE(refuted_, 60U);
  EXPECT_GE(kept_, 20U);
  RecordProperty("refuted", static_cast<int>(refuted_));
  RecordProperty("kept", static_cast<int>(kept_));
  fmt::print("{} refuted by a packet, {} kept by {} packets each\n", refuted_, kept_,
             kPacketsOfAClaim);
}

// The web server of the seed, and each of its rules forgotten or written wrong in turn.
TEST_F(ProveTest, TheSeedsHost) {
  start({.interfaces = {{.name = "eth0", .addresses = {"192.168.56.20/24"}},
                        {.name = "eth1", .addresses = {"203.0.113.1/24"}}}});
  const std::string sound =
      "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
      "-A INPUT -i lo -j ACCEPT\n"
      "-A INPUT -s 192.168.56.1/32 -p tcp -m tcp --dport 22 -j ACCEPT\n"
      "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n"
      "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n";
  const std::string claims =
      "[groups]\nmanagement = \"192.168.56.1\"\nothers = \"192.168.56.50-192.168.56.99\"\n"
      "host = \"192.168.56.20\"\nelsewhere = \"203.0.113.50-203.0.113.60\"\n"
      "[[claim]]\nname = \"ssh\"\nverdict = \"blocked\"\npackets = { service = \"tcp/22\", source "
      "= \"others\", "
      "destination = \"host\", in-interface = \"eth0\" }\n"
      "[[claim]]\nname = \"management\"\nverdict = \"passes\"\npackets = { service = \"tcp/22\", "
      "source = "
      "\"management\", destination = \"host\", in-interface = \"eth0\" }\n"
      "[[claim]]\nname = \"nothing else\"\nverdict = \"blocked\"\npackets = { service = \"not "
      "tcp/80\", "
      "source = \"others\", destination = \"host\", in-interface = \"eth0\" }\n"
      "[[claim]]\nname = \"web\"\nverdict = \"passes\"\npackets = { service = \"tcp/80\", source = "
      "\"others\", "
      "destination = \"host\", in-interface = \"eth0\" }\n"
      "[[claim]]\nname = \"names\"\nconnection = { direction = \"out\", service = \"udp/53\", "
      "source = \"host\", "
      "destination = \"others\", out-interface = \"eth0\" }\n"
      "[[claim]]\nname = \"fetches\"\nconnection = { direction = \"out\", service = \"tcp/443\", "
      "source = \"host\", "
      "destination = \"others\", out-interface = \"eth0\" }\n"
      "[[claim]]\nname = \"forwards nothing\"\nverdict = \"blocked\"\npackets = { direction = "
      "\"forward\", "
      "source = \"others\", destination = \"elsewhere\", in-interface = \"eth0\", out-interface = "
      "\"eth1\", "
      "protocol = [\"tcp\", \"udp\"] }\n";
  struct Slip {
    std::string what, by;
    size_t breaks;  // how many claims
  };
  const Slip slips[] = {
      {"", "", 0},
      {" -s 192.168.56.1/32", "", 2},
      {" -s 192.168.56.1/32", " -s 192.168.56.0/24", 2},
      {"192.168.56.1/32", "192.168.56.10/32", 1},
      {"--dport 80", "--dport 443", 2},
      {"--dport 80", "--dport 80:8080", 1},
      {"-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n", "", 2},
      {"RELATED,ESTABLISHED", "NEW,ESTABLISHED", 2},
      {":INPUT DROP", ":INPUT ACCEPT", 2},
      {":FORWARD DROP", ":FORWARD ACCEPT", 1},
      {":OUTPUT ACCEPT", ":OUTPUT DROP", 2},
      {"-A INPUT -i lo", "-A INPUT -i eth0", 2},
      {"-A INPUT -i lo -j ACCEPT", "-A INPUT -j REJECT", 4},
  };
  for (const Slip& slip : slips) {
    std::string rules = sound;
    if (!slip.what.empty()) rules.replace(rules.find(slip.what), slip.what.size(), slip.by);
    const ir::Ruleset loaded = parsed(rules, false);
    const auto proofs = app::prove({loaded}, claims_of(claims), {});
    load(rules, false);
    size_t broken = 0;
    for (size_t i = 0; i < proofs.size(); ++i) {
      const Answer& answer = proofs[i].families.begin()->second;
      if (answer.state != Answer::State::kRefuted) continue;
      ++broken;
      expect_refuted(loaded, *answer.example, "claim " + std::to_string(i) + "\n" + rules);
    }
    EXPECT_EQ(broken, slip.breaks) << rules;
  }
  EXPECT_GE(refuted_, 20U);
}

}  // namespace
}  // namespace bulkhead::testing
