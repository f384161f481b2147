// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/options.h"

#include <fmt/format.h>

namespace bulkhead::lab {

Result<Options> parse_options(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "down") {
      options.task = Options::Task::kDown;
    } else if (word == "--help" || word == "-h") {
      options.task = Options::Task::kHelp;
    } else if (word == "--version") {
      options.task = Options::Task::kVersion;
    } else if (word == "--keep") {
      options.keep = true;
    } else if (word == "--bare") {
      options.bare = options.keep = true;
    } else if (word == "--json") {
      options.json = true;
    } else if (word == "--bin" && i + 1 < words.size()) {
      options.bin = words[++i];
    } else if (word.starts_with("--bin=")) {
      options.bin = word.substr(6);
    } else {
      const char* what = word == "--bin" ? "{} wants a folder" : "what is {}?";
      return Error{ErrorKind::kUsage,
                   fmt::format(fmt::runtime(what), word),
                   "try bulkhead-lab --help",
                   {},
                   0};
    }
  }
  return options;
}

std::string help_text() {
  return "Usage: bulkhead-lab [--keep] [--json] [--bin DIR]\n"
         "       bulkhead-lab --bare\n"
         "       bulkhead-lab down\n"
         "\n"
         "Plays the story of a web server, its management host, a client and a compromised\n"
         "workstation: six hosts made of namespaces, with real sshd, nginx, curl and cron, and\n"
         "rules that are typed over a live ssh session. It prints each step with what was\n"
         "expected and what was seen. Nothing on this machine is changed: no rule, no file.\n"
         "\n"
         "  --keep      leave the hosts up afterwards, and say how to enter them\n"
         "  --bare      only the hosts and their services, no rules and no story; leaves them up\n"
         "  down        end the hosts that --keep or --bare left up\n"
         "  --json      print the steps and the tables of who reaches what as JSON\n"
         "  --bin DIR   the iptables (and bulkhead) to play with; without it, those that lie\n"
         "              beside this program. Steps that need a bulkhead that isn't in DIR\n"
         "              are left out.\n"
         "  --help      this text\n"
         "  --version   the version\n"
         "\n"
         "It runs as root, or as a user who may make user namespaces. NO_COLOR is respected.\n"
         "\n"
         "Exit status: 0 all was as expected, 1 something was not, 2 the lab could not be played,\n"
         "128 + n ended by signal n.\n";
}

}  // namespace bulkhead::lab
