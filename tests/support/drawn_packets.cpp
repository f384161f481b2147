// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/drawn_packets.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "ir/dump.h"

namespace bulkhead::testing {

namespace {

constexpr unsigned kTcp = 6, kUdp = 17;
constexpr uint16_t kLaterFragment = 185;

void each_constraint(const ir::Ruleset& rules, const auto& visit) {
  const auto look = [&](const ir::Predicate& predicate) {
    for (const ir::Condition& condition : predicate) {
      if (const auto* constraint = std::get_if<ir::Constraint>(&condition)) visit(*constraint);
      if (const auto* any = std::get_if<ir::AnyOf>(&condition))
        for (const ir::Constraint& each : any->alternatives) visit(each);
    }
  };
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        look(rule.head.predicate);
        for (const ir::Match& match : rule.matches) look(match.predicate);
      }
    }
  }
}

U128 number_of(const Bytes& bytes) {
  U128 value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

U128 interface_number(const std::string& name) {
  Bytes bytes(16);
  std::memcpy(bytes.data(), name.data(), name.size());
  return number_of(bytes);
}

std::vector<Bytes> addresses(std::initializer_list<const char*> texts) {
  std::vector<Bytes> all;
  for (const char* text : texts) all.push_back(address_bytes(text));
  return all;
}

}  // namespace

DrawnPackets::DrawnPackets(ir::Hook hook, std::vector<const ir::Ruleset*> rulesets,
                           const set::SameRules& same_rules)
    : family_(rulesets.front()->family), hook_(hook) {
  for (const ir::Ruleset* rules : rulesets) {
    each_constraint(*rules, [&](const ir::Constraint& it) { constraints_.push_back(&it); });
    ask_questions(*rules, same_rules);
  }
  const bool ip6 = family_ == net::Family::kIpv6;
  const auto same = [](const Bytes& bytes) { return number_of(bytes); };
  sources_ = told_apart(
      ip6 ? addresses({"2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4",
                       "2001:db9::9"})
          : addresses({"10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "172.16.0.9"}),
      same, {ir::kSource.location(family_)});
  destinations_ = told_apart(ip6 ? addresses({"2001:db8::10", "2001:db8::11", "2001:db8::20"})
                                 : addresses({"192.0.2.0", "192.0.2.1", "192.0.2.9"}),
                             same, {ir::kDestination.location(family_)});
  interfaces_ = told_apart(std::vector<std::string>{"eth0", "eth1", "lan"}, interface_number,
                           {ir::kInInterface.location(family_)});
  states_ = told_apart(
      std::vector{ir::CtState::kNew, ir::CtState::kEstablished, ir::CtState::kRelated,
                  ir::CtState::kInvalid, ir::CtState::kUntracked},
      [](ir::CtState state) { return static_cast<U128>(state); }, {ir::kCtState.location(family_)});
  marks_ =
      told_apart(std::vector<uint32_t>{0, 1, 2, 3, 6}, [](uint32_t mark) { return U128{mark}; },
                 {ir::kPacketMark.location(family_)});
  add_transports();
  size_ = sources_.size() * destinations_.size() * interfaces_.size() * states_.size() *
              marks_.size() * transports_.size()
          << questions_.size();
}

// One of the candidates for each way in which they answer to the rules' constraints.
template <class Value, class Read>
std::vector<Value> DrawnPackets::told_apart(std::vector<Value> candidates, Read read,
                                            std::initializer_list<ir::Location> places) const {
  std::set<std::string> seen;
  std::erase_if(candidates, [&](const Value& candidate) {
    std::string answers;
    for (const ir::Constraint* constraint : constraints_) {
      const ir::Location& at = constraint->field->location(family_);
      for (const ir::Location& place : places) {
        if (at.base == place.base && at.offset == place.offset)
          answers += constraint->values.contains(read(candidate) & constraint->mask) ? '1' : '0';
      }
    }
    return !seen.insert(answers).second;
  });
  return candidates;
}

void DrawnPackets::ask_questions(const ir::Ruleset& rules, const set::SameRules& same) {
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        const auto known = same.find(&rule);
        const ir::Rule* const it = known == same.end() ? &rule : known->second;
        const size_t number = numbers_.try_emplace(it, numbers_.size()).first->second;
        int times = 0;
        for (const ir::Match& match : rule.matches) {
          for (const ir::Condition& condition : match.predicate) {
            if (const auto* header = std::get_if<ir::Header>(&condition))
              asks_tcp_option_ |= header->tcp_option != 0;
            if (!std::holds_alternative<ir::Limit>(condition)) continue;
            const std::string question = fmt::format("rule {}, number {}", number, ++times);
            question_of_[&condition] = question;
            if (std::ranges::find(questions_, question) == questions_.end())
              questions_.push_back(question);
          }
        }
      }
    }
  }
}

void DrawnPackets::add_transports() {
  const bool ip6 = family_ == net::Family::kIpv6;
  const auto asked = [&](ir::Base base, unsigned from, unsigned to) {
    return std::ranges::any_of(constraints_, [&](const ir::Constraint* it) {
      const ir::Location& at = it->field->location(family_);
      return at.base == base && at.offset >= from && at.offset < to;
    });
  };
  // (Written out: gcc 12 sees an overflow where vectors of layers grow by `/`.)
  const auto packet = [&](const Packet& rest, uint16_t offset = 0) {
    Packet all;
    all.reserve(rest.size() + 2);
    if (ip6) {
      all.emplace_back(Ip6{});
      if (offset != 0) all.emplace_back(Fragment6{.offset = offset});
    } else {
      all.emplace_back(Ip4{.fragment_offset = offset});
    }
    for (const Layer& layer : rest) all.push_back(layer);
    return build(all);
  };
  const auto filled = [&](const Layer& header, size_t filling) {
    Packet all;
    all.reserve(2);
    all.push_back(header);
    all.push_back(Payload{std::string(filling, 'x')});
    return packet(all);
  };
  const auto number = [](uint16_t port) { return U128{port}; };
  const std::vector<uint16_t> all{0,  1,  21,  22,  23,   52,   53,   54,   79,
                                  80, 81, 443, 444, 1023, 1024, 2000, 2001, 40000};
  const auto sports = told_apart(all, number, {ir::kSourcePort.location(family_)});
  const auto dports = told_apart(all, number, {ir::kDestinationPort.location(family_)});
  const auto length_key = static_cast<unsigned>(ir::Meta::kLength);
  const std::vector<size_t> fillings = asked(ir::Base::kMeta, length_key, length_key + 1)
                                           ? std::vector<size_t>{0, 30, 200, 1600}
                                           : std::vector<size_t>{0};
  constexpr unsigned kFlagsAt = 96;  // bits
  const std::vector<std::string> flags = asked(ir::Base::kTransport, kFlagsAt, 128)
                                             ? std::vector<std::string>{"S", "SA", "A", ""}
                                             : std::vector<std::string>{"S"};
  for (const uint16_t sport : sports) {
    for (const uint16_t dport : dports) {
      for (const size_t filling : fillings) {
        for (const std::string& each : flags) {
          transports_.push_back(
              filled(Tcp{.sport = sport, .dport = dport, .flags = each}, filling));
          if (!asks_tcp_option_) continue;
          transports_.push_back(filled(
              Tcp{.sport = sport, .dport = dport, .flags = each, .options = {8, 2}}, filling));
        }
        transports_.push_back(filled(Udp{.sport = sport, .dport = dport}, filling));
      }
      const Bytes tcp = packet({Tcp{.sport = sport, .dport = dport}});
      const Bytes udp = packet({Udp{.sport = sport, .dport = dport}});
      transports_.push_back(truncate(tcp, (ip6 ? 40 : 20) + 12));
      transports_.push_back(truncate(udp, (ip6 ? 40 : 20) + 4));
    }
  }
  const auto raw = [](unsigned protocol) {
    return Packet{Raw{.protocol = static_cast<uint8_t>(protocol), .bytes = Bytes(24)}};
  };
  for (const unsigned protocol : {kTcp, kUdp, 47u, ip6 ? 58u : 1u}) {
    transports_.push_back(truncate(packet(raw(protocol)), (ip6 ? 40 : 20) + 2));
    if (hook_ == ir::Hook::kInput && !ip6) continue;  // IPv4 has put them together
    for (const uint16_t offset : {uint16_t{1}, kLaterFragment})
      transports_.push_back(packet(raw(protocol), offset));
  }
  transports_.push_back(packet(raw(47)));
  for (const auto& [type, code] : ip6 ? std::vector<std::pair<int, int>>{{128, 0}, {1, 4}, {135, 0}}
                                      : std::vector<std::pair<int, int>>{{8, 0}, {3, 4}, {0, 0}}) {
    const auto t = static_cast<uint8_t>(type);
    const auto c = static_cast<uint8_t>(code);
    transports_.push_back(ip6 ? packet({Icmp6{.type = t, .code = c}})
                              : packet({Icmp{.type = t, .code = c}}));
  }
}

DrawnPackets::Drawn DrawnPackets::at(size_t number) const {
  const auto choose = [&](const auto& values) -> const auto& {
    const auto& value = values[number % values.size()];
    number /= values.size();
    return value;
  };
  const bool ip6 = family_ == net::Family::kIpv6;
  Drawn drawn;
  drawn.packet.bytes = choose(transports_);
  std::ranges::copy(choose(sources_), drawn.packet.bytes.begin() + (ip6 ? 8 : 12));
  std::ranges::copy(choose(destinations_), drawn.packet.bytes.begin() + (ip6 ? 24 : 16));
  drawn.packet.hook = hook_;
  const bool in = hook_ != ir::Hook::kOutput && hook_ != ir::Hook::kPostrouting;
  const bool out = hook_ != ir::Hook::kPrerouting && hook_ != ir::Hook::kInput;
  const std::string& interface = choose(interfaces_);
  if (in) drawn.packet.in_interface = interface;
  if (out) drawn.packet.out_interface = in ? "eth1" : interface;
  drawn.packet.state = choose(states_);
  drawn.packet.mark = choose(marks_);
  for (const std::string& question : questions_) {
    drawn.answers[question] = number % 2 != 0;
    number /= 2;
  }
  return drawn;
}

const std::string* DrawnPackets::question(const ir::Condition& condition) const {
  const auto found = question_of_.find(&condition);
  return found == question_of_.end() ? nullptr : &found->second;
}

sim::Outcome DrawnPackets::evaluate(const ir::Ruleset& rules, std::string_view table,
                                    const Drawn& drawn) const {
  return sim::evaluate(rules, table, drawn.packet,
                       [&](const ir::Rule&, const ir::Condition& condition) {
                         const std::string* asked = question(condition);
                         if (asked == nullptr) return sim::Truth::kUnknown;
                         return drawn.answers.at(*asked) ? sim::Truth::kYes : sim::Truth::kNo;
                       });
}

std::string observed(const sim::Outcome& outcome) {
  const bool passes = outcome.verdict == sim::Verdict::kAccept;
  std::string text =
      ir::dump(outcome.translated ? ir::Action{*outcome.translated} : outcome.decided_by);
  if (passes) text += fmt::format(", mark {}", outcome.packet.mark);
  return text;
}

}  // namespace bulkhead::testing
