// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/personality/main.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "app/personality/command.h"
#include "app/personality/file_programs.h"
#include "app/store.h"
#include "host/transaction.h"

namespace bulkhead::app {

namespace {

enum class Program { kCommand, kRestore, kSave };

struct Name {
  std::string_view name;
  net::Family family;
  Program program;
};

constexpr Name kProgramNames[] = {
    {"iptables", net::Family::kIpv4, Program::kCommand},
    {"iptables-restore", net::Family::kIpv4, Program::kRestore},
    {"iptables-save", net::Family::kIpv4, Program::kSave},
    {"ip6tables", net::Family::kIpv6, Program::kCommand},
    {"ip6tables-restore", net::Family::kIpv6, Program::kRestore},
    {"ip6tables-save", net::Family::kIpv6, Program::kSave},
};

const Name* find_name(std::string_view name) {
  for (const Name& each : kProgramNames) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> opened(path == "-" ? nullptr
                                                                 : std::fopen(path.c_str(), "re"));
  if (path != "-" && !opened) {
    return Error{.message = fmt::format("Can't open {}: {}", path, std::strerror(errno))};
  }
  std::FILE* file = opened ? opened.get() : stdin;
  std::string text;
  char buffer[1 << 16];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, got);
  // Half a file must not pass for a whole one.
  if (std::ferror(file) != 0)
    return Error{.message = fmt::format("Can't read {}: {}", path, std::strerror(errno))};
  return text;
}

Result<void> write_file(const std::string& path, std::string_view text) {
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "we"));
  if (!file)
    return Error{.message = fmt::format("Failed to open file, error: {}", std::strerror(errno))};
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  if (std::fclose(file.release()) != 0 || !written) {
    return Error{.message = fmt::format("Failed to write file, error: {}", std::strerror(errno))};
  }
  return {};
}

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  char buffer[32];
  std::string date = ::ctime_r(&now, buffer);
  date.pop_back();
  return date;
}

Outcome run(const Name& name, int argc, char** argv) {
  const net::SystemNames names;
  const Personality self{name.name, name.family, names, open_backend};
  switch (name.program) {
    case Program::kRestore: return run_restore(self, argc, argv, read_file);
    case Program::kSave: return run_save(self, argc, argv, date_now(), write_file);
    case Program::kCommand: break;
  }
  return run_command(self, std::span(argv, static_cast<size_t>(argc)).subspan(1));
}

}  // namespace

std::string version_line(std::string_view program) {
  return fmt::format("{} v{}\n", program, kVersion);
}

std::chrono::seconds wait_time(std::optional<uint32_t> seconds) {
  if (!seconds || *seconds == 0) return host::kDefaultWait;
  if (*seconds == UINT32_MAX) return std::chrono::seconds::max();
  return std::chrono::seconds(*seconds);
}

bool is_personality(std::string_view name) { return find_name(name) != nullptr; }

int personality_main(std::string_view name, int argc, char** argv) {
  const Outcome outcome = run(*find_name(name), argc, argv);
  std::fwrite(outcome.out.data(), 1, outcome.out.size(), stdout);
  const bool printed = std::fflush(stdout) == 0;
  std::fwrite(outcome.err.data(), 1, outcome.err.size(), stderr);
  // A save that didn't reach its file must not pass for one that did.
  return outcome.exit_code == 0 && !printed ? 1 : outcome.exit_code;
}

}  // namespace bulkhead::app
