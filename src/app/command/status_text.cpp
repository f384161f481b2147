// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command/status.h"
#include "app/json.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

// Lines under a heading in the left margin, which stands only beside the first.
class Sheet {
 public:
  explicit Sheet(const Paint& paint) : paint_(paint) {}

  void heading(std::string_view text) { heading_ = text; }
  void line(std::string_view text) {
    text_ +=
        fmt::format("{}{:{}}{}\n", paint_.strong(heading_), "", kMargin - heading_.size(), text);
    heading_ = {};
  }
  std::string text() const { return text_; }

 private:
  static constexpr size_t kMargin = 12;

  const Paint& paint_;
  std::string_view heading_;
  std::string text_;
};

std::string policies(const ir::Table& table) {
  std::vector<std::string> words;
  for (const ir::Chain& chain : table.chains) {
    if (chain.policy == ir::Policy::kDrop) words.push_back(chain.name + " DROP");
  }
  return words.empty() ? "every policy ACCEPT" : fmt::format("{}", fmt::join(words, ", "));
}

void write_family(const Loaded& loaded, const Paint& paint, Sheet& sheet) {
  sheet.heading(family_name(loaded.rules.family));
  if (!loaded.damage.empty()) return sheet.line(paint.bad("damaged"));
  if (!loaded.present) return sheet.line(paint.faint("nothing is loaded"));
  for (const ir::Table& table : loaded.rules.tables) {
    size_t rules = 0;
    for (const ir::Chain& chain : table.chains) rules += chain.rules.size();
    sheet.line(fmt::format("{:<10}{} in {}; {}", table.name, counted(rules, "rule", "rules"),
                           counted(table.chains.size(), "chain", "chains"), policies(table)));
  }
  sheet.line(paint.faint(fmt::format("transaction {}", loaded.transaction)));
}

std::string saved_words(const Status& status) {
  switch (status.saved.state) {
    case host::Saved::State::kNever: return "never";
    case host::Saved::State::kLost: return "lost";
    case host::Saved::State::kReadable: break;
  }
  const bool damage = !status.loaded.v4.damage.empty() || !status.loaded.v6.damage.empty();
  if (damage || (!status.loaded.v4.present && !status.loaded.v6.present))
    return fmt::format("yes, in {}", status.saved_file);
  return status.saved_is_loaded
             ? fmt::format("yes, {} is what is loaded", status.saved_file)
             : fmt::format("yes, but {} differs from what is loaded", status.saved_file);
}

// The base chains of one foreign table in one line.
void write_foreign(const Status& status, const Paint& paint, Sheet& sheet) {
  for (const backend::ForeignChain& chain : status.foreign) {
    const std::string drops = chain.drops ? paint.warning("may drop") : "accepts only";
    sheet.line(fmt::format("{} {}, chain {} at {}, priority {}: {}, {}", chain.family,
                           printable(chain.table), printable(chain.chain), chain.hook,
                           chain.priority, counted(chain.rules, "rule", "rules"), drops));
  }
  for (const OtherTables& other : status.others) {
    const std::string rules = other.rules
                                  ? counted(*other.rules, "rule", "rules")
                                  : "its tool isn't installed, so its rules can't be counted";
    sheet.line(fmt::format("{}, {}, tables {}: {}, {}", other.owner, family_name(other.family),
                           fmt::join(other.tables, " "), rules,
                           other.may_drop ? paint.warning("may drop") : "drops nothing"));
  }
}

Json json_of(const Loaded& loaded) {
  Json tables = Json::array();
  for (const ir::Table& table : loaded.rules.tables) {
    Json chains = Json::array();
    for (const ir::Chain& chain : table.chains) {
      Json one{{"name", chain.name}, {"rules", chain.rules.size()}};
      if (chain.policy) one["policy"] = *chain.policy == ir::Policy::kDrop ? "DROP" : "ACCEPT";
      chains.push_back(std::move(one));
    }
    tables.push_back({{"name", table.name}, {"chains", std::move(chains)}});
  }
  Json all{{"loaded", loaded.present}, {"tables", std::move(tables)}};
  if (loaded.present) all["transaction"] = loaded.transaction;
  if (!loaded.damage.empty()) all["damage"] = loaded.damage;
  return all;
}

std::string_view word(host::Saved::State state) {
  switch (state) {
    case host::Saved::State::kNever: return "never";
    case host::Saved::State::kReadable: return "readable";
    case host::Saved::State::kLost: return "lost";
  }
  return "";
}

}  // namespace

std::string status_text(const Status& status, const Judgement& judgement, const Paint& paint) {
  Sheet sheet(paint);
  write_family(status.loaded.v4, paint, sheet);
  write_family(status.loaded.v6, paint, sheet);
  sheet.heading("saved");
  sheet.line(saved_words(status));
  sheet.heading("forwarding");
  sheet.line(fmt::format("IPv4 {}, IPv6 {}", status.forwards_v4 ? "on" : "off",
                         status.forwards_v6 ? "on" : "off"));
  sheet.heading("others");
  if (status.foreign.empty() && status.others.empty())
    sheet.line("no other program filters packets here");
  write_foreign(status, paint, sheet);

  std::string text = sheet.text() + "\n";
  for (const std::string& note : judgement.notes)
    text += fmt::format("{} {}\n", paint.warning("note:"), note);
  for (const std::string& fault : judgement.faults)
    text += fmt::format("{} {}\n", paint.bad("wrong:"), fault);
  if (judgement.faults.empty()) text += paint.good("nothing is wrong") + "\n";
  return text;
}

std::string status_json(const Status& status, const Judgement& judgement) {
  Json foreign = Json::array();
  for (const backend::ForeignChain& chain : status.foreign) {
    foreign.push_back({{"family", chain.family},
                       {"table", chain.table},
                       {"chain", chain.chain},
                       {"hook", chain.hook},
                       {"priority", chain.priority},
                       {"rules", chain.rules},
                       {"may_drop", chain.drops}});
  }
  Json others = Json::array();
  for (const OtherTables& other : status.others) {
    others.push_back({{"owner", other.owner},
                      {"family", net::family_word(other.family)},
                      {"tables", other.tables},
                      {"rules", other.rules ? Json(*other.rules) : Json()},
                      {"may_drop", other.may_drop}});
  }
  Json saved{{"state", word(status.saved.state)},
             {"file", status.saved_file},
             {"saved_once", status.saved.marked},
             {"is_what_is_loaded", status.saved_is_loaded}};
  if (!status.saved.why.empty()) saved["why"] = status.saved.why;
  const Json all{{"ip", json_of(status.loaded.v4)},
                 {"ip6", json_of(status.loaded.v6)},
                 {"saved", std::move(saved)},
                 {"forwarding", {{"ip", status.forwards_v4}, {"ip6", status.forwards_v6}}},
                 {"foreign_chains", std::move(foreign)},
                 {"other_tables", std::move(others)},
                 {"faults", judgement.faults},
                 {"notes", judgement.notes}};
  return json_text(all);
}

}  // namespace bulkhead::app
