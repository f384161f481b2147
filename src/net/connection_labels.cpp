// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/connection_labels.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace bulkhead::net {
namespace {

constexpr uint16_t kLastBit = 127;  // XT_CONNLABEL_MAXBIT of linux/netfilter/xt_connlabel.h
constexpr std::string_view kBlanks = " \t\r";

// The word that `line` begins with, taken off it.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::vector<ConnectionLabel> parse_connection_labels(std::string_view text) {
  std::vector<ConnectionLabel> labels;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));

    const std::string_view number = take_word(line);
    const std::string_view name = take_word(line);
    uint16_t bit = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), bit);
    const bool is_number = read.ec == std::errc{} && read.ptr == number.data() + number.size();
    if (!is_number || bit > kLastBit || name.empty()) continue;
    const auto known = [&](const ConnectionLabel& label) {
      return label.bit == bit || label.name == name;
    };
    if (!std::ranges::any_of(labels, known)) labels.push_back({bit, std::string(name)});
  }
  return labels;
}

std::vector<ConnectionLabel> system_connection_labels() {
  std::ifstream file("/etc/xtables/connlabel.conf");
  std::ostringstream text;
  text << file.rdbuf();
  return parse_connection_labels(text.str());
}

}  // namespace bulkhead::net
