// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz/host.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "app/counted.h"
#include "app/stored_source.h"
#include "backend/nft/inspect.h"
#include "backend/nft/lower.h"
#include "classify/plan.h"
#include "fuzz/fuzz.h"
#include "ir/dump.h"
#include "ir/verify.h"
#include "pass/pass.h"

namespace bulkhead::fuzz {

namespace nft = backend::nft;

namespace {

constexpr std::string_view kChange = "fuzz";
// A few lines can ask for very many copies; what is refused at 2,000 would be at 200,000.
const pass::Options kPassOptions{.max_depth = 13, .max_rules = 2000};

// Print, parse, print is stable, and what is parsed means the same.
void require_round_trip(const ir::Ruleset& rules, const std::string& printed) {
  const Result<ir::Ruleset> read = app::read_source(printed, rules.family);
  require(read.ok(), "what is printed can be read",
          read ? "" : read.error().message + '\n' + printed);
  const std::string twice = app::write_source(*read, kChange);
  require(twice == printed, "print, parse, print is stable", printed + '\n' + twice);
  const std::string meant = ir::dump(rules);
  const std::string means = ir::dump(*read);
  require(means == meant, "what is printed means the same", printed + '\n' + meant + '\n' + means);
}

}  // namespace

void require(bool holds, std::string_view promise, std::string_view detail) {
  if (holds) return;
  std::fprintf(stderr, "broken: %.*s\n%.*s\n", static_cast<int>(promise.size()), promise.data(),
               static_cast<int>(detail.size()), detail.data());
  std::abort();
}

Host::Host(net::Family family) : rules_{.family = family, .tables = {}} {
  kernel_.table().family = family;
}

Result<void> Host::change(ir::Ruleset rules) {
  if (rules.tables.empty()) return {};
  app::each_counted(rules, [&](ir::RuleId& id, const ir::Counters&) {
    if (id == ir::kNoId) id = rules.next_id++;
  });
  const Result<void> sound = ir::verify(rules);
  require(sound.ok(), "what lang accepts is sound", sound ? "" : sound.error().message);

  const std::string source = app::write_source(rules, kChange);
  require_round_trip(rules, source);

  const Result<ir::Ruleset> rewritten = pass::run(rules, kPassOptions);
  if (!rewritten) {
    require(rewritten.error().message.find("a bug of ours") == std::string::npos,
            "a rewrite of sound rules is sound", rewritten.error().message);
    return rewritten.error();
  }
  const classify::Plan plan = classify::classify(*rewritten);
  if (const Result<nft::Program> program = nft::lower(plan); !program) return program.error();

  const nft::Counts before = count_packets();
  kernel_.commit(plan, source);
  const nft::Inspection inspection = nft::inspect(kernel_.table());
  require(inspection.stored.has_value(), "what was put into the kernel is sound",
          inspection.damage);
  require(inspection.stored->source == source, "the source comes back", source);
  nft::Counts after = kernel_.counts();
  app::each_counted(rules, [&](ir::RuleId id, const ir::Counters&) {
    const auto was = before.all.find(id);
    if (was == before.all.end()) return;
    const auto retired = before.retired.find(id);
    const auto left = retired == before.retired.end() ? was->second : was->second - retired->second;
    require(after.all[id] == left, "a rule that stays keeps its count", source);
  });
  rules_ = std::move(rules);
  return {};
}

nft::Counts Host::count_packets() {
  if (!kernel_.table().present) return {};
  app::each_counted(rules_, [&](ir::RuleId id, const ir::Counters&) { kernel_.hit(id, id); });
  return kernel_.counts();
}

void require_showable(const Error& error, const Source& source) {
  require(!error.message.empty(), "an error has a text");
  // One byte behind the end is a place: what is missing there.
  require(error.span.begin <= error.span.end && error.span.end <= source.text().size() + 1,
          "an error's place lies within the text", error.message);
  require(!render(error, source).empty(), "an error is shown", error.message);
}

}  // namespace bulkhead::fuzz
