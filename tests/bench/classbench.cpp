// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/classbench.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bulkhead::testing {

namespace {

std::string network(const std::array<unsigned, 4>& bytes, unsigned length, net::Family family) {
  if (family == net::Family::kIpv4) return fmt::format("{}/{}", fmt::join(bytes, "."), length);
  return fmt::format("2001:db8:{:x}:{:x}::/{}", bytes[0] << 8 | bytes[1], bytes[2] << 8 | bytes[3],
                     32 + length);
}

std::string flags(unsigned value, unsigned mask) {
  constexpr std::string_view kNames[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
  std::vector<std::string_view> asked;
  std::vector<std::string_view> set;
  for (unsigned bit = 0; bit < 6; ++bit) {
    if ((mask >> bit & 1) != 0) asked.push_back(kNames[bit]);
    if ((mask & value) >> bit & 1) set.push_back(kNames[bit]);
  }
  if (asked.empty()) return "";
  return fmt::format(" --tcp-flags {} {}", fmt::join(asked, ","),
                     set.empty() ? "NONE" : fmt::format("{}", fmt::join(set, ",")));
}

std::string rule(const std::string& line, net::Family family) {
  std::array<unsigned, 4> source{}, destination{};
  unsigned source_length = 0, destination_length = 0, from = 0, to = 0, low = 0, high = 0;
  unsigned protocol = 0, protocol_mask = 0, value = 0, mask = 0;
  const int read =
      std::sscanf(line.c_str(), "@%u.%u.%u.%u/%u %u.%u.%u.%u/%u %u : %u %u : %u %x/%x %x/%x",
                  &source[0], &source[1], &source[2], &source[3], &source_length, &destination[0],
                  &destination[1], &destination[2], &destination[3], &destination_length, &from,
                  &to, &low, &high, &protocol, &protocol_mask, &value, &mask);
  if (read < 16) return "";
  std::string text = fmt::format("-A FORWARD -s {} -d {}", network(source, source_length, family),
                                 network(destination, destination_length, family));
  if (protocol_mask != 0) text += fmt::format(" -p {}", protocol);
  if (protocol_mask != 0 && (protocol == 6 || protocol == 17)) {
    text += protocol == 6 ? " -m tcp" : " -m udp";
    if (from != 0 || to != 65535) text += fmt::format(" --sport {}:{}", from, to);
    if (low != 0 || high != 65535) text += fmt::format(" --dport {}:{}", low, high);
    if (protocol == 6) text += flags(value, mask);
  }
  unsigned hash = 2166136261;
  for (const char letter : line) hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619;
  return text + ((hash >> 7 & 1) != 0 ? " -j ACCEPT\n" : " -j DROP\n");
}

}  // namespace

std::optional<std::filesystem::path> corpus() {
  const char* given = std::getenv("BULKHEAD_CORPUS");
  const std::filesystem::path folder =
      given != nullptr ? std::filesystem::path(given)
                       : std::filesystem::path(BULKHEAD_SOURCE_DIR) / "../shared/corpus";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

std::string classbench_rules(const std::filesystem::path& file, net::Family family) {
  std::string text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) text += rule(line, family);
  return text + "COMMIT\n";
}

}  // namespace bulkhead::testing
