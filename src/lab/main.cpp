// SPDX-License-Identifier: GPL-2.0-or-later
// bulkhead-lab: Bulkhead's story with real hosts. A world of namespaces (world.h) holds six hosts
// (host.h, network.h) with real services (services.h); the chapters (story.h) type the seed's
// commands over a live ssh session (session.h), try real connections (probe.h) and report what was
// expected and what was seen (report.h).

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lab/keeper.h"
#include "lab/network.h"
#include "lab/options.h"
#include "lab/report.h"
#include "lab/services.h"
#include "lab/story.h"
#include "lab/world.h"

namespace bulkhead::lab {
namespace {

constexpr int kAsExpected = 0;
constexpr int kDiffers = 1;
constexpr int kImpossible = 2;

int complain(const Error& error) {
  fmt::print(stderr, "bulkhead-lab: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "  {}\n", error.hint);
  return kImpossible;
}

// Where a user finds the hosts that stay, in the words of nsenter(1).
void tell_how_to_enter(const Record& record) {
  fmt::print("\nThe hosts stay up. To enter one:\n\n");
  for (const Record::Address& host : record.hosts) {
    fmt::print("  nsenter {}-m -u -i -n -p -t {} bash -l    # {}\n",
               record.own_users ? "-U --preserve-credentials " : "", host.pid, host.host);
  }
  fmt::print("\nTo end them:\n\n  bulkhead-lab down\n");
}

Result<void> set_the_stage(const World& world, Network& network) {
  if (auto done = network.build(); !done) return done;
  if (auto done = configure_services(world, network); !done) return done;
  if (auto done = start_neighbours(network); !done) return done;
  return start_web_server(network);
}

int play(const World& world, const Options& options, bool with_bulkhead) {
  const auto begin = std::chrono::steady_clock::now();
  Look look = look_of_terminal();
  look.silent = options.json;
  Report report(look);
  Network network(world);
  Record& record = report.record();
  record.own_users = world.own_users;
  record.many_ids = world.many_ids;

  Result<void> done = set_the_stage(world, network);
  if (done) {
    const Result<Finished> version = network.web_server.run({"iptables", "-V"});
    record.iptables = version && version->status == 0 ? trim(version->output) : "?";
    report.opening(picture(look.utf8));
    if (!options.bare) {
      Scene scene(world, network, report, with_bulkhead);
      done = play_story(scene);
    }
  }
  if (!done) {
    record.trouble = done.error().message;
    if (!done.error().hint.empty()) record.trouble += fmt::format(" ({})", done.error().hint);
  }
  for (const Host* host : network.hosts())
    record.hosts.push_back({host->name(), host->machine_pid()});
  record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  if (options.json) {
    std::fputs(to_json(record).c_str(), stdout);
  } else if (!options.bare || !done) {
    report.closing();
  }
  if (!done) return kImpossible;
  if (options.keep && !options.json) tell_how_to_enter(record);
  if (options.keep) network.leave_up();
  return record.differing() == 0 ? kAsExpected : kDiffers;
}

int end_kept() {
  const Result<int> ended = Keeper::end_all();
  if (!ended) return complain(ended.error());
  fmt::print("{}\n", *ended == 0   ? "there is no lab to end"
                     : *ended == 1 ? "the lab is gone"
                                   : "the labs are gone");
  return kAsExpected;
}

int start(Options options) {
  if (options.bin.empty()) {
    std::error_code error;
    options.bin = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  }
  const bool beside = ::access((options.bin + "/bulkhead").c_str(), X_OK) == 0;
  if (::access((options.bin + "/iptables").c_str(), X_OK) != 0) {
    return complain({ErrorKind::kRefused,
                     fmt::format("there is no iptables in {}", options.bin),
                     "build it first (./dev build), or name another folder with --bin",
                     {},
                     0});
  }
  if (const std::vector<std::string> missing = missing_packages(); !missing.empty()) {
    return complain({ErrorKind::kRefused,
                     "programs are missing that the lab plays with",
                     fmt::format("apt install {}", fmt::join(missing, " ")),
                     {},
                     0});
  }
  return in_new_world({options.bin, options.keep},
                      [&](const World& world) { return play(world, options, beside); });
}

}  // namespace
}  // namespace bulkhead::lab

int main(int argc, char** argv) {
  using namespace bulkhead::lab;
  // Pipes must not get the numbers of standard streams that the caller has closed.
  while (true) {
    const int number = ::open("/dev/null", O_RDWR);
    if (number < 0 || number > 2) {
      if (number > 2) ::close(number);
      break;
    }
  }
  const bulkhead::Result<Options> options = parse_options({argv + 1, argv + argc});
  if (!options) return complain(options.error());
  switch (options->task) {
    case Options::Task::kHelp: std::fputs(help_text().c_str(), stdout); return kAsExpected;
    case Options::Task::kVersion:
      std::fputs("bulkhead-lab " BULKHEAD_VERSION "\n", stdout);
      return kAsExpected;
    case Options::Task::kDown: return end_kept();
    case Options::Task::kPlay: return start(*options);
  }
  return kImpossible;
}
