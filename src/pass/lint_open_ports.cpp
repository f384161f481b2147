// SPDX-License-Identifier: GPL-2.0-or-later
// Which ports are open is asked of the whole way, by measure: from more than half of all addresses.
// Who opens them is asked of table filter.
#include <algorithm>
#include <map>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/packet_build.h"
#include "pass/call_graph.h"
#include "pass/host_functions.h"
#include "pass/lint.h"
#include "set/projection.h"
#include "set/witness.h"

namespace bulkhead::pass {

namespace {

using set::kNothing;
using set::Node;

// Remote administration, file sharing, databases, container and cluster control.
constexpr uint16_t kAdministrative[] = {22,   23,   111,  135,  137,   138,   139,  445,
                                        512,  513,  514,  873,  2049,  2375,  2376, 2379,
                                        3306, 3389, 5432, 5900, 5901,  5902,  5903, 5985,
                                        5986, 6379, 6443, 9200, 10250, 11211, 27017};

const ir::ValueSet& administrative_ports() {
  static const ir::ValueSet ports = [] {
    std::vector<ir::Interval> all;
    for (const uint16_t port : kAdministrative) all.push_back({port, port});
    return ir::ValueSet(std::move(all));
  }();
  return ports;
}

const ir::Constraint& to_administrative() {
  static const ir::Constraint it{&ir::kDestinationPort, 0xffff, administrative_ports()};
  return it;
}

const ir::Constraint& from_outside() {
  static const ir::Constraint it{
      &ir::kInInterface, kU128Max,
      ir::ValueSet({{0, 0}, {set::interface_value("lo"), set::interface_value("lo")}})
          .complement(128)};
  return it;
}

const ir::Constraint& not_syn() {
  static const ir::Constraint it{&set::kTcpFlags, set::kTellingFlags,
                                 ir::ValueSet::of(net::kSyn).complement(8)};
  return it;
}

const ir::Constraint& of_ports() {
  static const ir::Constraint it{&ir::kProtocol, 0xff,
                                 ir::ValueSet({{net::kTcp, net::kTcp}, {net::kUdp, net::kUdp}})};
  return it;
}

// The network marks nothing.
const ir::Constraint& no_mark() {
  static const ir::Constraint it{&ir::kPacketMark, UINT32_MAX, ir::ValueSet::of(0)};
  return it;
}

const ir::Constraint& no_connection_mark() {
  static const ir::Constraint it{&ir::kConnectionMark, UINT32_MAX, ir::ValueSet::of(0)};
  return it;
}

// Of IPv6, 2000::/3 is all that is given out (RFC 4291, 2.4).
constexpr double kPartOfIpv6 = 1.0 / 8;

const ir::Constraint& from_ipv6() {
  constexpr U128 kFirst = U128{0x20} << 120;
  static const ir::Constraint it{&ir::kSource, kU128Max,
                                 ir::ValueSet::range(kFirst, kFirst | low_bits(125))};
  return it;
}

ir::Constraint to_port(uint16_t port) {
  return {&ir::kDestinationPort, 0xffff, ir::ValueSet::of(port)};
}

std::string list(const std::vector<std::string>& ports) {
  constexpr size_t kMost = 8;
  if (ports.size() <= kMost) return fmt::format("{}", fmt::join(ports, ", "));
  return fmt::format("{} and {} more", fmt::join(ports.begin(), ports.begin() + kMost - 1, ", "),
                     ports.size() - kMost + 1);
}

// Who lets packets pass: an accepting rule, or a policy.
struct Opener {
  RulePlace place;
  Node asked = kNothing;        // that it is about
  std::optional<size_t> chain;  // of a rule
};

class OpenPorts {
 public:
  OpenPorts(set::Model& model, const ir::Ruleset& rules, const ir::Table& filter)
      : model_(model), rules_(rules), filter_(filter), outside_(outside()) {}

  std::vector<Lint> find() {
    ports_ = conceivable();
    if (ports_.empty()) return {};
    std::vector<Node> those;
    for (const uint16_t port : ports_) those.push_back(model_.of(to_port(port)));
    outside_ = model_.arena().intersect(outside_, model_.arena().unite_all(std::move(those)));
    // Nothing writes any of that.
    model_.only_ask_of(outside_);
    const bool alone = filter_alone();
    HostFunctions way(model_, rules_);
    std::vector<Lint> found;
    std::optional<Reach> reach;
    for (const net::Direction direction : {net::Direction::kInput, net::Direction::kForward}) {
      Node asked = beginning(direction);
      if (alone) asked = all({asked, model_.of(no_mark()), model_.of(no_connection_mark())});
      const std::vector<uint16_t> ports =
          alone ? ports_ : open_ports(way.on_the_way(direction), asked);
      if (ports.empty() || model_.exhausted()) continue;
      if (!reach) reach.emplace(model_, way.table(filter_));
      const std::vector<Opener> openers = openers_of(direction, asked, way.table(filter_), *reach);
      for (Lint& lint : told(openers, ports, *reach)) {
        const auto same = std::ranges::find_if(found, [&](const Lint& it) {
          return it.place == lint.place && it.words == lint.words && it.others == lint.others;
        });
        if (same == found.end()) found.push_back(std::move(lint));
      }
    }
    return found;
  }

 private:
  Node all(std::initializer_list<Node> sets) {
    Node result = set::kEverything;
    for (const Node set : sets) result = model_.arena().intersect(result, set);
    return result;
  }

  // What comes from elsewhere to such a port; of TCP, the SYN that begins a connection.
  Node outside() {
    const Node not_begun =
        all({model_.of({&ir::kProtocol, 0xff, ir::ValueSet::of(net::kTcp)}), model_.of(not_syn())});
    const Node result = all({model_.of_shapes({set::Shape::kWhole}), model_.of(of_ports()),
                             model_.of(from_outside()), model_.of(to_administrative()),
                             model_.arena().complement(not_begun)});
    if (model_.space().family() == net::Family::kIpv4) return result;
    return model_.arena().intersect(result, model_.of(from_ipv6()));
  }

  // Ports that could be open as far as the rules' own sources go, whatever stands before them: most
  // are not, and the whole way is dear.
  std::vector<uint16_t> conceivable() {
    double all_of[std::size(kAdministrative)] = {};
    for (const ir::Chain& chain : filter_.chains) {
      const bool asked = chain.name == "INPUT" || chain.name == "FORWARD";
      if (asked && chain.policy == ir::Policy::kAccept)
        return {std::begin(kAdministrative), std::end(kAdministrative)};
      for (const ir::Rule& rule : chain.rules) {
        const ir::Action& action = rule.target.action;
        if (std::holds_alternative<ir::OpaqueTarget>(action))  // a program may let it pass
          return {std::begin(kAdministrative), std::end(kAdministrative)};
        if (!std::holds_alternative<ir::Accept>(action)) continue;
        const Node packets = model_.arena().intersect(model_.of(rule).holds, outside_);
        if (packets == kNothing) continue;
        const double its = share(packets);
        for (size_t i = 0; i < std::size(kAdministrative); ++i)
          if (!model_.arena().disjoint(packets, model_.of(to_port(kAdministrative[i]))))
            all_of[i] += its;
      }
    }
    std::vector<uint16_t> ports;
    for (size_t i = 0; i < std::size(kAdministrative); ++i)
      if (all_of[i] > 0.5) ports.push_back(kAdministrative[i]);
    return ports;
  }

  // Whether packets come to the rules of table filter as they came to the host, and stay so: then
  // these say it all, without the whole way.
  bool filter_alone() const {
    const auto writes = [](const ir::Rule& rule) {
      const ir::Action& action = rule.target.action;
      return std::holds_alternative<ir::Assign>(action) ||
             std::holds_alternative<ir::ConnectionMark>(action) ||
             std::holds_alternative<ir::OpaqueTarget>(action);
    };
    return std::ranges::all_of(rules_.tables, [&](const ir::Table& table) {
      return std::ranges::all_of(table.chains, [&](const ir::Chain& chain) {
        return &table == &filter_ ? std::ranges::none_of(chain.rules, writes) : chain.rules.empty();
      });
    });
  }

  // Of these, what begins a connection.
  Node beginning(net::Direction direction) {
    const bool in = direction == net::Direction::kInput;
    const ir::Constraint fresh{&ir::kCtState, UINT32_MAX,
                               ir::ValueSet::of(static_cast<U128>(ir::CtState::kNew))};
    return all(
        {model_.at_hook(in ? ir::Hook::kInput : ir::Hook::kForward), outside_, model_.of(fresh)});
  }

  double share(Node packets) {
    static constexpr const ir::Field* kSourceOnly[] = {&ir::kSource};
    if (packets == kNothing) return 0;
    const double part = set::share(model_, packets, kSourceOnly);
    return model_.space().family() == net::Family::kIpv4 ? part : part / kPartOfIpv6;
  }
  bool from_any(Node packets) { return share(packets) > 0.5; }

  Node to(Node packets, uint16_t port) {
    return model_.arena().intersect(packets, model_.of(to_port(port)));
  }

  std::vector<uint16_t> open_ports(Node way, Node asked) {
    const Node may_pass = model_.where(way, [&](std::span<const set::Outcome> possible) {
      return std::ranges::any_of(
          possible, [&](const set::Outcome& it) { return set::may_pass(it, model_.outcomes()); });
    });
    const Node passing =
        all({may_pass, asked, model_.of(no_mark()), model_.of(no_connection_mark())});
    std::vector<uint16_t> ports;
    if (!from_any(passing)) return ports;
    for (const uint16_t port : ports_)
      if (from_any(to(passing, port))) ports.push_back(port);
    return ports;
  }

  std::vector<Opener> openers_of(net::Direction direction, Node asked, ChainFunctions& functions,
                                 Reach& reach) {
    std::vector<Opener> openers;
    const ir::Chain& first =
        *filter_.find(direction == net::Direction::kInput ? "INPUT" : "FORWARD");
    const std::vector<bool> on_the_way =
        CallGraph(filter_).reached_from(static_cast<size_t>(&first - filter_.chains.data()));
    for (size_t i = 0; i < filter_.chains.size(); ++i) {
      const ir::Chain& chain = filter_.chains[i];
      for (size_t k = 0;
           on_the_way[i] && reach.reachable(i) && k < chain.rules.size() && !model_.exhausted();
           ++k) {
        if (!std::holds_alternative<ir::Accept>(chain.rules[k].target.action)) continue;
        const Node packets = model_.arena().intersect(model_.of(chain.rules[k]).holds, asked);
        if (packets != kNothing) openers.push_back({{filter_.name, chain.name, k}, packets, i});
      }
    }
    // Where no rule speaks of what comes in, nobody wants to hear of it.
    if (direction != net::Direction::kInput || first.policy != ir::Policy::kAccept ||
        first.rules.empty())
      return openers;
    const Node at_the_end =
        model_.where(functions.of(first), [](std::span<const set::Outcome> possible) {
          return std::ranges::any_of(
              possible, [](const set::Outcome& it) { return it.flow != set::Flow::kDecided; });
        });
    openers.push_back({{filter_.name, first.name, {}}, all({asked, at_the_end}), {}});
    return openers;
  }

  // Those that rules before it leave. Dear, so it is asked of few.
  Node coming(const Opener& opener, Node within, Reach& reach) {
    const Node packets = model_.arena().intersect(opener.asked, within);
    return opener.chain ? reach.coming(*opener.chain, *opener.place.rule, packets) : packets;
  }

  std::vector<Lint> told(const std::vector<Opener>& openers, const std::vector<uint16_t>& ports,
                         Reach& reach) {
    std::vector<Lint> found;
    std::vector<bool> blamed(ports.size(), false);
    for (const Opener& opener : openers) {
      std::vector<std::string> its;
      if (!from_any(opener.asked)) continue;
      const Node packets = coming(opener, set::kEverything, reach);
      if (!from_any(packets)) continue;
      for (size_t i = 0; i < ports.size(); ++i) {
        if (!from_any(to(packets, ports[i]))) continue;
        its.push_back(fmt::format("{}", ports[i]));
        blamed[i] = true;
      }
      if (!its.empty()) found.push_back(lint_of({opener.place}, its));
    }
    // What none of them opens alone.
    std::map<std::vector<size_t>, std::vector<std::string>> together;
    for (size_t i = 0; i < ports.size(); ++i) {
      if (blamed[i]) continue;
      const std::vector<size_t> those = enough_of(openers, ports[i], reach);
      if (!those.empty()) together[those].push_back(fmt::format("{}", ports[i]));
    }
    for (const auto& [those, its] : together) {
      std::vector<RulePlace> places;
      for (const size_t number : those) places.push_back(openers[number].place);
      found.push_back(lint_of(std::move(places), its));
    }
    return found;
  }

  // So many, those of the most addresses first, that they open the port together.
  std::vector<size_t> enough_of(const std::vector<Opener>& openers, uint16_t port, Reach& reach) {
    constexpr size_t kMost = 64;  // more are a list that nobody reads
    std::vector<std::pair<double, size_t>> by_share;
    for (size_t i = 0; i < openers.size(); ++i) {
      const double part = share(to(openers[i].asked, port));
      if (part > 0) by_share.emplace_back(-part, i);
    }
    std::ranges::sort(by_share);
    by_share.resize(std::min(by_share.size(), kMost));
    double left = 0;  // that those behind could add
    for (const auto& [part, number] : by_share) left -= part;
    std::vector<size_t> those;
    Node together = kNothing;
    for (const auto& [part, number] : by_share) {
      if (share(together) + left <= 0.5) break;
      left += part;
      const Node packets = coming(openers[number], model_.of(to_port(port)), reach);
      if (packets == kNothing) continue;
      together = model_.arena().unite(together, packets);
      those.push_back(number);
      if (!from_any(together)) continue;
      std::ranges::sort(those);
      return those;
    }
    return {};
  }

  static Lint lint_of(std::vector<RulePlace> places, const std::vector<std::string>& ports) {
    Lint lint{.kind = LintKind::kOpenPort, .place = places.front()};
    places.erase(places.begin());
    lint.others = std::move(places);
    const std::string_view who = !lint.others.empty() ? "with others this opens"
                                 : lint.place.rule    ? "this opens"
                                                      : "the policy opens";
    lint.words = fmt::format("{} {} to any address: {}", who,
                             ports.size() == 1 ? "an administrative port" : "administrative ports",
                             list(ports));
    return lint;
  }

  set::Model& model_;
  const ir::Ruleset& rules_;
  const ir::Table& filter_;
  Node outside_;
  std::vector<uint16_t> ports_;  // that could be open
};

}  // namespace

void lint_open_ports(const ir::Ruleset& rules, const AnalysisLimits& limits, Lints& lints) {
  // What is translated is another packet; here they are taken as they come.
  ir::Ruleset untranslated = rules;
  std::erase_if(untranslated.tables, [](const ir::Table& it) { return it.name == "nat"; });
  const ir::Table* const filter = untranslated.find("filter");
  if (filter == nullptr) return;
  std::vector<ir::Constraint> more{to_administrative(), from_outside(), not_syn(),
                                   of_ports(),          no_mark(),      no_connection_mark()};
  if (rules.family == net::Family::kIpv6) more.push_back(from_ipv6());
  // Each port by itself: neighbours are one interval.
  for (const uint16_t port : kAdministrative) more.push_back(to_port(port));
  std::vector<Lint> found;
  const auto done =
      analyse({&untranslated}, {.limits = limits, .more = std::move(more)},
              [&](set::Model& model) { found = OpenPorts(model, untranslated, *filter).find(); });
  if (!done) {
    lints.unfinished.push_back(done.error());
  } else {
    lints.found.insert(lints.found.end(), found.begin(), found.end());
  }
}

}  // namespace bulkhead::pass
