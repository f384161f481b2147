// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/random.h"
#include "support/rig.h"

// Packets whose addresses are changed on the way. Whoever answers one has seen it as it left the
// firewall, so an answer is made when that is known.
namespace bulkhead::testing {

struct Letter {
  enum class Kind {
    kPacket,  // as it stands here
    kAnswer,  // from whom another letter came to
    kError,   // that one's ICMP error about it
  };

  size_t number = 0;
  Kind kind = Kind::kPacket;
  std::string interface = {};  // kPacket; as in Step
  Bytes packet = {};
  size_t about = 0;  // number of the other letter
  // Of an answer or an error:
  uint16_t id = 0;  // the rig knows it by this
  uint8_t ttl = 64;
  uint8_t tos = 0;
  std::string flags = {};        // of TCP
  Bytes options = {};            // of TCP
  uint8_t unreachable_code = 0;  // of an error
  std::string what = {};
};

// At least `count`, for what belongs together stays together.
std::vector<Letter> draw_letters(Random& random, bool ip6, size_t count);

// Where letters came to, and as what.
class Deliveries {
 public:
  // Nothing: it is about a letter that came to nobody, or that has no answer.
  std::optional<Step> step_of(const Letter& letter) const;
  void add(const Letter& letter, const Step& step, const Outcome& outcome);

 private:
  struct Delivery {
    std::string interface = {};  // empty: to this host
    Bytes packet = {};
  };
  std::map<size_t, Delivery> all_;
};

}  // namespace bulkhead::testing
