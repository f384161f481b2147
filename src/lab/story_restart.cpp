// SPDX-License-Identifier: GPL-2.0-or-later
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lab/services.h"
#include "lab/story.h"

namespace bulkhead::lab {
namespace {

constexpr const char* kScriptPath = "/opt/firewall.sh";

// The seed's script in full.
constexpr const char* kScript =
    "#!/bin/bash\n"
    "IPT=/usr/local/sbin/iptables\n"
    "\n"
    "# flush tables\n"
    "$IPT -F\n"
    "$IPT -X\n"
    "\n"
    "# policies\n"
    "$IPT -P OUTPUT ACCEPT\n"
    "$IPT -P INPUT DROP\n"
    "$IPT -P FORWARD DROP\n"
    "\n"
    "# allowed inputs\n"
    "$IPT -A INPUT -i lo -j ACCEPT\n"
    "$IPT -A INPUT -p tcp --dport 22 -s 192.168.56.1 -j ACCEPT\n"
    "$IPT -A INPUT -p tcp --dport 80 -j ACCEPT\n"
    "\n"
    "#allow responses\n"
    "$IPT -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\n";

// What crontab -e opens. It looks at whole seconds to find out if anything was changed; a person is
// slower.
constexpr const char* kEditor =
    "#!/bin/sh\n"
    "sed -i '/^#/d' \"$1\"\n"
    "echo '@reboot /opt/firewall.sh' >>\"$1\"\n"
    "touch -d '10 seconds' \"$1\"\n";

Observed exit_status(int status, const std::string&) {
  return {fmt::format("exit {}", status), ""};
}

Result<void> restart(Network& network, const std::function<Result<void>()>& before_links) {
  if (auto done = network.restart_web_server(before_links); !done) return done;
  return start_web_server(network);
}

// The same connections as at the end of the story, told in one line.
void compare_reach(Scene& scene, const std::string& when) {
  Matrix matrix = scene.connect_everybody("Who reaches what, " + when, final_reach());
  const std::string differences = matrix.differences_in_short();
  const std::string same = fmt::format("the same {} answers as before it", matrix.tried());
  scene.report().step({"everybody",
                       "who reaches what " + when,
                       false,
                       same,
                       differences.empty() ? same : differences,
                       {},
                       {}});
  scene.report().record().matrices.push_back(std::move(matrix));
}

// Tells when a script has run to its end. (Asking for the rules again and again would not do:
// iptables-legacy without -w gives up when somebody else is just reading.)
class ScriptWatch {
 public:
  explicit ScriptWatch(const std::string& path) : events_(::inotify_init1(IN_CLOEXEC)) {
    // With both kinds no two events in a row are equal: equal ones become one.
    ::inotify_add_watch(events_.get(), path.c_str(), IN_OPEN | IN_CLOSE_NOWRITE);
  }

  // The kernel opens and closes a script to find its interpreter, which then keeps it open until it
  // exits.
  bool await_end(Milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (int closed = 0; closed < 2;) {
      const auto left =
          std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now())
              .count();
      pollfd waiting{events_.get(), POLLIN, 0};
      if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
      inotify_event events[8];  // those of a watched file have no name
      const ssize_t got = ::read(events_.get(), events, sizeof events);
      for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got) / sizeof events[0];
           ++i) {
        closed += (events[i].mask & IN_CLOSE_NOWRITE) != 0 ? 1 : 0;
      }
    }
    return true;
  }

 private:
  Fd events_;
};

}  // namespace

Result<void> play_restart(Scene& scene) {
  Network& net = scene.network();
  Host& server = net.web_server;
  scene.report().chapter(
      "Kept over a restart",
      "The rules are in the kernel only. `bulkhead save` stores them, and `bulkhead boot`, which "
      "its systemd unit runs before the network, loads them.");
  if (!scene.with_bulkhead()) {
    scene.leave_out(server, "sudo bulkhead save");
    return {};
  }
  scene.type("sudo bulkhead save", "exit 0", exit_status);
  scene.log_out();
  scene.report().note(
      "The web server restarts. Its processes and its rules are gone, its links are down.");
  const auto before_links = [&]() -> Result<void> {
    scene.on(server, "bulkhead boot", "exit 0", exit_status);
    scene.on(server, "iptables -S", "the seed's rules", prints(final_rules(), "the seed's rules"));
    scene.on(server, "ip -br link show eth1", "it is down", mentions({"DOWN"}, "it is down"));
    scene.report().note("Only now the links come up, and then the services.");
    return {};
  };
  if (auto done = restart(net, before_links); !done) return done;
  scene.on(server, "bulkhead status", "exit 0", exit_status);
  compare_reach(scene, "after the restart");
  return scene.log_in();
}

Result<void> play_loss(Scene& scene) {
  Network& net = scene.network();
  Host& server = net.web_server;
  scene.report().chapter(
      "And if the saved rules are lost?",
      "A host that was protected once doesn't come up open: without its rules it is closed for "
      "everybody but management.");
  if (!scene.with_bulkhead()) {
    scene.leave_out(server, "bulkhead boot");
    return {};
  }
  scene.type("echo -e '[management]\\naddresses = [\"192.168.56.1\"]' >/etc/bulkhead/bulkhead.toml",
             kAccepted, accepted);
  scene.type("sudo rm /var/lib/bulkhead/*", kAccepted, accepted);
  scene.log_out();
  const auto before_links = [&]() -> Result<void> {
    scene.on(server, "bulkhead boot", "it says that the host is closed",
             [](int, const std::string& output) {
               const bool said = output.find("THIS HOST IS CLOSED") != std::string::npos;
               return Observed{said ? "it says that the host is closed" : "no word of it", ""};
             });
    return {};
  };
  if (auto done = restart(net, before_links); !done) return done;
  scene.report().matrix(
      scene.connect_everybody("Who reaches what, without the saved rules",
                              {"R....R", ".....R", ".....R", ".....-", "....-.", "RRRRRR"}));
  return scene.log_in();
}

Result<void> play_cron(Scene& scene) {
  Network& net = scene.network();
  Host& server = net.web_server;
  scene.report().chapter(
      "The seed's own way: a script and cron",
      "The commands of the seed in a script, and a crontab line that runs it at boot.");
  scene.type(fmt::format("cat >{} <<'END'\n{}END\nchmod +x {}", kScriptPath, kScript, kScriptPath),
             kAccepted, accepted);
  if (auto done = server.write("/opt/editor", kEditor, 0755); !done) return done;
  scene.report().note(
      "The editor is a script here; it takes the explanations out and adds the line `@reboot "
      "/opt/firewall.sh`.");
  scene.type("VISUAL=/opt/editor sudo crontab -e", "a new crontab",
             mentions({"installing new crontab"}, "a new crontab"));
  scene.type("sudo crontab -l", "the seed's line",
             mentions({"@reboot /opt/firewall.sh"}, "the seed's line"));
  scene.log_out();
  scene.report().note(
      "A restart without bulkhead boot. The network comes up, then the services, then cron:");
  if (auto done = restart(net, []() -> Result<void> { return {}; }); !done) return done;
  scene.attempt(net.attacker, "ssh of nslWebServer, before cron has run",
                ssh_at(address::kWebServer), Reach::kReached);
  scene.report().note("(That gap is why bulkhead boot runs before the network.)");
  ScriptWatch script(server.stored(kScriptPath));
  if (auto done = start_cron(net); !done) return done;
  scene.found(server, "cron runs @reboot /opt/firewall.sh", "the script has run",
              {script.await_end(Milliseconds(15'000)) ? "the script has run" : "it has not", ""});
  scene.on(server, "iptables -S", "the seed's rules", prints(final_rules(), "the seed's rules"));
  compare_reach(scene, "after cron's restart");
  return {};
}

Result<void> play_story(Scene& scene) {
  for (const auto chapter : {play_open_server, play_rules, play_answers, play_closed_server,
                             play_restart, play_loss, play_cron}) {
    if (auto done = chapter(scene); !done) return done;
    if (scene.locked_out()) {
      scene.report().note("Management is locked out, so the story ends here.");
      return {};
    }
  }
  return {};
}

}  // namespace bulkhead::lab
