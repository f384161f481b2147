// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "lab/services.h"
#include "lab/story.h"

namespace bulkhead::lab {
namespace {

struct SeedCommand {
  const char* command;
  const char* purpose;
};

// As the seed has them; its publisher lost the addresses.
constexpr SeedCommand kManagement = {
    "sudo iptables -A INPUT -p tcp --dport 22 -s 192.168.56.1 -j ACCEPT",
    "SSH from the management host, first of all: whatever goes wrong later, we stay in."};
constexpr SeedCommand kLoopback = {
    "sudo iptables -I INPUT -i lo -j ACCEPT",
    "The server's own services on localhost. Inserted, so it is the first rule now."};
constexpr SeedCommand kWeb = {"sudo iptables -A INPUT -p tcp --dport 80 -j ACCEPT",
                              "The web, for everybody."};
constexpr SeedCommand kPolicies[] = {
    {"sudo iptables -P OUTPUT ACCEPT", "The policies decide what no rule has decided."},
    {"sudo iptables -P INPUT DROP", nullptr},
    {"sudo iptables -P FORWARD DROP", nullptr},
};

constexpr const char* kAskDatabase = "timeout 2 bash -c 'cat </dev/tcp/127.0.0.1/5432'";

void type_seed(Scene& scene, const SeedCommand& seed) {
  if (seed.purpose != nullptr) scene.report().note(seed.purpose);
  scene.type(seed.command, kAccepted, accepted);
}

Observed database(int status, const std::string& output) {
  if (output.find(kDatabaseBanner) != std::string::npos) return {"it answers", ""};
  return {status == 124 ? "silent" : fmt::format("exit {}", status), ""};
}

Observe page_of(const std::string& host) { return mentions({"Hello from " + host}, "the page"); }

// A line that could be typed, and that would let answers in.
Observed names_established_rule(int, const std::string& output) {
  for (const std::string& line : split_lines(output)) {
    const bool accepts =
        line.find("-A INPUT ") != std::string::npos && line.ends_with(" -j ACCEPT");
    if (accepts && line.find("ESTABLISHED") != std::string::npos) {
      return {"it names the missing ESTABLISHED rule", ""};
    }
  }
  return {"it doesn't name it", ""};
}

Observed real_ssh(int status, const std::string& output) {
  if (output.find("Permission denied") != std::string::npos)
    return {"sshd talks", "and wants a key"};
  if (output.find("timed out") != std::string::npos) return {"silent", ""};
  return {fmt::format("exit {}", status), trim(output)};
}

}  // namespace

Result<void> play_open_server(Scene& scene) {
  Network& net = scene.network();
  scene.report().chapter(
      "A web server without a firewall",
      "The management host logs in. This one login stays open, and every command for the web "
      "server is typed into it. (It is root's, so sudo has nothing to do there.)");
  if (auto done = scene.log_in(); !done) return done;
  scene.type(
      "sudo iptables -L", "three empty chains, policy ACCEPT",
      prints(
          {"Chain INPUT (policy ACCEPT)", "target     prot opt source               destination",
           "", "Chain FORWARD (policy ACCEPT)",
           "target     prot opt source               destination", "",
           "Chain OUTPUT (policy ACCEPT)", "target     prot opt source               destination"},
          "three empty chains, policy ACCEPT"));
  scene.report().note("So a compromised workstation in the same subnet can move on to everything:");
  scene.on(net.attacker, "ssh root@192.168.56.20", "sshd talks", real_ssh);
  scene.on(net.attacker, "curl -sS -m 8 http://192.168.56.20/", "the page",
           page_of("nslWebServer"));
  scene.attempt(net.attacker, "the debug port 9000 of nslWebServer", debug_at(address::kWebServer),
                Reach::kReached);
  scene.report().note(
      "... and through the web server into the network behind it, since ip_forward is 1 there:");
  scene.on(net.attacker, "curl -sS -m 8 http://10.20.0.30/", "the page", page_of("backoffice"));
  scene.report().matrix(scene.connect_everybody(
      "Who reaches what, before", {"RRRxRR", "RRRxRR", "RRRxRR", "RRRxR-", "RRRx-R", "RRRRRR"}));
  return {};
}

Result<void> play_rules(Scene& scene) {
  Network& net = scene.network();
  scene.report().chapter("The rules", "One after the other, in the login that they could cut.");
  type_seed(scene, kManagement);
  type_seed(scene, kLoopback);
  type_seed(scene, kWeb);
  for (const SeedCommand& seed : kPolicies) type_seed(scene, seed);

  scene.report().chapter("What the lo rule is for",
                         "The database listens on 127.0.0.1. Without the rule:");
  scene.type("sudo iptables -D INPUT -i lo -j ACCEPT", kAccepted, accepted);
  scene.type(kAskDatabase, "silent", database);
  type_seed(scene, {kLoopback.command, "And with it again:"});
  scene.type(kAskDatabase, "it answers", database);

  scene.report().chapter("Is the web still there?", "From the client and from outside it must be.");
  scene.on(net.client, "curl -sS -m 8 http://192.168.56.20/", "the page", page_of("nslWebServer"));
  scene.on(net.outside, "curl -sS -m 8 http://192.168.56.20/", "the page", page_of("nslWebServer"));
  scene.report().note("Nothing is forwarded any more:");
  scene.attempt(net.attacker, "the web of backoffice, through nslWebServer",
                web_at(address::kBackOffice), Reach::kSilent);
  scene.attempt(net.back_office, "the web of outside, through nslWebServer",
                web_at(address::kOutside), Reach::kSilent);
  return {};
}

Result<void> play_answers(Scene& scene) {
  Network& net = scene.network();
  const Observe page = page_of("outside");
  scene.report().chapter("Can you guess why?",
                         "The web server fetches something from the outside.");
  scene.type("curl -sS -m 2 http://203.0.113.80/", "it hangs until it times out",
             [](int status, const std::string&) {
               return Observed{
                   status == 28 ? "it hangs until it times out" : fmt::format("exit {}", status),
                   ""};
             });
  scene.report().note(
      "An ICMP error isn't let in either: a UDP port where nobody listens just says nothing.");
  scene.attempt(net.web_server, "UDP to a closed port of outside", closed_udp_at(address::kOutside),
                Reach::kSilent);
  const std::string explain =
      "bulkhead explain --connection 'tcp 192.168.56.20:40000 > 203.0.113.80:80 new out eth1'";
  if (scene.with_bulkhead()) {
    scene.type(explain, "it names the missing ESTABLISHED rule", names_established_rule);
  } else {
    scene.leave_out(net.web_server, explain);
  }
  scene.report().note(
      "The answers come back to a port that no rule opens. So, answers are to be let in:");
  scene.type("sudo iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT", kAccepted,
             accepted);
  scene.type("curl -sS -m 8 http://203.0.113.80/", "the page", page);
  scene.report().note(
      "RELATED is the ICMP error that belongs to a packet of ours. Now it arrives:");
  scene.attempt(net.web_server, "UDP to a closed port of outside", closed_udp_at(address::kOutside),
                Reach::kRefused);
  return {};
}

Result<void> play_closed_server(Scene& scene) {
  Network& net = scene.network();
  scene.report().chapter("A web server with a firewall", "");
  scene.type("sudo iptables -L", "four rules, INPUT and FORWARD drop",
             [](int status, const std::string& output) {
               const std::vector<std::string> lines = split_lines(output);
               const auto rules = std::count_if(
                   lines.begin(), lines.end(),
                   [](const std::string& line) { return line.starts_with("ACCEPT "); });
               const bool drops = output.find("Chain INPUT (policy DROP)") != std::string::npos &&
                                  output.find("Chain FORWARD (policy DROP)") != std::string::npos;
               const bool right = status == 0 && rules == 4 && drops;
               return Observed{right ? "four rules, INPUT and FORWARD drop"
                                     : fmt::format("{} rules, exit {}", rules, status),
                               ""};
             });
  scene.report().note(
      "(The first rule looks as if it accepted everything: -L doesn't show -i lo. -S does.)");
  scene.type("sudo iptables -S", "the seed's rules", prints(final_rules(), "the seed's rules"));
  scene.on(net.hypervisor, "ssh root@192.168.56.20 hostname", "a second login",
           mentions({"nslWebServer"}, "a second login"));
  scene.on(net.attacker, "ssh -o ConnectTimeout=2 root@192.168.56.20", "silent", real_ssh);
  scene.on(net.attacker, "curl -sS -m 8 http://192.168.56.20/", "the page",
           page_of("nslWebServer"));
  scene.report().matrix(scene.connect_everybody("Who reaches what, after", final_reach()));
  return {};
}

const std::vector<std::string>& final_rules() {
  static const std::vector<std::string> kRules = {
      "-P INPUT DROP",
      "-P FORWARD DROP",
      "-P OUTPUT ACCEPT",
      "-A INPUT -i lo -j ACCEPT",
      "-A INPUT -s 192.168.56.1/32 -p tcp -m tcp --dport 22 -j ACCEPT",
      "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT",
      "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT",
  };
  return kRules;
}

const std::vector<std::string>& final_reach() {
  static const std::vector<std::string> kReach = {"RR...R", ".R...R", ".R...R",
                                                  ".R...-", ".R..-.", "RRRRRR"};
  return kReach;
}

}  // namespace bulkhead::lab
