// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "lab/network.h"

namespace bulkhead::lab {

namespace port {
inline constexpr int kSsh = 22;
inline constexpr int kWeb = 80;
inline constexpr int kDebug = 9000;
inline constexpr int kDatabase = 5432;
inline constexpr int kClosed = 33434;  // nothing listens there, on any host
}  // namespace port

// What the two small services say to whoever connects.
inline constexpr const char* kDebugBanner = "debug console of nslWebServer";
inline constexpr const char* kDatabaseBanner = "database ready";

// A service that greets whoever connects, and hangs up.
Work banner(const char* address, int port, const std::string& text);

// The Debian packages of the programs that the lab plays with and this machine doesn't have.
std::vector<std::string> missing_packages();

// Keys and configuration, once: new ones for every run.
Result<void> configure_services(const World& world, Network& network);

// nginx on the outside server and in the back office.
Result<void> start_neighbours(Network& network);

// sshd, nginx, the debug port on every address, the database on 127.0.0.1 only. Returns when all
// listen.
Result<void> start_web_server(Network& network);

// The daemon that runs the @reboot lines of crontabs, once.
Result<void> start_cron(Network& network);

}  // namespace bulkhead::lab
