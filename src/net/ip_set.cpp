// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/ip_set.h"

#include <linux/netfilter/ipset/ip_set.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include <fmt/format.h>

namespace bulkhead::net {
namespace {

static_assert(kMaxIpSetName == IPSET_MAXNAMELEN - 1);

Error machine_error(std::string message) {
  return {.kind = ErrorKind::kSystem, .message = std::move(message), .errno_value = errno};
}

Error wrong_set(std::string message) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message)};
}

// A socket on which ipset's questions are asked: getsockopt(2) with the question in the buffer.
class Asking {
 public:
  Asking() : socket_(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)) {}
  ~Asking() {
    if (socket_ >= 0) ::close(socket_);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  bool opened() const { return socket_ >= 0; }
  template <class Request> bool ask(Request& request) const {
    socklen_t size = sizeof request;
    return ::getsockopt(socket_, SOL_IP, SO_IP_SET, &request, &size) == 0 && size == sizeof request;
  }

 private:
  int socket_;
};

}  // namespace

Result<uint16_t> ip_set_number(Family family, std::string_view name) {
  assert(name.size() <= kMaxIpSetName);
  const Asking asking;
  if (!asking.opened()) return machine_error("Can't open socket to ipset.");
  ip_set_req_version version{};
  version.op = IP_SET_OP_VERSION;
  if (!asking.ask(version)) return machine_error("Kernel module xt_set is not loaded in.");

  ip_set_req_get_set_family request{};
  request.op = IP_SET_OP_GET_FNAME;
  request.version = version.version;
  std::ranges::copy(name, request.set.name);
  if (!asking.ask(request)) {
    return machine_error(fmt::format("Problem when communicating with ipset, errno={}.", errno));
  }
  if (request.set.index == IPSET_INVALID_ID)
    return wrong_set(fmt::format("Set {} doesn't exist.", name));
  // Families have the numbers of sockets' families; a set of no addresses has none.
  if (request.family != static_cast<unsigned>(family) && request.family != AF_UNSPEC) {
    return wrong_set(fmt::format("The protocol family of set {} is {}, which is not applicable.",
                                 name, request.family == AF_INET ? "IPv4" : "IPv6"));
  }
  return request.set.index;
}

}  // namespace bulkhead::net
