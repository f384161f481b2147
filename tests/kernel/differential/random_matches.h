// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/random.h"

// The conditions of a rule, drawn at random from all that the language has, with arguments that
// some of the packets of the differential tests meet and others don't.
namespace bulkhead::testing {

class MatchDrawer {
 public:
  MatchDrawer(Random& random, bool ip6) : random_(random), ip6_(ip6) {}

  // For a rule of this chain. Some matches work in some built-in chains only, so they stand there
  // and not in a user chain, which any of them may lead to.
  std::string draw(std::string_view chain);
  // Of the rule that was drawn last, where it says so without negation; 0: it doesn't.
  int protocol() const { return protocol_; }

 private:
  std::string head(std::string_view chain);
  std::string protocol_match();
  std::string state();
  std::string connection();
  std::string around(std::string_view chain);
  std::string of_ip_header();
  std::string of_bytes();
  std::string u32();
  std::string ports(std::string_view row);
  std::string tcp();
  std::string sctp();
  std::string dccp();
  std::string icmp();
  std::string multiport();
  std::string ipsec();
  std::string extension_headers(std::string_view chain);
  std::string segment_routing();

  bool one_in(uint64_t times) { return random_.one_in(times); }
  std::string negation(uint64_t times = 3) { return random_.one_in(times) ? " !" : ""; }
  std::string pick(std::initializer_list<std::string_view> words) {
    return std::string(random_.pick(words));
  }
  std::string option(std::string_view name, std::initializer_list<std::string_view> values) {
    return negation() + " --" + std::string(name) + " " + pick(values);
  }
  std::string address();  // its mask may have holes
  std::string network();
  std::string interface();
  std::string port();
  std::string common_port();

  Random& random_;
  bool ip6_;
  int protocol_ = 0;
};

}  // namespace bulkhead::testing
