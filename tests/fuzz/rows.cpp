// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz/rows.h"

#include "ext/row.h"

namespace bulkhead::fuzz {

namespace {

template <class Row> void add_examples(const Row& row, std::vector<RowExample>& out) {
  for (const net::Family family : net::kFamilies) {
    if (row.families == ext::Families::kIpv4 && family != net::Family::kIpv4) continue;
    if (row.families == ext::Families::kIpv6 && family != net::Family::kIpv6) continue;
    for (const ext::Example& example : row.examples) {
      out.push_back({row.name, std::is_same_v<Row, ext::Target>, family, example.rule, example.hit,
                     example.miss});
    }
  }
}

void add_options(std::span<const ext::Option> options, std::vector<std::string>& out) {
  for (const ext::Option& option : options) {
    out.push_back("--" + std::string(option.name));
    for (const std::string_view alias : option.aliases) out.push_back("--" + std::string(alias));
  }
}

}  // namespace

std::vector<RowExample> row_examples() {
  std::vector<RowExample> out;
  for (const ext::Match* row : ext::matches()) add_examples(*row, out);
  for (const ext::Target* row : ext::targets()) add_examples(*row, out);
  return out;
}

std::vector<std::string> row_words() {
  std::vector<std::string> out;
  for (const ext::Match* row : ext::matches()) {
    out.emplace_back(row->name);
    for (const std::string_view alias : row->aliases) out.emplace_back(alias);
    add_options(row->options, out);
  }
  for (const ext::Target* row : ext::targets()) {
    out.emplace_back(row->name);
    add_options(row->options, out);
  }
  return out;
}

}  // namespace bulkhead::fuzz
