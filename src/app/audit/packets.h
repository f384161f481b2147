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

// One that no rule names: what passes by it passes whatever the interface is.
inline constexpr std::string_view kUnnamedInterface = "other0";

class Packets {
 public:
  // What a model must be asked for besides the rules' conditions. `ip4`: as in Rules.
  static std::vector<ir::Constraint> asked(const ir::Ruleset& rules, const Declared& declared,
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
  set::Node at(net::Direction direction);  // at its hooks, not by lo, and as they come
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

  // Packets that a host can't do without come like this, whatever else may come: without extension
  // headers of IPv6, and through an interface that this host has.
  set::Node ordinary(net::Direction direction);
  // The same as may_pass() and may_stop(), of connections that aren't translated: of a later packet
  // of one that is, nothing is known.
  set::Node untranslated_may_pass(net::Direction direction);
  set::Node untranslated_may_stop(net::Direction direction);

  // Of packets that come in, those that `passing` has by some interface; where a host is known, by
  // that of the packet: a file doesn't say which of the interfaces that it names are there.
  set::Node by_some_interface(set::Node passing);

  // Which part of all addresses and whatever else `fields` say the set has: of IPv6, of 2000::/3.
  double share(set::Node set, std::span<const ir::Field* const> fields);
  // Whether packets of the set come from more addresses than any one organisation has: more than a
  // sixteenth of all, of IPv6 more than a /13.
  bool from_any(set::Node set);
  // From at most a sixteenth of all addresses.
  bool from_few(set::Node set);
  // The values of a field in the set; none where there is no short answer.
  std::optional<ir::ValueSet> values(set::Node set, const ir::Field& field);

  // One of the set that can really come this way, if there is such. `direction` is its way. About
  // what: that it may pass, or that it may be stopped.
  enum class About : uint8_t { kPassing, kStopped };
  std::optional<Witness> witness(set::Node set, net::Direction direction,
                                 About about = About::kPassing);

 private:
  // What passes and comes to the same port.
  struct Arrival {
    bool as_sent = false;               // its own
    std::optional<ir::Interval> port;   // else this one; none: one that isn't known
    set::Node packets = set::kNothing;  // as they were sent
  };
  const std::vector<Arrival>& arrivals(net::Direction direction);
  std::vector<set::Node> likely(net::Direction direction);
  set::Node answering(const std::string& question, bool answer);
  set::Node fresh();
  set::Node untranslated_way(net::Direction direction);
  double sources(set::Node set);
  std::optional<Openings> find_openings();

  set::Model& model_;
  const Declared& declared_;
  const HostFacts* host_;
  const ir::Ruleset& rules_;
  pass::HostFunctions functions_;
  ir::Ruleset without_nat_;
  std::optional<pass::HostFunctions> untranslated_;  // of without_nat_
  std::optional<set::Node> untranslated_ways_[3];    // by direction
  std::optional<set::Node> fresh_;
  std::optional<set::Node> ways_[3];  // by direction
  std::optional<std::vector<Arrival>> arrivals_[3];
  std::unordered_map<set::Node, double> sources_;  // of sets asked before
  std::optional<std::optional<Openings>> openings_;
};

// "127.0.0.0/8" or "::1/128".
net::Network loopback_network(net::Family family);
net::Network link_local_network();                    // of IPv6
net::Network all_nodes_network();                     // ff02::1
net::Network all_routers_network();                   // ff02::2
net::Network solicited_nodes_network();               // ff02::1:ff00:0/104
net::Network unspecified_network();                   // ::
net::Network global_network();                        // 2000::/3, what is given out
ir::ValueSet values_of(const net::Network& network);  // of a prefix
// Of the host, those that aren't lo's; `subnets`: of them or of the declaration.
std::vector<net::Network> subnets(net::Family family, const Declared& declared,
                                  const HostFacts* host);
// Those that have an address of the family, but for lo.
std::vector<std::string> interfaces_with_addresses(net::Family family, const HostFacts* host);
// Whether packets to 127.0.0.0/8 may come from outside (ip-sysctl.rst, route_localnet).
bool routes_loopback(net::Family family, const HostFacts* host);
bool routes_loopback(const Rules& rules);
// "tcp/22, tcp/8000-8100"
std::string port_words(uint8_t protocol, const ir::ValueSet& ports);
// As --dport has it: "22", "8000:8100".
std::string dport_words(const ir::Interval& ports);
std::string_view protocol_word(uint8_t protocol);

}  // namespace bulkhead::app::audit
