// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/network.h"

#include <fmt/format.h>

namespace bulkhead::lab {
namespace {

// Runs ip(8) on a batch of its commands with the links of one host.
Result<void> ip(const Host& host, std::string batch) {
  const Result<Finished> done =
      run(host.network_only(), {{"ip", "-batch", "-"}, std::move(batch), Milliseconds(10'000)});
  if (!done) return done.error();
  if (done->status == 0) return {};
  return Error{ErrorKind::kSystem,
               fmt::format("the links of {}: {}", host.name(), trim(done->output)),
               {},
               {},
               0};
}

// A new namespace may inherit settings of the machine that the lab runs on: say all that the story
// relies on.
Result<void> set_kernel(const Host& host, bool forwards) {
  const Result<Finished> done = host.shell(
      fmt::format("cd /proc/sys/net/ipv4 && echo {} >ip_forward && for c in all default; do echo 0 "
                  ">conf/$c/rp_filter && "
                  "echo 0 >conf/$c/send_redirects && echo 0 >conf/$c/accept_redirects; done",
                  forwards ? 1 : 0));
  if (!done) return done.error();
  if (done->status == 0) return {};
  return Error{ErrorKind::kSystem,
               fmt::format("sysctls of {}: {}", host.name(), trim(done->output)),
               {},
               {},
               0};
}

// Puts a host's eth1 on the hypervisor's bridge; both ends are made by the hypervisor, the far one
// is down. Its hardware address is the same after a restart, as a real one's is: the neighbours
// have it in their tables.
std::string bridge_port(const std::string& port, const Host& host, int number) {
  return fmt::format(
      "link add {0} type veth peer name eth1 address 02:00:c0:a8:38:{2:02x} netns {1}\n"
      "link set {0} master br0 up\n",
      port, host.pid(), number);
}

constexpr const char* kHostsFile =
    "127.0.0.1 localhost\n"
    "192.168.56.1 hypervisor\n"
    "192.168.56.10 nslClient\n"
    "192.168.56.20 nslWebServer\n"
    "192.168.56.66 attacker\n"
    "203.0.113.80 outside\n"
    "10.20.0.30 backoffice\n";

}  // namespace

Network::Network(const World& world)
    : hypervisor(world, "hypervisor"),
      client(world, "nslClient"),
      web_server(world, "nslWebServer"),
      attacker(world, "attacker"),
      outside(world, "outside"),
      back_office(world, "backoffice") {}

Result<void> Network::build() {
  for (Host* host : hosts()) {
    if (auto done = host->power_on(); !done) return done;
    if (auto done = host->write("/etc/hosts", kHostsFile); !done) return done;
    if (auto done = set_kernel(*host, host == &hypervisor || host == &web_server); !done)
      return done;
  }
  // A bridge without an address of its own takes the lowest of its ports', and changes it when one
  // of them comes or goes: the neighbours would send to the old one.
  const std::string of_hypervisor =
      "link add br0 address 02:00:c0:a8:38:01 type bridge\n"
      "address add 192.168.56.1/24 dev br0\n"
      "link set br0 up\n" +
      fmt::format("link add eth0 type veth peer name eth0 netns {}\n", outside.pid()) +
      "address add 203.0.113.1/24 dev eth0\n"
      "link set eth0 up\n" +
      bridge_port("vm-client", client, 10) + bridge_port("vm-attacker", attacker, 66);
  const std::string of_outside =
      "address add 203.0.113.80/24 dev eth0\n"
      "link set eth0 up\n"
      "route add default via 203.0.113.1\n";
  const std::string of_client =
      "address add 192.168.56.10/24 dev eth1\n"
      "link set eth1 up\n"
      "route add default via 192.168.56.1\n";
  const std::string of_attacker =  // who knows what is behind the web server
      "address add 192.168.56.66/24 dev eth1\n"
      "link set eth1 up\n"
      "route add default via 192.168.56.1\n"
      "route add 10.20.0.0/24 via 192.168.56.20\n";
  const std::pair<const Host*, const std::string*> batches[] = {{&hypervisor, &of_hypervisor},
                                                                {&outside, &of_outside},
                                                                {&client, &of_client},
                                                                {&attacker, &of_attacker}};
  for (const auto& [host, batch] : batches) {
    if (auto done = ip(*host, *batch); !done) return done;
  }
  if (auto done = plug_web_server(); !done) return done;
  return raise_web_server();
}

Result<void> Network::restart_web_server(const std::function<Result<void>()>& before_links) {
  // The kernel takes a dead host's links away when it gets to it; the names are needed again now.
  if (auto done = ip(hypervisor, "link delete vm-web\n"); !done) return done;
  if (auto done = ip(web_server, "link delete eth2\n"); !done) return done;
  web_server.power_off();
  if (auto done = web_server.power_on(); !done) return done;
  if (auto done = set_kernel(web_server, true); !done) return done;
  if (auto done = plug_web_server(); !done) return done;
  if (auto done = before_links(); !done) return done;
  return raise_web_server();
}

void Network::leave_up() {
  for (Host* host : hosts()) host->leave_up();
}

Result<void> Network::plug_web_server() {
  if (auto done = ip(hypervisor, bridge_port("vm-web", web_server, 20)); !done) return done;
  return ip(web_server,
            fmt::format("link add eth2 type veth peer name eth1 netns {}\n", back_office.pid()));
}

Result<void> Network::raise_web_server() {
  if (auto done = ip(web_server,
                     "address add 192.168.56.20/24 dev eth1\naddress add 10.20.0.1/24 dev eth2\n"
                     "link set eth1 up\nlink set eth2 up\nroute add default via 192.168.56.1\n");
      !done) {
    return done;
  }
  if (auto done = ip(back_office,
                     "address add 10.20.0.30/24 dev eth1\nlink set eth1 up\n"
                     "route add default via 10.20.0.1\n");
      !done) {
    return done;
  }
  return ip(hypervisor, "route replace 10.20.0.0/24 via 192.168.56.20\n");
}

std::string picture(bool utf8) {
  constexpr const char* kDrawn =
      "   outside 203.0.113.80\n"
      "      │\n"
      "   hypervisor 203.0.113.1     gateway, management, and a bridge: 192.168.56.1\n"
      "      │\n"
      "      ├─────────────────┬────────────────────┐            192.168.56.0/24\n"
      "   nslClient .10     nslWebServer .20     attacker .66    a compromised workstation\n"
      "                        │\n"
      "                        │ 10.20.0.1                       10.20.0.0/24, behind the web "
      "server\n"
      "                     backoffice 10.20.0.30\n";
  std::string drawn = kDrawn;
  if (utf8) return drawn;
  for (const auto& [line, plain] :
       {std::pair<std::string, char>{"│", '|'}, {"├", '+'}, {"─", '-'}, {"┬", '+'}, {"┐", '+'}}) {
    for (std::size_t at; (at = drawn.find(line)) != std::string::npos;)
      drawn.replace(at, line.size(), 1, plain);
  }
  return drawn;
}

}  // namespace bulkhead::lab
