// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "support/random.h"

namespace bulkhead::testing {

// What a target asks of its rule's conditions.
enum class Needs { kNothing, kTcp, kSyn, kTcpPorts };

// The conditions of a rule of TableRules.
class TableConditions {
 public:
  TableConditions(Random& random, bool ip6) : random_(random), ip6_(ip6) {}

  // For a chain reached from these hooks (HookBit).
  std::string draw(std::string_view table, unsigned hooks, Needs needs);
  bool tcp() const { return tcp_; }  // the conditions drawn last let nothing else through

 private:
  std::string protocol(Needs needs);
  std::string ports();
  std::string one(std::string_view table, unsigned hooks);
  std::string connection();
  std::string address();
  std::string interface();

  bool one_in(uint64_t times) { return random_.one_in(times); }
  std::string negation(uint64_t times = 4) { return one_in(times) ? " !" : ""; }
  std::string pick(std::initializer_list<std::string_view> words) {
    return std::string(random_.pick(words));
  }
  std::string option(std::string_view name, std::initializer_list<std::string_view> values) {
    return negation() + " --" + std::string(name) + " " + pick(values);
  }

  Random& random_;
  bool ip6_;
  bool tcp_ = false;
};

}  // namespace bulkhead::testing
