// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "kernel/differential/random_matches.h"
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
  RuleDrawer(Random& random, bool ip6) : random_(random), ip6_(ip6), matches_(random, ip6) {}

  RandomRules draw() {
    RandomRules drawn;
    drawn.rejects = random_.one_in(2);
    for (int i = 0; i < 3; ++i) drawn.policies.push_back(random_.one_in(3) ? "DROP" : "ACCEPT");
    if (drawn.rejects) drawn.policies[2] = "ACCEPT";
    const bool deep = random_.one_in(8);
    drawn.user_chains = deep ? random_.between(14, 20) : random_.below(7);
    rejects_ = drawn.rejects;
    deep_ = deep;
    user_chains_ = drawn.user_chains;
    for (size_t chain = 0; chain <= drawn.user_chains; ++chain) add_chain(drawn, chain, deep);
    return drawn;
  }

 private:
  // Chain 0 stands for the built-in ones.
  void add_chain(RandomRules& drawn, size_t chain, bool deep) {
    // Mostly a few rules, now and then a hundred in all.
    const bool long_one = random_.one_in(6);
    const uint64_t count =
        chain == 0 ? random_.between(5, long_one ? 60 : 20) : random_.between(1, deep ? 2 : 6);
    for (uint64_t i = 0; i < count; ++i) add_rule(drawn, chain, target(chain));
    // A chain of calls all the way down, with conditions that a packet often meets.
    if (deep && chain < user_chains_) {
      const std::string on = chain == 0 ? builtin() : name(chain);
      drawn.rules.push_back(fmt::format("-A {}{} -{} {}", on,
                                        random_.one_in(3) ? matches_.draw(on) : "",
                                        random_.one_in(6) ? 'g' : 'j', name(chain + 1)));
    }
  }

  void add_rule(RandomRules& drawn, size_t chain, const std::string& target) {
    const std::string on = chain == 0 ? builtin() : name(chain);
    std::string rule = "-A " + on + matches_.draw(on);
    drawn.rules.push_back(rule + (target == "REJECT" ? reject() : target));
  }

  static std::string name(size_t chain) { return fmt::format("c{:02}", chain); }
  std::string builtin() {
    const std::vector<std::string> names = {"INPUT", "FORWARD", "OUTPUT"};
    return names[random_.below(rejects_ ? 2 : 3)];
  }
  std::string pick(const std::vector<std::string>& words) { return random_.pick(words); }

  // What the rules behind it read. Not where chains are inlined: that would be refused.
  std::string mark() {
    return " -j MARK --" + pick({"set-mark 0x17", "set-xmark 0x30/0xf0", "or-mark 1",
                                 "and-mark 0x2f", "xor-mark 0x20"});
  }

  std::string target(size_t chain) {
    if (!deep_ && random_.one_in(12)) return mark();
    const bool callable = chain < user_chains_;
    switch (random_.below(callable ? 12 : 7)) {
      case 0: return random_.one_in(3) ? " -j NFLOG --nflog-group 9 --nflog-prefix \"a word\"" : "";
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
    if (matches_.protocol() == 6 && random_.one_in(2)) return " -j REJECT --reject-with tcp-reset";
    if (random_.one_in(4)) return " -j REJECT";
    return " -j REJECT --reject-with " +
           (ip6_ ? pick({"icmp6-adm-prohibited", "icmp6-no-route", "icmp6-addr-unreachable",
                         "icmp6-port-unreachable", "icmp6-policy-fail", "icmp6-reject-route"})
                 : pick({"icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable",
                         "icmp-port-unreachable", "icmp-net-prohibited", "icmp-host-prohibited",
                         "icmp-admin-prohibited"}));
  }

  Random& random_;
  bool ip6_;
  MatchDrawer matches_;
  bool rejects_ = false;
  bool deep_ = false;
  size_t user_chains_ = 0;
};

}  // namespace bulkhead::testing
