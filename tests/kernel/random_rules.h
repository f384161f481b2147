// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "support/random.h"

// Rulesets of the filter table as iptables-restore reads them, drawn at random.
namespace bulkhead::testing {

struct RandomRules {
  std::vector<std::string> policies;  // of INPUT, FORWARD and OUTPUT
  size_t user_chains = 0;             // c01, c02, ...
  std::vector<std::string> rules;     // "-A c01 -p tcp -j DROP"
  // Refusals go out through OUTPUT, related to what was refused; where there are any, it has no
  // rules.
  bool rejects = false;

  std::string text() const {
    std::string out = fmt::format("*filter\n:INPUT {} [0:0]\n:FORWARD {} [0:0]\n:OUTPUT {} [0:0]\n",
                                  policies[0], policies[1], policies[2]);
    for (size_t i = 1; i <= user_chains; ++i) out += fmt::format(":c{:02} - [0:0]\n", i);
    for (const std::string& rule : rules) out += rule + "\n";
    return out + "COMMIT\n";
  }
};

class RuleDrawer {
 public:
  RuleDrawer(Random& random, bool ip6) : random_(random), ip6_(ip6) {}

  RandomRules draw() {
    RandomRules drawn;
    drawn.rejects = random_.one_in(2);
    for (int i = 0; i < 3; ++i) drawn.policies.push_back(random_.one_in(3) ? "DROP" : "ACCEPT");
    if (drawn.rejects) drawn.policies[2] = "ACCEPT";
    const bool deep = random_.one_in(8);
    drawn.user_chains = deep ? random_.between(14, 20) : random_.below(7);
    rejects_ = drawn.rejects;
    user_chains_ = drawn.user_chains;
    for (size_t chain = 0; chain <= drawn.user_chains; ++chain) add_chain(drawn, chain, deep);
    return drawn;
  }

 private:
  // Chain 0 stands for the built-in ones.
  void add_chain(RandomRules& drawn, size_t chain, bool deep) {
    const uint64_t count = chain == 0 ? random_.between(4, 12) : random_.between(1, deep ? 2 : 5);
    for (uint64_t i = 0; i < count; ++i) add_rule(drawn, chain, target(chain));
    // A chain of calls all the way down, with conditions that a packet often meets.
    if (deep && chain < user_chains_) {
      protocol_ = 0;
      const std::string on = chain == 0 ? builtin() : name(chain);
      drawn.rules.push_back(fmt::format("-A {}{} -{} {}", on, random_.one_in(3) ? head(on) : "",
                                        random_.one_in(6) ? 'g' : 'j', name(chain + 1)));
    }
  }

  void add_rule(RandomRules& drawn, size_t chain, const std::string& target) {
    const std::string on = chain == 0 ? builtin() : name(chain);
    protocol_ = 0;
    std::string rule = "-A " + on + head(on) + matches();
    drawn.rules.push_back(rule + (target == "REJECT" ? reject() : target));
  }

  static std::string name(size_t chain) { return fmt::format("c{:02}", chain); }
  std::string builtin() {
    const std::vector<std::string> names = {"INPUT", "FORWARD", "OUTPUT"};
    return names[random_.below(rejects_ ? 2 : 3)];
  }
  std::string negation(uint64_t times = 4) { return random_.one_in(times) ? " !" : ""; }
  std::string pick(const std::vector<std::string>& words) { return random_.pick(words); }

  std::string address() {
    return ip6_ ? pick({"2001:db8::/64", "2001:db8::9", "2001:db8:1::/64", "2001:db8:1::9/128",
                        "2001:db8::/32", "2001:db8:ffff::/48", "::/0",
                        "2001:db8::8/ffff:ffff:ffff:ffff::8"})
                : pick({"192.0.2.0/24", "192.0.2.9", "203.0.113.0/24", "203.0.113.9/32",
                        "192.0.2.0/25", "198.51.100.0/24", "0.0.0.0/0", "192.0.2.9/255.0.0.255",
                        "192.0.2.1"});
  }

  std::string interface() { return pick({"eth0", "eth1", "eth+", "lo", "e+", "eth10"}); }

  std::string head(const std::string& chain) {
    std::string out;
    if (random_.one_in(4)) out += negation() + " -s " + address();
    if (random_.one_in(5)) out += negation() + " -d " + address();
    if (chain != "OUTPUT" && random_.one_in(6)) out += negation() + " -i " + interface();
    if (chain != "INPUT" && random_.one_in(6)) out += negation() + " -o " + interface();
    return out;
  }

  std::string port() {
    return pick({"22", "80", "443", "53", "1000:2000", "0:1023", "1024:65535", ":100",
                 "30000:", "22:22", "0"});
  }
  std::string ports() {
    std::string out = pick({"22", "53", "1000:1500", "40000"});
    for (uint64_t more = random_.below(4); more > 0; --more) {
      out += "," + pick({"80", "443", "30000:65535", "1", "1501:2000"});
    }
    return out;
  }

  std::string matches() {
    std::string out;
    if (!random_.one_in(3)) out += protocol();
    if (random_.one_in(4)) out += state();
    if (random_.one_in(8))
      out += " -m comment --comment \"" + pick({"a", "two words", "it's", "50%"}) + "\"";
    return out;
  }

  std::string protocol() {
    switch (random_.below(7)) {
      case 0:
        return negation(3) + " -p " + pick({"tcp", "udp", "253", ip6_ ? "ipv6-icmp" : "icmp"});
      case 1: return icmp();
      case 2: return multiport();
      case 3: protocol_ = 17; return " -p udp -m udp" + port_options();
      default: protocol_ = 6; return " -p tcp -m tcp" + port_options() + tcp_options();
    }
  }

  std::string port_options() {
    std::string out;
    if (random_.one_in(3)) out += negation() + " --sport " + port();
    if (!random_.one_in(3)) out += negation() + " --dport " + port();
    return out;
  }

  std::string tcp_options() {
    if (random_.one_in(8)) return negation() + " --syn";
    if (random_.one_in(12)) return negation() + " --tcp-option " + pick({"2", "8", "1"});
    if (!random_.one_in(4)) return "";
    return negation() + " --tcp-flags " +
           pick({"SYN,ACK SYN", "ALL NONE", "FIN,SYN FIN,SYN", "SYN,RST,ACK ACK", "ALL FIN,PSH,URG",
                 "RST RST"});
  }

  std::string icmp() {
    protocol_ = 1;
    if (ip6_) {
      return " -p ipv6-icmp -m icmp6" + negation() + " --icmpv6-type " +
             pick({"echo-request", "echo-reply", "1", "1/4", "port-unreachable", "135",
                   "router-advertisement", "3/0"});
    }
    return " -p icmp -m icmp" + negation() + " --icmp-type " +
           pick({"echo-request", "echo-reply", "3", "3/3", "port-unreachable", "any", "13", "9/0"});
  }

  std::string multiport() {
    const bool tcp = random_.one_in(2);
    protocol_ = tcp ? 6 : 17;
    return fmt::format(" -p {} -m multiport{} --{} {}", tcp ? "tcp" : "udp", negation(),
                       pick({"sports", "dports", "ports"}), ports());
  }

  std::string state() {
    const std::string states =
        pick({"NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED",
              "INVALID,UNTRACKED", "NEW,RELATED", "NEW,ESTABLISHED,UNTRACKED"});
    return random_.one_in(2) ? " -m state" + negation() + " --state " + states
                             : " -m conntrack" + negation() + " --ctstate " + states;
  }

  std::string target(size_t chain) {
    const bool callable = chain < user_chains_;
    switch (random_.below(callable ? 12 : 7)) {
      case 0: return "";
      case 1:
      case 2: return " -j ACCEPT";
      case 3: return " -j DROP";
      case 4: return rejects_ ? "REJECT" : " -j DROP";
      case 5:
      case 6: return " -j RETURN";
      case 7: return " -g " + name(random_.between(chain + 1, user_chains_));
      default: return " -j " + name(random_.between(chain + 1, std::min(chain + 3, user_chains_)));
    }
  }

  std::string reject() {
    if (protocol_ == 6 && random_.one_in(2)) return " -j REJECT --reject-with tcp-reset";
    return " -j REJECT" +
           (ip6_
                ? pick({"", " --reject-with icmp6-adm-prohibited", " --reject-with icmp6-no-route"})
                : pick({"", " --reject-with icmp-host-prohibited",
                        " --reject-with icmp-admin-prohibited"}));
  }

  Random& random_;
  bool ip6_;
  bool rejects_ = false;
  size_t user_chains_ = 0;
  int protocol_ = 0;  // of the rule that is being drawn, where it says so without negation
};

}  // namespace bulkhead::testing
