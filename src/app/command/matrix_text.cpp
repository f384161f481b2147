// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command/matrix.h"
#include "app/json.h"
#include "app/summary.h"
#include "net/address.h"
#include "set/cube.h"

namespace bulkhead::app {

namespace {

// "10.0.0.0/8", or "first-last" where it is no prefix.
std::string range_text(net::Family family, const ir::Interval& range) {
  const U128 free = range.first ^ range.last;
  const bool prefix = (free & (free + 1)) == 0 && (range.first & free) == 0;
  const net::Address first{family, range.first};
  if (!prefix)
    return fmt::format("{}-{}", net::to_string(first),
                       net::to_string(net::Address{family, range.last}));
  return net::to_string(net::Network{first, low_bits(net::address_bits(family)) & ~free});
}

bool reaches(const pass::ServiceMatrix& matrix, size_t from, size_t to) {
  return std::ranges::binary_search(matrix.pairs, std::pair(from, to));
}

std::string classes_text(const MatrixReport& report, const Paint& paint, size_t width) {
  std::string text;
  for (size_t i = 0; i < report.matrix.classes.size(); ++i) {
    const std::string addresses = set::address_words(report.family, report.matrix.classes[i]);
    text += fmt::format("  {}  {}\n", paint.name(fmt::format("{:>{}}", class_name(i), width)),
                        wrapped(addresses, width + 4));
  }
  return text;
}

// Rows are sources, columns destinations.
std::string pairs_text(const pass::ServiceMatrix& matrix, const Paint& paint, size_t width) {
  const size_t count = matrix.classes.size();
  constexpr std::string_view kCorner = "from \\ to";
  const size_t margin = std::max(width + 2, kCorner.size());
  std::string text = fmt::format("{:<{}}", kCorner, margin);
  for (size_t to = 0; to < count; ++to)
    text += " " + paint.name(fmt::format("{:>{}}", class_name(to), width));
  text += '\n';
  for (size_t from = 0; from < count; ++from) {
    text += paint.name(fmt::format("{:>{}}", class_name(from), margin));
    for (size_t to = 0; to < count; ++to) {
      text += fmt::format(" {:>{}}", "", width - 1);
      text += reaches(matrix, from, to) ? paint.good("x") : paint.faint(".");
    }
    text += '\n';
  }
  return text;
}

// Where the table would be wider than a page: a line for each source.
std::string pairs_list(const pass::ServiceMatrix& matrix, const Paint& paint, size_t width) {
  std::string text;
  const size_t count = matrix.classes.size();
  for (size_t from = 0; from < count; ++from) {
    std::vector<std::string> to;
    for (size_t i = 0; i < count; ++i)
      if (reaches(matrix, from, i)) to.push_back(class_name(i));
    const std::string all = to.empty()           ? "none"
                            : to.size() == count ? "all"
                                                 : fmt::format("{}", fmt::join(to, " "));
    text +=
        fmt::format("  {} reaches {}\n", paint.name(fmt::format("{:>{}}", class_name(from), width)),
                    wrapped(all, width + 11));
  }
  return text;
}

std::string spoofing_text(const MatrixReport& report, const Paint& paint) {
  std::vector<std::string> kept_out;
  std::vector<std::string> others;
  for (const MatrixReport::Spoofing& each : report.spoofing)
    (each.kept_out ? kept_out : others).push_back(printable(each.interface));
  std::string text;
  const auto line = [&](const std::string& heading, const std::vector<std::string>& names) {
    if (names.empty()) return;
    text += fmt::format("{} at\n  {}\n", heading,
                        wrapped(fmt::format("{}", fmt::join(names, ", ")), 2));
  };
  line(paint.good("forged sources are kept out"), kept_out);
  line(paint.bad("forged sources may come in"), others);
  return text.empty() ? "" : "\n" + text;
}

}  // namespace

std::string class_name(size_t number) {
  std::string name;
  for (size_t rest = number + 1; rest > 0; rest = (rest - 1) / 26)
    name.insert(name.begin(), static_cast<char>('a' + (rest - 1) % 26));
  return name;
}

std::string matrix_text(const MatrixReport& report, const Paint& paint) {
  const pass::ServiceMatrix& matrix = report.matrix;
  const size_t width = class_name(matrix.classes.size() - 1).size();
  constexpr size_t kPage = 100;
  const bool fits = (width + 1) * matrix.classes.size() + width + 12 <= kPage;
  return fmt::format("{}\n\n{} in {}, x where the first may reach the second:\n{}\n{}{}",
                     paint.strong(report.question), family_name(report.family),
                     counted(matrix.classes.size(), "class of addresses", "classes of addresses"),
                     classes_text(report, paint, width),
                     fits ? pairs_text(matrix, paint, width) : pairs_list(matrix, paint, width),
                     spoofing_text(report, paint));
}

std::string matrix_json(const MatrixReport& report) {
  Json classes = Json::array();
  for (size_t i = 0; i < report.matrix.classes.size(); ++i) {
    Json addresses = Json::array();
    for (const ir::Interval& range : report.matrix.classes[i].intervals())
      addresses.push_back(range_text(report.family, range));
    classes.push_back({{"name", class_name(i)}, {"addresses", std::move(addresses)}});
  }
  Json pairs = Json::array();
  for (const auto& [from, to] : report.matrix.pairs)
    pairs.push_back(Json::array({class_name(from), class_name(to)}));
  Json spoofing = Json::object();
  for (const MatrixReport::Spoofing& each : report.spoofing)
    spoofing[each.interface] = each.kept_out;
  Json all = {{"classes", std::move(classes)},
              {"pairs", std::move(pairs)},
              {"spoofing", std::move(spoofing)}};
  if (!report.warnings.empty()) all["warnings"] = report.warnings;
  return json_text(all);
}

}  // namespace bulkhead::app
