// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "support/exec.h"

namespace bulkhead::testing {
namespace {

constexpr size_t kEthernetHeader = 14;
constexpr size_t kLargestPacket = 65536;

}  // namespace

TunDevice::TunDevice(const std::string& name, bool ethernet)
    : name_(name), ethernet_(ethernet), buffer_(kLargestPacket) {
  if (name.empty() || name.size() >= IFNAMSIZ) throw SupportError("no interface name: " + name);
  fd_ = UniqueFd(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd_) throw_errno("/dev/net/tun");
  ifreq request{};
  std::copy(name.begin(), name.end(), request.ifr_name);
  request.ifr_flags = static_cast<short>((ethernet ? IFF_TAP : IFF_TUN) | IFF_NO_PI);
  if (ioctl(fd_.get(), TUNSETIFF, &request) != 0) throw_errno("TUNSETIFF " + name);
  index_ = if_nametoindex(name.c_str());
  if (!ethernet) return;
  if (ioctl(fd_.get(), SIOCGIFHWADDR, &request) != 0) throw_errno("SIOCGIFHWADDR " + name);
  std::memcpy(mac_.data(), request.ifr_hwaddr.sa_data, mac_.size());
}

int TunDevice::write(const Bytes& packet, const Mac& source, const Mac& destination) {
  uint8_t ethernet[kEthernetHeader];
  iovec parts[2] = {{ethernet, 0}, {const_cast<uint8_t*>(packet.data()), packet.size()}};
  if (ethernet_) {
    std::ranges::copy(destination, ethernet);
    std::ranges::copy(source, ethernet + 6);
    const bool ip6 = !packet.empty() && packet[0] >> 4 == 6;
    ethernet[12] = ip6 ? 0x86 : 0x08;
    ethernet[13] = ip6 ? 0xdd : 0x00;
    parts[0].iov_len = kEthernetHeader;
  }
  return writev(fd_.get(), parts, 2) < 0 ? errno : 0;
}

std::vector<Bytes> TunDevice::read_all() {
  std::vector<Bytes> packets;
  for (;;) {
    const ssize_t size = read(fd_.get(), buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return packets;
    if (size < 0) throw_errno("reading " + name_);
    const size_t skip = ethernet_ ? kEthernetHeader : 0;
    if (static_cast<size_t>(size) <= skip) continue;
    const bool ip = !ethernet_ || (buffer_[12] == 0x08 && buffer_[13] == 0x00) ||
                    (buffer_[12] == 0x86 && buffer_[13] == 0xdd);
    if (ip) packets.emplace_back(buffer_.begin() + static_cast<long>(skip), buffer_.begin() + size);
  }
}

}  // namespace bulkhead::testing
