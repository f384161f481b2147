// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report.h"

#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bulkhead::lab {
namespace {

constexpr const char* kTitle = "Bulkhead's lab: one web server, and an attacker in its subnet";
constexpr std::size_t kWidth = 96;
constexpr std::size_t kMargin = 6;

// A reader that has gone away (`| head`) is no reason to stop in the middle.
void say(const Look& look, std::string_view text) {
  if (look.silent) return;
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string wrap(std::string_view text, std::size_t margin) {
  std::string wrapped(margin, ' ');
  std::size_t column = margin;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > margin && column + 1 + end > kWidth) {
      wrapped += '\n' + std::string(margin, ' ');
      column = margin;
    } else if (column > margin) {
      wrapped += ' ';
      ++column;
    }
    wrapped += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped + '\n';
}

std::string mark(const Step& step, const Look& look) {
  if (step.skipped()) return tinted(Tint::kQuiet, look.utf8 ? "–" : "-", look);
  if (step.as_expected()) return tinted(Tint::kGood, look.utf8 ? "✓" : "ok", look);
  return tinted(Tint::kBad, look.utf8 ? "✗" : "NO", look);
}

std::string action(const Step& step, const Look& look) {
  if (!step.command)
    return fmt::format("{}: {}", tinted(Tint::kStrong, step.host, look), step.action);
  std::string text = tinted(Tint::kStrong, step.host, look) + "$ ";
  std::string margin;
  for (const std::string& line : split_lines(step.action)) {
    text += margin + tinted(Tint::kCommand, line, look);
    margin = '\n' + std::string(kMargin, ' ');
  }
  return text;
}

std::string outcome(const Step& step, const Look& look) {
  const std::string margin(kMargin, ' ');
  if (step.skipped()) return fmt::format("{}left out: {}\n", margin, step.detail);
  const std::string detail = step.detail.empty() ? "" : fmt::format("  ({})", step.detail);
  const std::string seen = tinted(step.as_expected() ? Tint::kGood : Tint::kBad, step.seen, look) +
                           tinted(Tint::kQuiet, detail, look);
  const std::size_t column = std::max<std::size_t>(step.expected.size() + 3, 24);
  const bool fits = kMargin + 16 + column + step.seen.size() + detail.size() <= kWidth;
  const std::string gap =
      fits ? std::string(column - step.expected.size(), ' ') : "\n" + margin + "    ";
  return fmt::format("{}expected: {}{}seen: {}\n", margin, step.expected, gap, seen);
}

}  // namespace

std::string tinted(Tint tint, std::string_view text, const Look& look) {
  if (!look.colour || text.empty()) return std::string(text);
  constexpr const char* kCodes[] = {"32", "1;31", "2", "1", "36"};
  return fmt::format("\033[{}m{}\033[0m", kCodes[static_cast<int>(tint)], text);
}

Look look_of_terminal() {
  Look look;
  std::setlocale(LC_CTYPE, "");
  look.utf8 = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  look.colour = ::isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0') &&
                terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
  return look;
}

std::size_t Matrix::tried() const {
  std::size_t count = 0;
  for (const auto& row : cells) {
    count += static_cast<std::size_t>(
        std::count_if(row.begin(), row.end(), [](const auto& cell) { return cell.has_value(); }));
  }
  return count;
}

std::vector<std::string> Matrix::differences() const {
  std::vector<std::string> found;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    for (std::size_t column = 0; column < cells[row].size(); ++column) {
      const std::optional<Cell>& cell = cells[row][column];
      if (!cell || cell->seen.reach == cell->expected) continue;
      found.push_back(fmt::format("{} to {}: expected {}, seen {}", rows[row], columns[column],
                                  word(cell->expected), word(cell->seen.reach)));
    }
  }
  return found;
}

std::string Matrix::differences_in_short() const {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> all = differences();
  const std::size_t count = all.size();
  all.resize(std::min(count, kShown));
  const std::string more = count > kShown ? fmt::format("; and {} more", count - kShown) : "";
  return fmt::format("{}{}", fmt::join(all, "; "), more);
}

std::size_t Record::differing() const {
  return static_cast<std::size_t>(std::count_if(
      steps.begin(), steps.end(), [](const Entry& entry) { return !entry.step.as_expected(); }));
}

std::size_t Record::skipped() const {
  return static_cast<std::size_t>(std::count_if(
      steps.begin(), steps.end(), [](const Entry& entry) { return entry.step.skipped(); }));
}

void Report::opening(std::string_view picture) {
  say(look_, fmt::format("\n{}\n\n{}\n", tinted(Tint::kStrong, kTitle, look_), picture));
  say(look_, fmt::format("   iptables on every host: {}\n", record_.iptables));
  say(look_, wrap("Each host is a set of namespaces with real services. Nothing of this machine is "
                  "changed.",
                  3));
  if (!record_.many_ids) {
    say(look_,
        wrap("Without root there is one user id for all, so a seccomp filter answers setgroups(2) "
             "with success, "
             "else sshd, nginx and cron would not start. Everything else is as it is with root.",
             3));
  }
}

void Report::chapter(std::string title, std::string_view text) {
  chapter_ = std::move(title);
  after_step_ = false;
  say(look_, fmt::format("\n{} {}\n", tinted(Tint::kStrong, look_.utf8 ? "──" : "--", look_),
                         tinted(Tint::kStrong, chapter_, look_)));
  if (!text.empty()) say(look_, wrap(text, 3));
  say(look_, "\n");
}

void Report::note(std::string_view text) {
  say(look_, (after_step_ ? "\n" : "") + wrap(text, 3));
  after_step_ = false;
}

void Report::step(Step step) {
  std::string text = fmt::format(" {} {}\n", mark(step, look_), action(step, look_));
  for (const std::string& line : split_lines(step.output)) {
    text += fmt::format("      {} {}\n", tinted(Tint::kQuiet, look_.utf8 ? "│" : "|", look_),
                        line.substr(0, line.find_last_not_of(' ') + 1));
  }
  text += outcome(step, look_);
  say(look_, text);
  after_step_ = true;
  record_.steps.push_back({chapter_, std::move(step)});
}

void Report::matrix(Matrix matrix) {
  say(look_, "\n" + draw(matrix, look_) + "\n");
  Step step;
  step.host = "everybody";
  step.action = fmt::format("{} connections", matrix.tried());
  step.command = false;
  step.expected = "as the table has them";
  const std::string differences = matrix.differences_in_short();
  step.seen = differences.empty() ? step.expected : differences;
  record_.matrices.push_back(std::move(matrix));
  this->step(std::move(step));
}

void Report::closing() {
  const std::size_t differing = record_.differing();
  const std::size_t all = record_.steps.size();
  std::string text = "\n";
  if (!record_.trouble.empty()) {
    text += tinted(Tint::kBad, "The lab could not go on: " + record_.trouble, look_) + "\n";
  }
  for (const Record::Entry& entry : record_.steps) {
    if (entry.step.as_expected()) continue;
    text += fmt::format("{} {}: {}\n", tinted(Tint::kBad, "differs:", look_), entry.step.host,
                        entry.step.action);
  }
  const std::string time = fmt::format("{:.0f} s", record_.seconds);
  if (differing == 0 && record_.trouble.empty()) {
    text += tinted(Tint::kGood, fmt::format("{} steps, all as expected", all - record_.skipped()),
                   look_);
  } else {
    text += tinted(Tint::kBad,
                   fmt::format("{} steps, {} not as expected", all - record_.skipped(), differing),
                   look_);
  }
  if (record_.skipped() > 0) text += fmt::format(", {} left out", record_.skipped());
  say(look_, text + fmt::format(" ({})\n", time));
}

}  // namespace bulkhead::lab
