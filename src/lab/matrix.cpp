// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "lab/report.h"

namespace bulkhead::lab {
namespace {

struct Sign {
  std::string_view utf8;
  std::string_view ascii;
};

Sign sign(Reach reach) {
  switch (reach) {
    case Reach::kReached: return {"●", "@"};
    case Reach::kRefused: return {"○", "x"};
    case Reach::kSilent: return {"·", "."};
    case Reach::kImpossible: return {"?", "?"};
  }
  return {"?", "?"};
}

// The text of a cell without colours, and how many columns it takes (the signs are one column
// wide).
struct Plain {
  std::string text;
  std::size_t columns;
};

Plain plain(const std::optional<Cell>& cell, const Look& look) {
  if (!cell) return {"", 0};
  const Sign shown = sign(cell->seen.reach);
  const std::string_view name = word(cell->seen.reach);
  const bool differs = cell->seen.reach != cell->expected;
  std::string text =
      fmt::format("{} {}{}", look.utf8 ? shown.utf8 : shown.ascii, name, differs ? " (!)" : "");
  return {std::move(text), 2 + name.size() + (differs ? 4U : 0U)};
}

Tint tint(const Cell& cell) {
  if (cell.seen.reach != cell.expected) return Tint::kBad;
  return cell.seen.reach == Reach::kReached ? Tint::kGood : Tint::kQuiet;
}

}  // namespace

std::string draw(const Matrix& matrix, const Look& look) {
  constexpr std::size_t kGap = 2;
  std::size_t first = 0;
  for (const std::string& row : matrix.rows) first = std::max(first, row.size());
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < matrix.columns.size(); ++column) {
    std::size_t width = std::max(matrix.columns[column].size(), matrix.details[column].size());
    for (const auto& row : matrix.cells) width = std::max(width, plain(row[column], look).columns);
    widths.push_back(width + kGap);
  }

  std::string drawn = fmt::format("   {}\n\n", tinted(Tint::kStrong, matrix.title, look));
  const std::string margin(3, ' ');
  const auto heads = [&](const std::vector<std::string>& texts, Tint tint_of_heads,
                         std::string_view corner) {
    drawn += margin + fmt::format("{:<{}}", corner, first + kGap);
    for (std::size_t column = 0; column < texts.size(); ++column) {
      drawn += tinted(tint_of_heads, texts[column], look) +
               std::string(widths[column] - texts[column].size(), ' ');
    }
    drawn.erase(drawn.find_last_not_of(' ') + 1);
    drawn += '\n';
  };
  heads(matrix.columns, Tint::kStrong, "from \\ to");
  heads(matrix.details, Tint::kQuiet, "");
  std::size_t total = first + kGap;
  for (const std::size_t width : widths) total += width;
  drawn += margin;
  for (std::size_t column = 0; column < total - kGap; ++column) drawn += look.utf8 ? "─" : "-";
  drawn += '\n';
  for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
    drawn += margin + fmt::format("{:<{}}", matrix.rows[row], first + kGap);
    for (std::size_t column = 0; column < matrix.columns.size(); ++column) {
      const std::optional<Cell>& cell = matrix.cells[row][column];
      const Plain shown = plain(cell, look);
      drawn += cell ? tinted(tint(*cell), shown.text, look) : "";
      drawn += std::string(widths[column] - shown.columns, ' ');
    }
    drawn.erase(drawn.find_last_not_of(' ') + 1);
    drawn += '\n';
  }
  return drawn;
}

}  // namespace bulkhead::lab
