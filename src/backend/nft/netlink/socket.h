// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

struct mnl_socket;
struct nlmsghdr;

namespace bulkhead::backend::nft::netlink {

// What the kernel said to one message that was sent.
struct Reply {
  uint32_t sequence = 0;
  int error = 0;        // an errno value; 0: acknowledged
  std::string message;  // the kernel's own words, if it has any
  // Where in the message that was sent what it is about begins, in bytes; 0: it doesn't say.
  uint32_t offset = 0;
};

// A socket to the kernel's netfilter, in the network namespace of the thread that opened it.
class Socket {
 public:
  // kSystem if the kernel has no netfilter netlink.
  static Result<Socket> open();

  // As one datagram, which is what makes a batch one transaction. kSystem, explained, if it is
  // larger than the socket may send; kUnclear where the kernel may have taken it and its answer
  // didn't fit.
  Result<void> send(std::span<const uint8_t> messages);

  // Sends a dump request and hands out its answers. False: the kernel says that what it dumped
  // changed meanwhile. kPermission without CAP_NET_ADMIN; ENOENT in errno_value if what is asked
  // for isn't there.
  Result<bool> dump(std::span<const uint8_t> request,
                    const std::function<void(const nlmsghdr*)>& take);

  // Waits for replies until `take` says that it has all it wants. kUnclear if they don't come.
  Result<void> replies(const std::function<bool(const Reply&)>& take);
  // Throws away what is left of the replies to an earlier request.
  void drain();

  uint32_t next_sequence() { return ++sequence_; }

  // For what the kernel sends unasked: a group (NFNLGRP_*) of events.
  Result<void> join(unsigned group);
  struct Received {
    bool lost = false;     // something came that had no room
    bool emptied = false;  // there is no more; the kernel drops all that comes from the first loss
                           // until then
  };
  // Hands out what has come (a part, if it is much) and doesn't wait.
  Result<Received> receive(const std::function<void(const nlmsghdr*)>& take);
  int descriptor() const;
  uint32_t port() const;  // the kernel's name for this socket, unique in its namespace

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  explicit Socket(mnl_socket* socket);
  Result<void> make_room(size_t size);

  std::unique_ptr<mnl_socket, Close> socket_;
  std::vector<uint8_t> buffer_;
  size_t room_ = 0;  // what send may take
  uint32_t sequence_ = 0;
};

// Our kind for an errno value of nf_tables, with its words.
Error kernel_error(int errno_value, std::string what);

}  // namespace bulkhead::backend::nft::netlink
