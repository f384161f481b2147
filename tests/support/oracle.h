// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/namespace.h"

namespace bulkhead::testing {

// The commands of one family of an iptables: Debian's legacy one, which is the oracle, or ours.
struct XtablesPrograms {
  std::string command;
  std::string save;
  std::string restore;

  static XtablesPrograms legacy(bool ip6 = false);
  // Ours: `folder`/iptables, iptables-save, ...
  static XtablesPrograms in(const std::filesystem::path& folder, bool ip6 = false);
};

// A rule, or a built-in chain's policy, and what it has counted.
struct RuleCounter {
  std::string table = {};
  std::string chain = {};
  std::string rule =
      {};  // as -S prints it: "-A INPUT -p tcp -j DROP"; for a policy "-P INPUT ACCEPT"
  uint64_t packets = 0;
  uint64_t bytes = 0;

  friend bool operator==(const RuleCounter&, const RuleCounter&) = default;
};
std::string text(const RuleCounter& counter);  // "filter [2:80] -A INPUT -j DROP"

// Reads what iptables-save -c prints; the order is the text's. A SupportError on anything else.
std::vector<RuleCounter> parse_save(std::string_view save_text);

// One iptables in one namespace: at most one process for each call.
class Xtables {
 public:
  Xtables(const NetNamespace& net, XtablesPrograms programs)
      : net_(net), programs_(std::move(programs)) {}

  // `iptables` with these words, for example {"-A", "INPUT", "-j", "DROP"}.
  ExecResult command(std::vector<std::string> words) const;
  // Loads a restore file; it replaces the tables that it names, their counters included.
  ExecResult restore(const std::string& text, std::vector<std::string> options = {}) const;
  // The same, and a SupportError if it is refused.
  void must_restore(const std::string& text) const;
  std::string save() const;  // with counters
  std::vector<RuleCounter> counters() const;
  // Back to a policy of ACCEPT and no rule in these tables: for between two rulesets that name
  // different ones.
  void clear(const std::vector<std::string>& tables = {"filter"}) const;

 private:
  const NetNamespace& net_;
  XtablesPrograms programs_;
};

}  // namespace bulkhead::testing
