// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>

#include "support/nflog.h"
#include "support/rig.h"

namespace bulkhead::testing {

// What is compared of a packet that left: all bytes, but a checksum that is right is as good as
// another, and what the kernel sends by itself has a random identification.
Bytes comparable(const Bytes& packet, bool kernels_own);

// "accepted forward", and what left, as hexadecimal bytes.
std::string departure(const Step& step, const Outcome& outcome);

// What packets carry beside their bytes where they leave, or come to this host: mark, class of
// traffic control, and their connection's mark. Behind everything in POSTROUTING and INPUT.
class MarkWatch {
 public:
  explicit MarkWatch(NetNamespace& net);
  // What there was since the last call: "; mark 0x1, class 1:a, connection 0x5" for each packet.
  // (The classes are those that TableRules sets.)
  std::string seen();

 private:
  std::unique_ptr<NflogReader> log_;
};

}  // namespace bulkhead::testing
