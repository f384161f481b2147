// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/common_options.h"

#include <charconv>

namespace bulkhead::app {

CLI::Option& add_number(CLI::App& command, const std::string& option, Bounds bounds,
                        std::function<void(size_t)> take, const std::string& what) {
  return *command.add_option_function<std::string>(
      option,
      [=](const std::string& word) {
        size_t number = 0;
        const char* const end = word.data() + word.size();
        const auto read = std::from_chars(word.data(), end, number);
        if (read.ec != std::errc() || read.ptr != end || number < bounds.least ||
            number > bounds.most) {
          throw CLI::ValidationError(option.substr(option.find("--")),
                                     fmt::format("`{}' is no whole number from {} to {}", word,
                                                 bounds.least, bounds.most));
        }
        take(number);
      },
      what);
}

void add_wait(CLI::App& command, std::chrono::seconds& wait) {
  add_number(
      command, "-w,--wait", {}, [&wait](size_t seconds) { wait = std::chrono::seconds(seconds); },
      "how long to try while other programs change the firewall (default 30)")
      .type_name("SECONDS");
}

void add_color(CLI::App& command, Color& color) {
  add_word<Color>(
      command, "--color",
      {{"auto", Color::kAuto}, {"always", Color::kAlways}, {"never", Color::kNever}},
      [&color](Color chosen) { color = chosen; },
      "auto, always or never (default auto: on a terminal, unless NO_COLOR is set)")
      .type_name("WHEN");
}

void add_family(CLI::App& command, std::optional<net::Family>& family, const std::string& what) {
  auto* const v4 = command.add_flag_callback(
      "-4,--ipv4", [&family] { family = net::Family::kIpv4; }, what + " IPv4");
  auto* const v6 = command.add_flag_callback(
      "-6,--ipv6", [&family] { family = net::Family::kIpv6; }, what + " IPv6");
  v4->excludes(v6);
}

void add_state_folder(CLI::App& command, std::filesystem::path& folder) {
  command
      .add_option("--state-dir", folder, "where the saved rules are (default /var/lib/bulkhead)")
      ->type_name("FOLDER");
}

void add_limits(CLI::App& command, pass::AnalysisLimits& limits) {
  add_number(
      command, "--time", {.least = 1},
      [&limits](size_t seconds) { limits.time = std::chrono::seconds(seconds); },
      "how long the analysis may take (default 60)")
      .type_name("SECONDS");
  add_number(
      command, "--memory", {.least = 1}, [&limits](size_t mib) { limits.bytes = mib << 20; },
      "how much memory it may take (default 1024)")
      .type_name("MIB");
}

}  // namespace bulkhead::app
