// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/command_script.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <regex>

#include <fmt/format.h>

#include "support/exec.h"

namespace bulkhead::testing {

namespace {

std::string alike(std::string_view text) {
  static const std::regex kDate(R"( on [A-Z][a-z]{2} [A-Z][a-z]{2} .*)");
  static const std::regex kSpeaker(R"(\(legacy\))");
  std::string printed(text);
  std::erase(printed, '\0');  // iptables-legacy prints one behind bpf's instructions
  const std::string dated = std::regex_replace(printed, kDate, " on DATE");
  return std::regex_replace(dated, kSpeaker, "(bulkhead)");
}

std::string indented(std::string_view text, std::string_view mark) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("{} {}\n", mark, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

Said said(std::string_view out, std::string_view err, int exit_code) {
  return {alike(out), alike(err.substr(0, err.find('\n'))), exit_code};
}

std::string to_string(const Said& said) {
  return indented(said.out, "|") + indented(said.err, "!") + fmt::format("= {}\n", said.exit_code);
}

void PrintTo(const Script& script, std::ostream* stream) {
  *stream << script.file.filename().string() << ": " << script.name;
}

std::string test_name(const Script& script) {
  std::string name = script.file.stem().string() + "_" + script.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

std::vector<Script> read_scripts(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw SupportError(fmt::format("can't read {}", file.string()));
  std::vector<Script> scripts;
  std::string line;
  for (size_t number = 1; std::getline(stream, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::string text = line.size() > 2 ? line.substr(2) : "";
    const auto step = [&]() -> ScriptStep& {
      if (scripts.empty() || scripts.back().steps.empty()) {
        throw SupportError(fmt::format("{}:{}: there is no command yet", file.string(), number));
      }
      return scripts.back().steps.back();
    };
    switch (line[0]) {
      case '=':
        if (line.starts_with("== ")) {
          scripts.push_back({file, line.substr(3), {}, false});
        } else {
          step().expected.exit_code = std::stoi(text);
        }
        break;
      case '$':
        if (scripts.empty())
          throw SupportError(fmt::format("{}:{}: no script has begun", file.string(), number));
        scripts.back().steps.push_back(
            {.command = text, .input = {}, .differs = false, .expected = {}, .line = number});
        break;
      case '@':
        if (scripts.empty() || text != "kernel")
          throw SupportError(fmt::format("{}:{}: what is \"{}\"?", file.string(), number, line));
        scripts.back().needs_kernel = true;
        break;
      case '<': step().input += text + '\n'; break;
      case '~': step().differs = true; break;
      case '|': step().expected.out += text + '\n'; break;
      case '!': step().expected.err = text; break;
      default:
        throw SupportError(fmt::format("{}:{}: what is \"{}\"?", file.string(), number, line));
    }
  }
  return scripts;
}

std::vector<Script> read_all_scripts(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Script> scripts;
  for (const auto& file : files) std::ranges::move(read_scripts(file), std::back_inserter(scripts));
  return scripts;
}

}  // namespace bulkhead::testing
