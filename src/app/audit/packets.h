// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The sets of packets that the checks speak of.

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "app/audit/check.h"
#include "pass/host_functions.h"
#include "set/model.h"
#include "set/projection.h"

namespace bulkhead::app::audit {

struct Ports {
  uint16_t first = 0;
  uint16_t last = 0;
};
// Services that administer, or that hand out what they hold: nobody but those who are named.
std::span<const Ports> admin_ports();
// With which one moves on to a neighbour: SSH, SMB, RPC, RDP, WinRM.
std::span<const uint16_t> lateral_ports();
inline constexpr uint8_t kPortProtocols[] = {net::kTcp, net::kUdp};

// A scan that no connection begins with (FIN, PSH and URG): connection tracking finds it wrong.
inline constexpr uint8_t kXmasFlags = net::kFin | net::kPsh | net::kUrg;

class Packets {
 public:
  // What a model must be asked for besides the rules' conditions. `ip4`: as in Rules.
  static std::vector<ir::Constraint> asked(net::Family family, const Declared& declared,
                                           const HostFacts* host, const Openings* ip4);

  Packets(set::Model& model, const ir::Ruleset& rules, const Declared& declared,
          const HostFacts* host);

  set::Model& model() { return model_; }
  set::Arena& arena() { return model_.arena(); }
  pass::HostFunctions& functions() { return functions_; }
  net::Family family() const { return model_.space().family(); }

  // --- sets; whole packets only
  set::Node all(std::initializer_list<set::Node> sets);  // in all of them
  set::Node of(const ir::Field& field, const ir::ValueSet& values);
  set::Node states(std::initializer_list<ir::CtState> states);
  set::Node source_in(std::span<const net::Network> networks);  // those of this family
  set::Node destination_in(std::span<const net::Network> networks);
  set::Node at(net::Direction direction);  // at its hooks, and not by lo
  set::Node by_loopback(net::Direction direction);
  // Such as well-behaved hosts send: TCP that begins with SYN, goes on with ACK, UDP.
  set::Node usual();
  set::Node xmas();
  // New packets from outside.
  set::Node newcomers();

  // --- what the rules make of them
  set::Node way(net::Direction direction);  // a function, HostFunctions::on_the_way
  set::Node may_pass(net::Direction direction);
  set::Node may_stop(net::Direction direction);
  // Of `care`, what may pass and then has one of these destination ports.
  set::Node reaching(net::Direction direction, set::Node care, uint8_t protocol,
                     const ir::ValueSet& ports);
  // What may pass with another destination than it came with.
  set::Node redirected(net::Direction direction);
  // None where rules look at parts of ports.
  const std::optional<Openings>& openings();

  // Whether the set has packets from more than a sixteenth of all addresses, more than any one
  // organisation has.
  bool from_any(set::Node set);
  // The values of a field in the set; none where there is no short answer.
  std::optional<ir::ValueSet> values(set::Node set, const ir::Field& field);

  // One of the set that can really come this way, if there is such. `direction` is its way.
  std::optional<Witness> witness(set::Node set, net::Direction direction);

 private:
  std::vector<set::Node> likely(net::Direction direction);
  std::optional<Openings> find_openings();

  set::Model& model_;
  const Declared& declared_;
  const HostFacts* host_;
  pass::HostFunctions functions_;
  std::optional<set::Node> ways_[3];
  std::unordered_map<set::Node, bool> from_any_;  // of sets asked before
  std::optional<std::optional<Openings>> openings_;
};

inline constexpr ir::Field kHopLimit{"hoplimit", "hop limit", ir::Kind::kNumber,
                                     ir::at(ir::Base::kNetwork, 64, 8),
                                     ir::at(ir::Base::kNetwork, 56, 8)};
// "127.0.0.0/8" or "::1/128".
net::Network loopback_network(net::Family family);
ir::ValueSet values_of(const net::Network& network);  // of a prefix
// Of the host, those that aren't lo's; `subnets`: of them or of the declaration.
std::vector<net::Network> subnets(net::Family family, const Declared& declared,
                                  const HostFacts* host);
// "tcp/22, tcp/8000-8100"
std::string port_words(uint8_t protocol, const ir::ValueSet& ports);
// As --dport has it: "22", "8000:8100".
std::string dport_words(const ir::Interval& ports);
std::string_view protocol_word(uint8_t protocol);

}  // namespace bulkhead::app::audit
