// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/temporary_folder.h"

namespace bulkhead::testing {

// The programs that were built, in a namespace with a rig, with folders of their own for state and
// files. A new namespace with the same folders is a host after a restart.
class ProgramTest : public RigTest {
 protected:
  static std::string program(const std::string& name) {
    return std::string(BULKHEAD_BIN_DIR "/") + name;
  }
  ExecResult run(std::vector<std::string> words, ExecOptions options = {}) const {
    words[0] = program(words[0]);
    return net_->exec(words, std::move(options));
  }
  ExecResult bulkhead(std::vector<std::string> words, ExecOptions options = {}) const {
    words.insert(words.begin(), "bulkhead");
    return run(std::move(words), std::move(options));
  }
  // A command that has an option --state-dir.
  ExecResult with_state(std::vector<std::string> words, ExecOptions options = {}) const {
    words.insert(words.end(), {"--state-dir", state_.string()});
    return bulkhead(std::move(words), std::move(options));
  }
  void restart() { start({}); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
    return path.string();
  }
  static std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(text).str();
  }
  std::string rules(bool ip6 = false) const {
    return run({ip6 ? "ip6tables" : "iptables", "-S"}).out;
  }
  std::string nft(std::vector<std::string> words) const {
    words.insert(words.begin(), "nft");
    return net_->must_exec(words);
  }

  const TemporaryFolder made_{"program"};
  const std::filesystem::path folder_ = made_.path();
  const std::filesystem::path state_ = folder_ / "state";
};

// The seed's rules, before its last one.
inline constexpr char kSeedRules[] =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -s 192.0.2.9/32 -p tcp -m tcp --dport 22 -j ACCEPT\n"
    "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n"
    "COMMIT\n";
inline constexpr char kSeedListing[] =
    "-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -s 192.0.2.9/32 -p tcp -m tcp --dport 22 -j ACCEPT\n"
    "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n";
inline constexpr char kOpenListing[] = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n";

inline std::string seed6() {
  return "*filter\n:INPUT DROP\n-A INPUT -p ipv6-icmp -j ACCEPT\nCOMMIT\n";
}

}  // namespace bulkhead::testing
