// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>

#include "lab/host.h"

namespace bulkhead::lab {

// One ssh login that stays open: a real client on one host, a real shell on the other, and commands
// typed into it one after the other. It is what an administrator would lose by a wrong rule.
class Session {
 public:
  // From `host` as root, with that host's key; the shell has answered when this returns.
  static Result<Session> open(const Host& from, const std::string& address,
                              Milliseconds timeout = Milliseconds(8'000));
  Session(Session&&) = default;
  Session& operator=(Session&&) = delete;
  ~Session();

  struct Typed {
    std::string output;
    int status = 0;
    bool answered =
        false;  // false: the session is dead, or the command hung; nothing more can be typed
  };
  Typed type(const std::string& command, Milliseconds timeout = Milliseconds(8'000));

  // "192.168.56.1:40312": the client's end of the connection. As long as it is the same it is the
  // same login.
  const std::string& client_end() const { return client_end_; }

 private:
  Session() = default;

  pid_t pid_ = -1;
  Fd to_;
  Fd from_;
  int typed_ = 0;
  std::string client_end_;
};

}  // namespace bulkhead::lab
