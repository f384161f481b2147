// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/probe.h"

namespace bulkhead::lab {

// One thing that was done. `expected` and `seen` use the same few words, so that they can be
// compared.
struct Step {
  std::string host;     // on which host
  std::string action;   // the command as typed, or what was tried
  bool command = true;  // shown behind a prompt
  std::string expected;
  std::string seen;    // empty: the step was left out, and `detail` says why
  std::string detail;  // more about what was seen
  std::string output;  // what the command printed

  bool skipped() const { return seen.empty(); }
  bool as_expected() const { return skipped() || seen == expected; }
};

struct Cell {
  Reach expected = Reach::kSilent;
  Seen seen;
};

// Who reaches what.
struct Matrix {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::string> details;  // a second line under the columns
  std::vector<std::string> rows;
  std::vector<std::vector<std::optional<Cell>>> cells;  // nothing: not tried

  std::size_t tried() const;
  // "attacker to ssh: expected silent, seen reached"; empty if all is as expected.
  std::vector<std::string> differences() const;
  // The first of them and how many there are, for a line of text.
  std::string differences_in_short() const;
};

struct Record {
  std::string iptables;    // what `iptables -V` says
  bool own_users = false;  // played in a user namespace
  bool many_ids = true;    // ... or in one with a single user id
  struct Address {
    std::string host;
    pid_t pid = 0;
  };
  std::vector<Address> hosts;
  struct Entry {
    std::string chapter;
    Step step;
  };
  std::vector<Entry> steps;
  std::vector<Matrix> matrices;
  std::string trouble;  // why the lab itself could not go on
  double seconds = 0;

  std::size_t differing() const;
  std::size_t skipped() const;
};

struct Look {
  bool colour = false;
  bool utf8 = false;
  bool silent = false;  // collect only, for --json
};

// As the terminal and the environment want it (NO_COLOR, TERM, the locale).
Look look_of_terminal();

// Prints the story while it is played, and keeps it.
class Report {
 public:
  explicit Report(Look look) : look_(look) {}

  void opening(std::string_view picture);
  void chapter(std::string title, std::string_view text);
  void note(std::string_view text);
  void step(Step step);
  void matrix(Matrix matrix);
  void closing();

  const Look& look() const { return look_; }
  Record& record() { return record_; }
  const Record& record() const { return record_; }

 private:
  Look look_;
  Record record_;
  std::string chapter_;
  bool after_step_ = false;
};

// The matrix as lines of text; separate, so that it can be tested.
std::string draw(const Matrix& matrix, const Look& look);

// Text behind an escape sequence where colours are wanted.
enum class Tint { kGood, kBad, kQuiet, kStrong, kCommand };
std::string tinted(Tint tint, std::string_view text, const Look& look);

std::string to_json(const Record& record);

}  // namespace bulkhead::lab
