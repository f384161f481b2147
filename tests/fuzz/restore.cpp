// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/restore.h"

#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "fuzz/host.h"

namespace bulkhead::fuzz {

namespace {

// False where the file is refused.
bool load(const Source& file, lang::RestoreOptions options, Host& host) {
  std::string output;
  std::vector<std::string> warnings;
  options.names = &kNames;
  options.output = &output;
  options.warnings = &warnings;
  ir::Ruleset rules = host.rules();
  if (const Result<void> done = lang::restore(file, options, rules); !done) {
    require_showable(done.error(), file);
    return false;
  }
  if (const Result<void> done = host.change(std::move(rules)); !done) {
    require_showable(done.error(), file);
    return false;
  }
  return true;
}

}  // namespace

void restore(std::string_view text) {
  const Source file("rules", std::string(text));
  for (const net::Family family : net::kFamilies) {
    Host host(family);
    // The second time the rules are there already, and are added to.
    if (load(file, {.counters = true}, host)) load(file, {.noflush = true, .verbosity = 1}, host);
  }
}

}  // namespace bulkhead::fuzz
