// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lab/network.h"
#include "lab/probe.h"
#include "lab/report.h"
#include "lab/session.h"

namespace bulkhead::lab {

// What was seen, in the words of what was expected, and more about it.
struct Observed {
  std::string seen;
  std::string detail;
};

using Observe = std::function<Observed(int status, const std::string& output)>;

// Exit status 0 and not a word, as iptables does it; or what it said.
Observed accepted(int status, const std::string& output);
inline constexpr const char* kAccepted = "accepted";

// Exactly these lines, apart from blanks at their ends.
Observe prints(std::vector<std::string> lines, std::string called);
// Something that contains all of these.
Observe mentions(std::vector<std::string> texts, std::string called);

// The stage on which the chapters play, and the ways in which they do something and check it.
class Scene {
 public:
  Scene(const World& world, Network& network, Report& report, bool with_bulkhead)
      : world_(world), network_(network), report_(report), with_bulkhead_(with_bulkhead) {}

  // An ssh login from the hypervisor to the web server, that stays.
  Result<void> log_in();
  void log_out() { session_.reset(); }

  // A command typed in that login.
  void type(const std::string& command, const std::string& expected, const Observe& observe,
            Milliseconds timeout = Milliseconds(15'000));
  // A command on any host, started there.
  void on(const Host& host, const std::string& command, const std::string& expected,
          const Observe& observe, Milliseconds timeout = Milliseconds(15'000));
  // One connection with a socket of that host.
  void attempt(const Host& host, const std::string& what, const Service& to, Reach expected);
  // What was found out otherwise.
  void found(const Host& host, const std::string& what, const std::string& expected,
             Observed observed);
  // For steps that need the `bulkhead` command where there is none.
  void leave_out(const Host& host, const std::string& command);

  // Connections from every host to every service. `expected` has a line a host (hypervisor,
  // nslClient, attacker, outside, backoffice, nslWebServer itself by 127.0.0.1) and a letter a
  // service (ssh, web, debug, database, backoffice behind it, web of the outside server): R
  // reached, x refused, . silent, - not tried.
  Matrix connect_everybody(const std::string& title, const std::vector<std::string>& expected);

  // The login was lost, or a later one failed.
  bool locked_out() const { return locked_out_; }

  Network& network() { return network_; }
  Report& report() { return report_; }
  const World& world() const { return world_; }
  bool with_bulkhead() const { return with_bulkhead_; }

 private:
  const World& world_;
  Network& network_;
  Report& report_;
  bool with_bulkhead_;
  bool locked_out_ = false;
  std::optional<Session> session_;
};

}  // namespace bulkhead::lab
