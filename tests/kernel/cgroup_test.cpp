// SPDX-License-Identifier: GPL-2.0-or-later
// The cgroup match: a process of a group of its own sends, and one that is in none.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr char kRoot[] = "/run/cgroup";

// Control groups are the machine's, not the namespace's: one of our own, away when we are.
class Group {
 public:
  explicit Group(const NetNamespace& net)
      : net_(net), name_(fmt::format("bulkhead-test-{}", getpid())) {
    net_.must_exec({"mkdir", kRoot});
    net_.must_exec({"mount", "-t", "cgroup2", "none", kRoot});
    net_.must_exec({"mkdir", "-p", path() + "/below"});
  }
  ~Group() { net_.exec({"rmdir", path() + "/below", path()}); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  const std::string& name() const { return name_; }
  // A UDP packet by a process that is in the group's folder of that name.
  void send_from(const NetNamespace& net, const std::string& folder) const {
    net.must_exec(
        {"bash", "-c",
         fmt::format("echo $$ > {}{}/cgroup.procs; echo > /dev/udp/{}/53", path(), folder, kPeer)});
  }

 private:
  std::string path() const { return fmt::format("{}/{}", kRoot, name_); }

  const NetNamespace& net_;
  std::string name_;
};

class Cgroup : public TwoFirewalls {};

TEST_F(Cgroup, IsTheOneOfTheProcessThatSends) {
  for (const auto& firewall : both_) {
    const Group group(firewall->net);
    struct Asked {
      std::string match;
      uint64_t from_group, from_below, from_elsewhere, forwarded;
    };
    const Asked asked[] = {
        {"--path " + group.name(), 1, 1, 0, 0},
        {"--path /" + group.name() + "/below", 0, 1, 0, 0},
        {"! --path " + group.name(), 0, 0, 1, 0},
        {"--path /", 1, 1, 1, 0},
        {"! --path /", 0, 0, 0, 0},
        {"--cgroup 0", 1, 1, 1, 0},
        {"! --cgroup 0", 0, 0, 0, 0},
        {"! --cgroup 5", 1, 1, 1, 0},
    };
    std::string rules;
    for (size_t i = 0; i < std::size(asked); ++i) {
      rules += fmt::format("-A POSTROUTING -p udp -m cgroup {} -m comment --comment {}\n",
                           asked[i].match, i);
    }
    const auto expect = [&](uint64_t Asked::*packets) {
      for (size_t i = 0; i < std::size(asked); ++i) {
        EXPECT_EQ(firewall->packets(std::to_string(i)), asked[i].*packets)
            << firewall->name << ' ' << asked[i].match;
      }
      firewall->ip4.must_restore("*mangle\n" + rules + "COMMIT\n");
    };
    firewall->ip4.must_restore("*mangle\n" + rules + "COMMIT\n");
    group.send_from(firewall->net, "");
    expect(&Asked::from_group);
    group.send_from(firewall->net, "/below");
    expect(&Asked::from_below);
    firewall->rig.send(from_host({Udp{}}));
    expect(&Asked::from_elsewhere);
    firewall->rig.inject("eth0", through({Udp{}}));
    expect(&Asked::forwarded);
    // The rules would hold on to the groups.
    firewall->ip4.clear({"mangle"});
  }
}

}  // namespace
}  // namespace bulkhead::testing
