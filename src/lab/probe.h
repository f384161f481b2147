// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/host.h"

namespace bulkhead::lab {

// What a connection comes to. Reached means that the service itself has answered.
enum class Reach {
  kReached,
  kRefused,     // a TCP reset, or an ICMP error
  kSilent,      // nothing came back in time
  kImpossible,  // the kernel of the source itself has no way there
};

std::string_view word(Reach reach);

struct Service {
  std::string address;
  int port = 0;
  std::string says;    // what to send once connected; may be empty
  std::string answer;  // how a sound answer begins
  bool udp = false;    // then: one datagram, and only an ICMP error is an answer
};

Service ssh_at(std::string address);
Service web_at(std::string address);
Service debug_at(std::string address);
Service database_at(std::string address);
Service closed_udp_at(std::string address);

// What somebody who expects silence waits before they believe it: a link of the lab answers in
// microseconds.
inline constexpr Milliseconds kSilence{1'200};
// What somebody waits who expects an answer, from a service on a busy machine. It also applies to a
// connection that was made: from there on it is the service that takes its time.
inline constexpr Milliseconds kBusy{8'000};

struct Attempt {
  const Host* from = nullptr;
  Service to;
  Milliseconds patience = kSilence;
};

struct Seen {
  Reach reach = Reach::kSilent;
  std::string detail;  // the answer's first line, or the error
};

// Patience that fits what is expected: a wrong expectation shows all the same, only later.
Milliseconds patience_for(Reach expected);

// Makes all the attempts at the same time, each with a socket of its source; in the order of
// `attempts`.
std::vector<Seen> try_all(const std::vector<Attempt>& attempts);

}  // namespace bulkhead::lab
