// SPDX-License-Identifier: GPL-2.0-or-later
// Docker's and kube-proxy's rule files (../shared/corpus, not part of the tree), by connections
// through DNAT to real neighbours.
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "kernel/programs/drop_in_fixture.h"
#include "support/random.h"

namespace bulkhead::testing {
namespace {

class Containers : public DropIn {
 protected:
  std::string program() const override { return "/usr/sbin/iptables"; }

  void load(const std::string& name) {
    const auto file = tests_shared_dir() / "corpus" / "rulesets" / name;
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "there is no ../shared/corpus";
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    rules_ = std::move(text).str();
    host_->net().set_sysctl("net.ipv4.ip_forward", "1");
    host_->write("/etc/rules", rules_);
    host_->must_run("iptables-restore </etc/rules");
  }

  // A namespace on a bridge of the host, which is its router.
  void plug(const NetNamespace& container, const std::string& bridge, const std::string& gateway,
            const std::string& address, unsigned length) {
    const std::string port = "v" + std::to_string(ports_++);
    host_->must_run(
        fmt::format("ip link show {0} >/dev/null 2>&1 || {{ ip link add {0} type bridge; "
                    "ip addr add {1}/{2} dev {0}; ip link set {0} up; }}; "
                    "ip link add {3} type veth peer name eth0 netns /proc/{4}/fd/{5}; "
                    "ip link set {3} master {0} up",
                    bridge, gateway, length, port, getpid(), container.net_fd()));
    container.must_exec({"ip", "-batch", "-"},
                        {.input = fmt::format("link set eth0 up\naddress add {}/{} dev eth0\n"
                                              "route add default via {}\n",
                                              address, length, gateway)});
  }

  std::string rules_;
  unsigned ports_ = 0;
};

TEST_P(Containers, DockersPublishedPorts) {
  load("real-tools/docker-published-ports.v4");
  if (IsSkipped()) return;
  const NetNamespace app, database;
  plug(app, "br-app", "172.20.0.1", "172.20.0.2", 16);
  plug(database, "br-db", "172.21.0.1", "172.21.0.2", 16);
  const Listener web(app, 80), hidden(app, 9000), outside(host_->client(), 443);
  const Listener of_database(database, 80);
  using Host = DropInHost;

  EXPECT_TRUE(connects(host_->client(), Host::kServer, 8080)) << "the published port";
  const auto taken = web.take();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->from, Host::kClient) << "its source stays";
  EXPECT_EQ(taken->to, "172.20.0.2");
  EXPECT_TRUE(connects(host_->net(), Host::kServer, 8080)) << "from the host itself";
  EXPECT_TRUE(web.take());

  EXPECT_TRUE(connects(app, Host::kClient, 443)) << "out of the container";
  const auto left = outside.take();
  ASSERT_TRUE(left);
  EXPECT_EQ(left->from, Host::kServer) << "masqueraded";

  host_->client().must_exec({"ip", "route", "add", "172.16.0.0/12", "via", Host::kServer});
  EXPECT_TRUE(is_blocked(host_->client(), "172.20.0.2", 9000)) << "not published";
  EXPECT_TRUE(is_blocked(host_->client(), "172.21.0.2", 80)) << "an internal network";
  EXPECT_TRUE(is_blocked(database, "172.20.0.2", 80)) << "from another network";
  EXPECT_TRUE(is_blocked(app, "172.21.0.2", 80));
  EXPECT_FALSE(hidden.take());
  EXPECT_FALSE(of_database.take());
}

// The addresses that a service's endpoints have in the rules.
std::vector<std::string> endpoints_of(const std::string& rules, const std::string& service) {
  std::vector<std::string> endpoints;
  std::istringstream lines(rules);
  for (std::string line; std::getline(lines, line);) {
    const size_t to = line.find("--to-destination ");
    if (to == std::string::npos || line.find('"' + service + ":") == std::string::npos) continue;
    const std::string place = line.substr(to + 17);
    endpoints.push_back(place.substr(0, place.find(':')));
  }
  return endpoints;
}

// "30011" of the rule in KUBE-NODEPORTS, "10.96.0.11" of that in KUBE-SERVICES.
std::string word_behind(const std::string& rules, const std::string& chain,
                        const std::string& service, const std::string& option) {
  std::istringstream lines(rules);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("-A " + chain) || line.find('"' + service + ":") == std::string::npos)
      continue;
    const size_t at = line.find(option + " ");
    if (at == std::string::npos) continue;
    const std::string word = line.substr(at + option.size() + 1);
    return word.substr(0, word.find_first_of(" /"));
  }
  return "";
}

TEST_P(Containers, KubeProxysServices) {
  load("kube-proxy-layout/kube-proxy-100-services.v4");
  if (IsSkipped()) return;
  const NetNamespace pods;
  plug(pods, "cni0", "10.243.0.1", "10.243.0.2", 24);
  host_->must_run("ip route add 10.244.0.0/16 via 10.243.0.2; ip route add default via 192.0.2.1");
  host_->client().must_exec({"ip", "route", "add", "10.96.0.0/12", "via", DropInHost::kServer});
  // svc-11 is of TCP port 80 and has a node port.
  const std::string service = "ns11/svc-11";
  const std::vector<std::string> endpoints = endpoints_of(rules_, service);
  ASSERT_GE(endpoints.size(), 1u);
  for (const std::string& endpoint : endpoints)
    pods.must_exec({"ip", "address", "add", endpoint + "/32", "dev", "lo"});
  const std::string address = word_behind(rules_, "KUBE-SERVICES", service, "-d");
  const auto node_port =
      static_cast<uint16_t>(std::stoul(word_behind(rules_, "KUBE-NODEPORTS", service, "--dport")));
  const std::string to = word_behind(rules_, "KUBE-SEP-", service, "--to-destination");
  const auto port = static_cast<uint16_t>(std::stoul(to.substr(to.find(':') + 1)));
  const auto service_port =
      static_cast<uint16_t>(std::stoul(word_behind(rules_, "KUBE-SERVICES", service, "--dport")));
  const Listener pod(pods, port);

  EXPECT_TRUE(connects(host_->client(), DropInHost::kServer, node_port)) << "by the node's port";
  const auto by_node = pod.take();
  ASSERT_TRUE(by_node);
  EXPECT_EQ(by_node->from, "10.243.0.1") << "masqueraded: the mark went from one chain to another";

  // Each endpoint gets its share: that one of them gets nothing of this many is impossible.
  std::map<std::string, unsigned> shares;
  const unsigned tries = 30 * static_cast<unsigned>(endpoints.size());
  for (unsigned i = 0; i < tries; ++i) {
    const NetNamespace& from = i % 2 == 0 ? host_->client() : host_->net();
    ASSERT_TRUE(connects(from, address, service_port)) << "the service's address";
    const auto taken = pod.take();
    ASSERT_TRUE(taken);
    ++shares[taken->to];
  }
  EXPECT_EQ(shares.size(), endpoints.size());

  // A service without endpoints says so at once.
  EXPECT_EQ(try_tcp(host_->net(), {.address = "10.96.0.58", .port = 80}), Reach::kRefused);
}

BULKHEAD_OVER_BOTH(Containers);

}  // namespace
}  // namespace bulkhead::testing
