// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/sim/simulator.h"
#include "ir/ruleset.h"
#include "support/rig.h"

// A packet of a differential test, and what is known of it beside its bytes: all that the simulator
// must be told, worked out without asking the kernel or the product.
namespace bulkhead::testing {

// A connection as its first packet began it.
struct Tuple {
  std::string source, destination;
  uint8_t protocol = 0;
  uint16_t sport = 0, dport = 0;  // of ICMP: its id, and type and code
};

struct Chunk {  // of SCTP
  uint8_t type = 0;
  uint8_t flags = 0;
};

struct Event {
  // What the packet is to its connection, whose key is `flow`.
  enum class Role {
    kStart,  // may begin one: a TCP SYN or (picked up) ACK, UDP, an ICMP request, an unknown
             // protocol
    kReply,
    kFollow,   // a TCP ACK after the reply
    kError,    // an ICMP error about it
    kInvalid,  // can be no part of any: no header, odd flags, an answer to nothing
    kUntracked,
  };

  Step step;
  ir::Hook hook = ir::Hook::kInput;
  std::string source, destination;
  std::string in, out;                    // interfaces that the hook sees
  std::string physical_in, physical_out;  // ports of a bridge
  Role role = Role::kStart;
  std::string flow;
  std::optional<Tuple> tuple;  // of its connection; not there: nobody knows
  std::vector<Chunk> chunks = {};
  std::vector<uint8_t> dccp_options = {};  // their kinds
  std::string what;
};

// The network of the differential tests. eth0 and eth1 are tuns; lan0 is Ethernet; p0 and p1 are
// ports of the bridge br0, which has no address.
RigOptions differential_network();
// nft(8)'s text for a table that marks packets and connections by their source.
std::string differential_marks();
// What it puts on them; 0: nothing.
uint32_t mark_of(std::string_view source);
uint32_t connection_mark_of(std::string_view source);

// Connections as conntrack keeps them: made when their first packet has been accepted.
class ConnectionModel {
 public:
  ir::CtState state(const Event& event);
  // What conntrack knows of the packet's connection; call it after state().
  std::map<ir::Conntrack, U128> facts(const Event& event, ir::CtState state) const;
  void accepted(const Event& event, ir::CtState state);

 private:
  struct Connection {
    std::optional<Tuple> tuple;
    bool replied = false;
    bool assured = false;
  };

  const Connection* find(const std::string& flow) const;
  // Of the connection that the packet begins if it belongs to none.
  static std::string own_flow(const Event& event);
  static std::optional<Tuple> own_tuple(const Event& event);

  std::map<std::string, Connection> known_;  // by flow
};

// For the simulator.
backend::sim::Packet simulated(const Event& event, ConnectionModel& connections);

}  // namespace bulkhead::testing
