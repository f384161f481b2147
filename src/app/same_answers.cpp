// SPDX-License-Identifier: GPL-2.0-or-later
// IPv4's verdicts and IPv6's. Addresses of the two can't be compared, so each family is asked for
// which protocols, ports, interfaces and states some packet passes, and for which some is stopped;
// these two sets go from the model of IPv4 into that of IPv6.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "app/proof.h"
#include "net/address.h"
#include "net/packet_build.h"
#include "pass/host_functions.h"
#include "pass/portable_set.h"
#include "set/witness.h"

namespace bulkhead::app {

namespace {

using State = Answer::State;
using std::chrono::steady_clock;

// Packets of the claim that both families know: neither ICMP (IPv6 can't do without) nor sources
// that no host has.
class Comparable {
 public:
  Comparable(const policy::Claim& claim, net::Family family)
      : packets_(policy::steps_of(claim, family).front().packets) {
    const bool v4 = family == net::Family::kIpv4;
    const unsigned bits = net::address_bits(family);
    packets_.parts.push_back({true,
                              {{{&ir::kProtocol, low_bits(8), ir::ValueSet::of(net::kIcmp)}},
                               {{&ir::kProtocol, low_bits(8), ir::ValueSet::of(net::kIcmp6)}}}});
    ir::ValueSet odd;
    const std::vector<std::string_view> networks =
        v4 ? std::vector<std::string_view>{"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16",
                                           "224.0.0.0/3"}
           : std::vector<std::string_view>{"::/127", "fe80::/10", "ff00::/8"};
    for (const std::string_view text : networks) {
      const size_t slash = text.find('/');
      const U128 first = net::parse_address(family, text.substr(0, slash))->value;
      const U128 mask = *net::parse_mask(family, text.substr(slash + 1));
      odd = odd.united(ir::ValueSet::range(first, first | (low_bits(bits) & ~mask)));
    }
    packets_.parts.push_back({true, {{{&ir::kSource, low_bits(bits), std::move(odd)}}}});
  }

  const policy::Packets& packets() const { return packets_; }

 private:
  policy::Packets packets_;
};

struct Sets {
  set::Node all, pass, stop;  // of the claim; that may pass; that may be stopped
};

Sets sets_of(set::Model& model, const ir::Ruleset& rules, const policy::Packets& packets) {
  const set::Outcomes& outcomes = model.outcomes();
  const set::Node way = pass::HostFunctions(model, rules).on_the_way(packets.direction);
  const set::Node all = policy::node_of(model, packets);
  const auto where = [&](bool (*may)(const set::Outcome&, const set::Outcomes&)) {
    return model.arena().intersect(all, model.where(way, [&](const auto& possible) {
      return std::ranges::any_of(possible, [&](const auto& it) { return may(it, outcomes); });
    }));
  };
  return {all, where(set::may_pass), where(set::may_stop)};
}

// A packet of the set, one that surely passes (or is stopped) if there is such a one.
CounterExample shown_of(set::Model& model, const Sets& sets, set::Node from,
                        const policy::Packets& packets, bool passes) {
  const set::Node surely = model.arena().subtract(from, passes ? sets.stop : sets.pass);
  const bool certain = surely != set::kNothing;
  CounterExample example = example_of(model, certain ? surely : from, packets, passes);
  example.certain = certain;
  return example;
}

// How a class of packets fares with the two.
struct Difference {
  pass::PortableSet packets;  // one class
  bool v4_passes = false;     // what the packet that is shown of IPv4 does
  CounterExample v6;
};

class Comparison {
 public:
  Comparison(const ir::Ruleset& v4, const ir::Ruleset& v6, const policy::Claim& claim,
             const pass::AnalysisLimits& limits, steady_clock::time_point since)
      : v4_(v4),
        v6_(v6),
        packets4_(claim, net::Family::kIpv4),
        packets6_(claim, net::Family::kIpv6),
        limits_(limits),
        since_(since) {}

  Answer answer() {
    Answer result;
    auto done = ask_v4();
    if (done) done = ask_v6();
    if (done && difference_) done = show_v4();
    if (!done) {
      result.why = fmt::format("{}; {}", done.error().message, done.error().hint);
      return result;
    }
    result.state = empty_ ? State::kEmpty : difference_ ? State::kRefuted : State::kProved;
    if (difference_) {
      result.example = difference_->v6;
      result.other = shown_v4_;
    }
    return result;
  }

 private:
  pass::AnalysisOptions options(const policy::Packets& packets,
                                std::initializer_list<const pass::PortableSet*> sets) const {
    pass::AnalysisOptions options{
        .limits = limits_, .since = since_, .more = policy::constraints_of(packets)};
    for (const pass::PortableSet* set : sets) {
      const auto more = pass::constraints_of(*set);
      options.more.insert(options.more.end(), more.begin(), more.end());
    }
    return options;
  }

  Result<pass::AnalysisCost> ask_v4() {
    return pass::analyse({&v4_}, options(packets4_.packets(), {}), [&](set::Model& model) {
      const Sets sets = sets_of(model, v4_, packets4_.packets());
      pass4_ = pass::exported(model, pass::in_shared_fields(model, sets.pass));
      stop4_ = pass::exported(model, pass::in_shared_fields(model, sets.stop));
    });
  }

  Result<pass::AnalysisCost> ask_v6() {
    const policy::Packets& packets = packets6_.packets();
    return pass::analyse({&v6_}, options(packets, {&pass4_, &stop4_}), [&](set::Model& model) {
      difference_.reset();
      set::Arena& arena = model.arena();
      const Sets sets = sets_of(model, v6_, packets);
      const set::Node whole = model.of_shapes({set::Shape::kWhole});
      const auto shared = [&](set::Node set) {
        return arena.intersect(whole, pass::in_shared_fields(model, set));
      };
      const auto theirs = [&](const pass::PortableSet& set) {
        return arena.intersect(whole, pass::imported(model, set));
      };
      const set::Node all = shared(sets.all);
      empty_ = all == set::kNothing;
      const set::Node pass4 = arena.intersect(all, theirs(pass4_));
      const set::Node stop4 = arena.intersect(all, theirs(stop4_));
      const set::Node pass6 = shared(sets.pass);
      const set::Node stop6 = shared(sets.stop);
      // What IPv6 lets through and IPv4 doesn't comes first.
      const struct {
        set::Node classes;
        set::Node packets6;  // of which one is shown
        bool passes6;
      } kinds[] = {{arena.subtract(pass6, pass4), sets.pass, true},
                   {arena.subtract(stop4, stop6), sets.pass, true},
                   {arena.subtract(pass4, pass6), sets.stop, false},
                   {arena.subtract(stop6, stop4), sets.stop, false}};
      for (const auto& kind : kinds) {
        const set::Node shown = arena.intersect(kind.packets6, kind.classes);
        if (shown == set::kNothing || model.exhausted()) continue;
        const auto point = set::witness(model, shown);
        if (!point || model.exhausted()) return;
        const set::Node one = pass::shared_class(model, point->values);
        difference_ =
            Difference{pass::exported(model, one), !kind.passes6,
                       shown_of(model, sets, arena.intersect(shown, one), packets, kind.passes6)};
        return;
      }
    });
  }

  Result<pass::AnalysisCost> show_v4() {
    const policy::Packets& packets = packets4_.packets();
    return pass::analyse({&v4_}, options(packets, {&difference_->packets}), [&](set::Model& model) {
      const Sets sets = sets_of(model, v4_, packets);
      set::Arena& arena = model.arena();
      const bool passes = difference_->v4_passes;
      const set::Node one = arena.intersect(pass::imported(model, difference_->packets),
                                            passes ? sets.pass : sets.stop);
      shown_v4_.reset();
      if (one == set::kNothing || model.exhausted()) return;
      shown_v4_ = shown_of(model, sets, one, packets, passes);
    });
  }

  const ir::Ruleset& v4_;
  const ir::Ruleset& v6_;
  Comparable packets4_, packets6_;
  pass::AnalysisLimits limits_;
  steady_clock::time_point since_;
  pass::PortableSet pass4_, stop4_;
  bool empty_ = false;
  std::optional<Difference> difference_;
  std::optional<CounterExample> shown_v4_;
};

}  // namespace

Answer same_answers(const ir::Ruleset& v4, const ir::Ruleset& v6, const policy::Claim& claim,
                    const pass::AnalysisLimits& limits, steady_clock::time_point since) {
  return Comparison(v4, v6, claim, limits, since).answer();
}

}  // namespace bulkhead::app
