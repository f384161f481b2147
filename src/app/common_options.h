// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Options that several commands have, and values whose errors say what may stand there.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/console.h"
#include "net/family.h"
#include "pass/analysis.h"

namespace bulkhead::app {

// An option whose value is one of these words.
template <class Value>
CLI::Option& add_word(CLI::App& command, const std::string& option,
                      const std::map<std::string, Value>& words, std::function<void(Value)> take,
                      const std::string& what) {
  return *command.add_option_function<std::string>(
      option,
      [=](const std::string& word) {
        const auto known = words.find(word);
        if (known == words.end()) {
          std::string all;
          for (const auto& [each, value] : words) all += (all.empty() ? "" : ", ") + each;
          throw CLI::ValidationError(option, fmt::format("`{}' is none of {}", word, all));
        }
        take(known->second);
      },
      what);
}

// Both belong to it.
struct Bounds {
  size_t least = 0;
  size_t most = 1'000'000;
};

// A whole number within the bounds.
CLI::Option& add_number(CLI::App& command, const std::string& option, Bounds bounds,
                        std::function<void(size_t)> take, const std::string& what);

void add_wait(CLI::App& command, std::chrono::seconds& wait);
void add_color(CLI::App& command, Color& color);
void add_family(CLI::App& command, std::optional<net::Family>& family, const std::string& what);
void add_state_folder(CLI::App& command, std::filesystem::path& folder);
// --time SECONDS and --memory MIB of every command that analyses rules.
void add_limits(CLI::App& command, pass::AnalysisLimits& limits);

}  // namespace bulkhead::app
