// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <string>
#include <vector>

#include "support/packet_builder.h"
#include "support/unique_fd.h"

namespace bulkhead::testing {

using Mac = std::array<uint8_t, 6>;

// One end of a tun (IP packets) or tap (Ethernet frames) device, made in the namespace that the
// constructor's thread is in; it is there until this object goes. Nobody answers on it but us.
class TunDevice {
 public:
  TunDevice(const std::string& name, bool ethernet);

  const std::string& name() const { return name_; }
  bool ethernet() const { return ethernet_; }
  const Mac& mac() const { return mac_; }  // ethernet only
  uint32_t index() const { return index_; }

  // The packet arrives on the device. When this returns the kernel has done all with it that it
  // does in the same context, which is everything up to the hooks. Gives 0 or an errno value.
  int write(const Bytes& packet, const Mac& source, const Mac& destination);
  // Packets that the kernel has sent out of it; never waits. Other frames than IP are left out.
  std::vector<Bytes> read_all();

 private:
  std::string name_;
  bool ethernet_;
  UniqueFd fd_;
  Mac mac_{};
  uint32_t index_ = 0;
  Bytes buffer_;
};

}  // namespace bulkhead::testing
