// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "support/namespace.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {

// A TCP port of a namespace that takes connections; nobody has to run for it.
class Listener {
 public:
  Listener(const NetNamespace& net, uint16_t port);

  // A connection that was made and not taken yet; nothing: there is none.
  struct Taken {
    std::string from;
    std::string to;
  };
  std::optional<Taken> take() const;

 private:
  UniqueFd fd_;
};

enum class Reach : uint8_t { kConnected, kRefused, kSilent };
std::string text(Reach reach);

// Where a connection is tried, and how long an answer may take before it counts as silence.
struct Try {
  std::string address;  // of IPv4 or IPv6
  uint16_t port = 0;
  std::chrono::milliseconds patience{5000};
  uint16_t source_port = 0;  // 0: the kernel's choice
};
Reach try_tcp(const NetNamespace& from, const Try& to);

// For gtest's EXPECT_TRUE: that a connection is made (it may take long), and that none is (which is
// known for sure of a refusal; silence is waited for a moment).
bool connects(const NetNamespace& from, const std::string& address, uint16_t port);
bool is_blocked(const NetNamespace& from, const std::string& address, uint16_t port);

}  // namespace bulkhead::testing
