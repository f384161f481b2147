// SPDX-License-Identifier: GPL-2.0-or-later
// Real namespaces, as root or without: each test in a world of its own. (A test process would be no
// use after it: its children belong to a pid namespace that has ended. So the world is made by a
// child.)
#include "lab/host.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lab/probe.h"
#include "lab/services.h"

namespace bulkhead::lab {
namespace {

constexpr int kNoWorld = 2;  // in_new_world's own status for "can't be made"

// What is wrong, or nothing.
using Finding = std::string;

int in_a_world(const std::function<Finding(const World&)>& test) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(in_new_world({"/usr/sbin", false}, [&](const World& world) {
      const Finding finding = test(world);
      if (!finding.empty()) fmt::print(stderr, "{}\n", finding);
      return finding.empty() ? 0 : 1;
    }));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string output(const Host& host, const std::string& script) {
  const Result<Finished> done = host.shell(script);
  return done ? trim(done->output) : "?";
}

#define EXPECT_FINDS_NOTHING(test)                                           \
  do {                                                                       \
    const int status = in_a_world(test);                                     \
    if (status == kNoWorld) GTEST_SKIP() << "namespaces can't be made here"; \
    EXPECT_EQ(status, 0);                                                    \
  } while (false)

TEST(Host, HasItsOwnNameLinksProcessesAndRun) {
  EXPECT_FINDS_NOTHING([](const World& world) -> Finding {
    Host host(world, "testHost");
    if (auto done = host.power_on(); !done) return done.error().message;
    const std::string seen =
        output(host, "hostname; ls /sys/class/net; cat /proc/1/comm; ls /run | tr '\\n' ' '");
    return seen == "testHost\nlo\ntestHost\nlab lock nginx sshd" ? "" : seen;
  });
}

TEST(Host, KeepsItsStorageOverARestartAndNothingElse) {
  EXPECT_FINDS_NOTHING([](const World& world) -> Finding {
    Host host(world, "testHost");
    if (auto done = host.power_on(); !done) return done.error().message;
    output(host,
           "for f in /etc /opt /root /var/lib/bulkhead /etc/bulkhead /run; do echo kept >$f/note; "
           "done");
    host.power_off();
    if (auto done = host.power_on(); !done) return done.error().message;
    const std::string seen = output(host,
                                    "cat /etc/note /opt/note /root/note /var/lib/bulkhead/note "
                                    "/etc/bulkhead/note; ls /run/note 2>&1 | grep -c 'No such'");
    return seen == "kept\nkept\nkept\nkept\nkept\n1" ? "" : seen;
  });
}

TEST(Host, CannotWriteOnTheMachine) {
  EXPECT_FINDS_NOTHING([](const World& world) -> Finding {
    Host host(world, "testHost");
    if (auto done = host.power_on(); !done) return done.error().message;
    const std::string seen =
        output(host,
               "for f in /usr /home /var /run/lab/machine/etc /run/lab/machine/tmp; do "
               "touch $f/x 2>/dev/null && echo written on $f; done");
    return seen;
  });
}

TEST(Host, EndsWithEveryProcessOfIts) {
  EXPECT_FINDS_NOTHING([](const World& world) -> Finding {
    Host host(world, "testHost");
    if (auto done = host.power_on(); !done) return done.error().message;
    if (auto done = host.start("sleeper", program({"sleep", "1000"})); !done)
      return done.error().message;
    const auto begin = std::chrono::steady_clock::now();
    host.power_off();
    return std::chrono::steady_clock::now() - begin < std::chrono::seconds(20) ? ""
                                                                               : "it took too long";
  });
}

TEST(Host, ACommandThatHangsIsEndedWithItsChildren) {
  EXPECT_FINDS_NOTHING([](const World& world) -> Finding {
    Host host(world, "testHost");
    if (auto done = host.power_on(); !done) return done.error().message;
    const Result<Finished> done =
        host.shell("echo begun; sleep 1000 & sleep 1000", Milliseconds(200));
    if (!done) return done.error().message;
    if (!done->timed_out || trim(done->output) != "begun")
      return "it was not timed out: " + done->output;
    return output(host, "pgrep -c sleep") == "0" ? "" : "a child of it is still there";
  });
}

TEST(Probe, TellsAnswersRefusalsAndSilenceApart) {
  EXPECT_FINDS_NOTHING([](const World& world) -> Finding {
    Host host(world, "testHost");
    if (auto done = host.power_on(); !done) return done.error().message;
    // Frames to a neighbour that isn't there go nowhere: silence without a firewall.
    output(host,
           "ip link add a0 type veth peer name a1 && ip addr add 192.0.2.1/24 dev a0 && ip link "
           "set a0 up && "
           "ip link set a1 up && ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev a0");
    if (auto done = host.start("debug", banner("127.0.0.1", port::kDebug, kDebugBanner)); !done)
      return "start";
    if (auto done = host.await_listener(port::kDebug); !done) return done.error().message;
    const std::vector<Seen> seen = try_all({{&host, debug_at("127.0.0.1"), kBusy},
                                            {&host, ssh_at("127.0.0.1"), kBusy},
                                            {&host, web_at("192.0.2.2"), Milliseconds(300)},
                                            {&host, web_at("198.51.100.1"), kBusy},
                                            {&host, closed_udp_at("127.0.0.1"), kBusy}});
    std::string words;
    for (const Seen& one : seen) words += std::string(word(one.reach)) + " ";
    return words == "reached refused silent impossible refused " ? "" : words;
  });
}

}  // namespace
}  // namespace bulkhead::lab
