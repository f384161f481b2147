// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/table_rules.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "kernel/differential/table_conditions.h"

namespace bulkhead::testing {
namespace {

struct BuiltIn {
  std::string_view name;
  HookBit hook;
};
constexpr BuiltIn kBuiltIn[] = {{"PREROUTING", kPrerouting},
                                {"INPUT", kInput},
                                {"FORWARD", kForward},
                                {"OUTPUT", kOutput},
                                {"POSTROUTING", kPostrouting}};

enum TableBit : unsigned { kRaw = 1, kMangle = 2, kNat = 4, kFilter = 8, kSecurity = 16 };

struct TableShape {
  std::string_view name;
  TableBit bit;
  unsigned hooks;
  // Of the user chains: what they may be reached from.
  std::vector<unsigned> callers;
  uint64_t rules;  // on average
};

const std::vector<TableShape>& shapes() {
  constexpr unsigned kBefore = kPrerouting | kOutput, kBehind = kInput | kPostrouting;
  constexpr unsigned kLocal = kInput | kForward | kOutput;
  static const std::vector<TableShape> kShapes = {
      {"raw", kRaw, kBefore, {kBefore, kPrerouting, kOutput}, 4},
      {"mangle", kMangle, kAnyHook, {kAnyHook, kForward | kOutput | kPostrouting, kBefore}, 12},
      // What is refused where source and destination are both meant (docs/differences.md) isn't
      // drawn.
      {"nat", kNat, kBefore | kBehind, {kBefore, kBehind, kPostrouting}, 10},
      {"filter", kFilter, kLocal, {kLocal, kForward}, 9},
      {"security", kSecurity, kLocal, {kLocal}, 4},
  };
  return kShapes;
}

class TableDrawer {
 public:
  TableDrawer(Random& random, bool ip6)
      : random_(random), ip6_(ip6), zones_(random.one_in(2)), conditions_(random, ip6) {}

  TableRules draw() {
    for (const TableShape& shape : shapes()) draw(shape);
    return std::move(drawn_);
  }

 private:
  struct Target {
    unsigned tables;
    unsigned hooks;  // all that it works in
    uint64_t weight;
    Needs needs;
    std::string (TableDrawer::*text)();
    bool ip6 = true;
  };

  void draw(const TableShape& shape) {
    chains_.clear();
    for (const BuiltIn& each : kBuiltIn) {
      if ((shape.hooks & each.hook) == 0) continue;
      // "The nat table is not intended for filtering".
      const bool closed = shape.bit != kNat && random_.one_in(shape.bit == kFilter ? 6 : 40);
      chains_.push_back(
          {shape.name, std::string(each.name), each.hook, closed ? "DROP" : "ACCEPT"});
    }
    built_in_ = chains_.size();
    for (uint64_t i = 1, last = random_.below(4); i <= last; ++i) {
      chains_.push_back({shape.name, fmt::format("{}{}", shape.name.substr(0, 3), i),
                         random_.pick(shape.callers)});
    }
    drawn_.chains.insert(drawn_.chains.end(), chains_.begin(), chains_.end());
    for (uint64_t left = random_.between(1, 2 * shape.rules - 1); left > 0; --left)
      add_rule(shape, random_.below(built_in_));
    for (size_t chain = built_in_; chain < chains_.size(); ++chain) {
      for (uint64_t left = random_.between(1, 3); left > 0; --left) add_rule(shape, chain);
    }
  }

  void add_rule(const TableShape& shape, size_t chain) {
    const TableChain& on = chains_[chain];
    const std::string name = fmt::format("-A {}", on.name);
    if (const auto callee = callee_of(chain)) {
      const std::string when = conditions_.draw(shape.name, on.hooks, Needs::kNothing);
      const bool always = random_.one_in(2);
      add(shape, name + (always ? "" : when) + (random_.one_in(8) ? " -g " : " -j ") + *callee);
      return;
    }
    const Target& target = target_for(shape, on);
    const std::string when = conditions_.draw(shape.name, on.hooks, target.needs);
    add(shape, name + when + (this->*target.text)());
  }
  void add(const TableShape& shape, std::string line) {
    drawn_.rules.push_back({shape.name, std::move(line)});
  }

  // A chain further on that may be reached from here; mostly there is none.
  std::optional<std::string> callee_of(size_t chain) {
    if (!random_.one_in(3)) return std::nullopt;
    const size_t first = std::max(chain + 1, built_in_);
    if (first >= chains_.size()) return std::nullopt;
    const TableChain& callee = chains_[random_.between(first, chains_.size() - 1)];
    if ((chains_[chain].hooks & ~callee.hooks) != 0) return std::nullopt;
    return callee.name;
  }

  const Target& target_for(const TableShape& shape, const TableChain& chain) {
    static const std::vector<Target> kTargets = targets();
    const auto fits = [&](const Target& each) {
      return (each.tables & shape.bit) != 0 && (chain.hooks & ~each.hooks) == 0 &&
             (each.ip6 || !ip6_);
    };
    uint64_t all = 0;
    for (const Target& each : kTargets) all += fits(each) ? each.weight : 0;
    uint64_t place = random_.below(all);
    for (const Target& each : kTargets) {
      if (!fits(each)) continue;
      if (place < each.weight) return each;
      place -= each.weight;
    }
    return kTargets.front();
  }

  static std::vector<Target> targets() {
    using D = TableDrawer;
    constexpr unsigned kAll = kRaw | kMangle | kNat | kFilter | kSecurity;
    constexpr unsigned kTwoFilters = kFilter | kSecurity;
    constexpr unsigned kBehindRouting = kForward | kOutput | kPostrouting;
    constexpr auto kNothing = Needs::kNothing;
    return {
        {kAll, kAnyHook, 6, kNothing, &D::nothing},
        {kAll, kAnyHook, 2, kNothing, &D::accept},
        {kAll, kAnyHook, 2, kNothing, &D::back},
        {kAll, kAnyHook, 2, kNothing, &D::nflog},
        {kRaw | kMangle, kAnyHook, 1, kNothing, &D::drop},
        {kTwoFilters, kAnyHook, 3, kNothing, &D::drop},
        {kFilter, kAnyHook, 3, kNothing, &D::reject},
        {kAll, kAnyHook, 3, kNothing, &D::mark},
        {kMangle, kAnyHook, 8, kNothing, &D::connmark},
        {kTwoFilters | kNat, kAnyHook, 3, kNothing, &D::connmark},
        {kRaw, kPrerouting, 8, kNothing, &D::tracking},
        {kRaw, kOutput, 6, kNothing, &D::tracking_of_root},
        {kMangle, kAnyHook, 3, kNothing, &D::tos},
        {kMangle, kAnyHook, 3, kNothing, &D::dscp},
        {kMangle, kAnyHook, 5, kNothing, &D::ttl},
        {kMangle, kAnyHook, 3, Needs::kTcp, &D::ecn, false},
        {kMangle, kAnyHook, 1, kNothing, &D::ecn_ip, false},
        {kMangle, kAnyHook, 3, Needs::kTcp, &D::strip},
        {kMangle | kFilter, kBehindRouting, 3, Needs::kSyn, &D::mss},
        {kMangle | kFilter, kBehindRouting, 2, kNothing, &D::classify},
        {kNat, kPrerouting | kOutput, 10, kNothing, &D::dnat},
        {kNat, kPrerouting | kOutput, 6, Needs::kTcpPorts, &D::dnat_base},
        {kNat, kPrerouting | kOutput, 4, kNothing, &D::redirect},
        {kNat, kPrerouting | kOutput, 4, kNothing, &D::netmap},
        {kNat, kInput | kPostrouting, 8, kNothing, &D::snat},
        {kNat, kInput | kPostrouting, 4, kNothing, &D::netmap},
        {kNat, kPostrouting, 5, kNothing, &D::masquerade},
    };
  }

  std::string pick(std::initializer_list<std::string_view> words) {
    return std::string(random_.pick(words));
  }
  std::string with_port(const std::string& address, std::string_view port) const {
    return ip6_ ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
  }

  std::string nothing() { return ""; }
  std::string accept() { return " -j ACCEPT"; }
  std::string back() { return " -j RETURN"; }
  std::string drop() { return " -j DROP"; }
  std::string nflog() { return " -j NFLOG --nflog-group 9 --nflog-prefix word"; }
  std::string reject() {
    if (conditions_.tcp() && random_.one_in(2)) return " -j REJECT --reject-with tcp-reset";
    return " -j REJECT --reject-with " +
           (ip6_ ? pick({"icmp6-adm-prohibited", "icmp6-port-unreachable", "icmp6-no-route"})
                 : pick({"icmp-host-prohibited", "icmp-port-unreachable", "icmp-net-unreachable"}));
  }
  // Bit 0x40 is another route.
  std::string mark() {
    return " -j MARK " + pick({"--set-mark 0x1", "--set-mark 0x41", "--set-xmark 0x17/0x3f",
                               "--or-mark 0x40", "--and-mark 0x17", "--xor-mark 0x43"});
  }
  std::string connmark() {
    return " -j CONNMARK " +
           pick({"--set-mark 0x5", "--set-xmark 0x40/0xf0", "--or-mark 0x1", "--xor-mark 0x4",
                 "--save-mark", "--save-mark", "--save-mark --nfmask 0x3f --ctmask 0xff",
                 "--save-mark --mask 0x41", "--restore-mark", "--restore-mark",
                 "--restore-mark --nfmask 0xff --ctmask 0xf", "--restore-mark --mask 0x40"});
  }
  std::string tracking() {
    if (zones_) return " -j CT --zone 3";
    return random_.one_in(2) ? " -j NOTRACK" : " -j CT --notrack";
  }
  // Not of a refusal, which has no socket: docs/differences.md.
  std::string tracking_of_root() { return " -m owner --uid-owner 0" + tracking(); }
  std::string tos() {
    return " -j TOS " + pick({"--set-tos 0x5a", "--set-tos 0xff/0x0f", "--set-tos 0x10/0x3f",
                              "--and-tos 0x35", "--or-tos 0x10", "--xor-tos 0xa5"});
  }
  std::string dscp() {
    return " -j DSCP " + pick({"--set-dscp 46", "--set-dscp 5", "--set-dscp 0",
                               "--set-dscp-class AF11", "--set-dscp 63"});
  }
  std::string ttl() {
    const std::string_view target = ip6_ ? "HL" : "TTL", name = ip6_ ? "hl" : "ttl";
    return fmt::format(" -j {} --{}-{}", target, name,
                       pick({"set 42", "set 42", "inc 2", "inc 200", "dec 1", "dec 22"}));
  }
  std::string ecn() {
    return " -j ECN " + pick({"--ecn-tcp-remove", "--ecn-tcp-cwr 1", "--ecn-tcp-ece 0",
                              "--ecn-tcp-ece 1 --ecn-tcp-cwr 0"});
  }
  std::string ecn_ip() { return " -j ECN --ecn-ip-ect " + pick({"0", "1", "2", "3"}); }
  std::string strip() {
    return " -j TCPOPTSTRIP --strip-options " +
           pick({"mss", "wscale,timestamp", "timestamp", "mss,sack-permitted,254", "wscale"});
  }
  std::string mss() {
    return " -j TCPMSS " + pick({"--set-mss 1000", "--set-mss 536", "--clamp-mss-to-pmtu"});
  }
  std::string classify() { return " -j CLASSIFY --set-class " + pick({"1:a", "ffff:0", "0:6"}); }

  // One choice each: which of several ports or addresses a connection gets is the kernel's secret.
  std::string dnat() {
    const std::string to =
        ip6_ ? pick({"2001:db8:1::9", "2001:db8::a", "2001:db8::1", "2001:db8:7::5"})
             : pick({"203.0.113.9", "192.0.2.10", "192.0.2.1", "198.18.7.5"});
    if (!conditions_.tcp() || random_.one_in(2)) return " -j DNAT --to-destination " + to;
    return " -j DNAT --to-destination " + (random_.one_in(4) ? ":8080" : with_port(to, "8080"));
  }
  std::string dnat_base() {
    const std::string to = ip6_ ? "2001:db8:1::9" : "203.0.113.9";
    return " -j DNAT --to-destination " + with_port(to, "3000-3999/1000");
  }
  std::string redirect() {
    return conditions_.tcp() && !random_.one_in(3) ? " -j REDIRECT --to-ports 5353"
                                                   : " -j REDIRECT";
  }
  // A port of one's own for all of UDP's connections: where two of them come together, it is a
  // matter of time what becomes of the second.
  std::string snat() {
    const std::string to = ip6_ ? pick({"2001:db8:1::50", "2001:db8::50", "2001:db8:7::5"})
                                : pick({"203.0.113.50", "192.0.2.50", "198.18.7.5"});
    if (!conditions_.tcp() || random_.one_in(2)) return " -j SNAT --to-source " + to;
    return " -j SNAT --to-source " + (random_.one_in(4) ? ":7" : with_port(to, "7"));
  }
  std::string masquerade() {
    return conditions_.tcp() && random_.one_in(2) ? " -j MASQUERADE --to-ports 1024"
                                                  : " -j MASQUERADE";
  }
  std::string netmap() {
    return " -j NETMAP --to " + (ip6_ ? pick({"2001:db8:7::/120", "2001:db8:1::/120"})
                                      : pick({"198.18.7.0/24", "203.0.113.0/24"}));
  }

  Random& random_;
  bool ip6_;
  bool zones_;  // no NOTRACK beside them: docs/differences.md
  TableConditions conditions_;
  TableRules drawn_;
  std::vector<TableChain> chains_;  // of the table that is being drawn, the built-in ones first
  size_t built_in_ = 0;
};

}  // namespace

std::string TableRules::text() const {
  std::string out;
  for (const TableShape& shape : shapes()) {
    out += fmt::format("*{}\n", shape.name);
    for (const TableChain& chain : chains) {
      const bool used = std::ranges::any_of(rules, [&](const TableRule& rule) {
        return rule.table == chain.table && rule.line.find(chain.name) != std::string::npos;
      });
      if (chain.table == shape.name && (used || chain.policy != "-"))
        out += fmt::format(":{} {} [0:0]\n", chain.name, chain.policy);
    }
    for (const TableRule& rule : rules) {
      if (rule.table == shape.name) out += rule.line + "\n";
    }
    out += "COMMIT\n";
  }
  return out;
}

TableRules draw_tables(Random& random, bool ip6) { return TableDrawer(random, ip6).draw(); }

const std::vector<TableWord>& table_words() {
  static const std::vector<TableWord> kWords = {
      {"MARK", " -j MARK "},
      {"CONNMARK set", " -j CONNMARK --set-xmark "},
      {"CONNMARK save", " -j CONNMARK --save-mark "},
      {"CONNMARK restore", " -j CONNMARK --restore-mark "},
      {"TOS", " -j TOS "},
      {"DSCP", " -j DSCP "},
      {"TTL", " -j TTL ", true, false},
      {"HL", " -j HL ", false, true},
      {"ECN of TCP", " -j ECN --ecn-tcp", true, false},
      {"ECN of IP", " -j ECN --ecn-ip", true, false},
      {"TCPOPTSTRIP", " -j TCPOPTSTRIP "},
      {"TCPMSS", " -j TCPMSS "},
      {"CLASSIFY", " -j CLASSIFY "},
      {"NFLOG", " -j NFLOG "},
      {"NOTRACK", " -j NOTRACK"},
      {"CT --notrack", " -j CT --notrack"},
      {"CT --zone", " -j CT --zone "},
      {"DNAT", " -j DNAT "},
      {"DNAT from a base port", "/1000"},
      {"REDIRECT", " -j REDIRECT"},
      {"SNAT", " -j SNAT "},
      {"MASQUERADE", " -j MASQUERADE"},
      {"NETMAP", " -j NETMAP "},
      {"REJECT", " -j REJECT "},
      {"DROP", " -j DROP"},
      {"-m mark", " -m mark "},
      {"-m connmark", " -m connmark "},
      {"-m dscp", " -m dscp "},
      {"-m tos", " -m tos "},
      {"-m ttl", " -m ttl ", true, false},
      {"-m hl", " -m hl ", false, true},
      {"-m length", " -m length "},
      {"-m ecn", " -m ecn "},
      {"-m tcpmss", " -m tcpmss "},
      {"--tcp-option", " --tcp-option "},
      {"--ctstate DNAT", " --ctstate DNAT"},
      {"--ctstate SNAT", " --ctstate SNAT"},
      {"--ctorigdst", " --ctorigdst "},
      {"--ctreplsrc", " --ctreplsrc "},
      {"--ctorigdstport", " --ctorigdstport "},
      {"--ctreplsrcport", " --ctreplsrcport "},
      {"--ctdir", " --ctdir "},
      {"--dport of a translation", " --dport 8080"},
  };
  return kWords;
}

}  // namespace bulkhead::testing
