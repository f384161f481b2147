// SPDX-License-Identifier: GPL-2.0-or-later
// bulkhead_fuzz_seeds CORPUS OUT: for each target, OUT/<target>/ with a file for every example of a
// row, and OUT/<target>.dict (libFuzzer's dictionary) with the words of these, of CORPUS/<target>/
// and of the rows.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "fuzz/fuzz.h"
#include "fuzz/rows.h"
#include "net/packet_text.h"

namespace {

using namespace bulkhead;
namespace fs = std::filesystem;

std::vector<std::string> seeds(std::string_view target) {
  std::vector<std::string> out;
  for (const fuzz::RowExample& example : fuzz::row_examples()) {
    const char* program = example.family == net::Family::kIpv4 ? "iptables" : "ip6tables";
    if (target == "command_line") {
      out.push_back(fmt::format("{0} -A INPUT {1}\n{0} -L -v\n", program, example.rule));
    } else if (target == "restore") {
      out.push_back(fmt::format("*filter\n-A INPUT {}\nCOMMIT\n", example.rule));
    } else if (target == "packet_words") {
      out.emplace_back(example.hit);
      out.emplace_back(example.miss);
    } else if (target == "packet_bytes") {
      const auto packet = net::parse_packet(example.hit);
      if (!packet) continue;
      const std::vector<uint8_t> bytes = packet->bytes();
      out.push_back('\0' + std::string(bytes.begin(), bytes.end()));
    }
  }
  return out;
}

std::string dictionary_line(std::string_view word) {
  std::string out;
  for (const char c : word) {
    const bool is_plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    out += is_plain ? std::string(1, c) : fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
  }
  return fmt::format("\"{}\"\n", out);
}

void add_words(const std::string& text, std::set<std::string>& words) {
  std::istringstream stream(text);
  // libFuzzer takes no word above 64 bytes.
  for (std::string word; stream >> word;) {
    if (word.size() <= 64) words.insert(word);
  }
}

void write(const fs::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) {
    std::fprintf(stderr, "%s can't be written\n", file.c_str());
    std::exit(1);
  }
}

void write_target(std::string_view target, const fs::path& corpus, const fs::path& out) {
  fs::remove_all(out / target);
  fs::create_directories(out / target);
  std::set<std::string> words;
  const bool is_text = target != "packet_bytes";
  size_t number = 0;
  for (const std::string& seed : seeds(target)) {
    write(out / target / fmt::format("row-{:03}", number++), seed);
    if (is_text) add_words(seed, words);
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(corpus / target)) {
    if (!is_text) break;
    std::ifstream in(entry.path(), std::ios::binary);
    add_words(std::string(std::istreambuf_iterator<char>(in), {}), words);
  }
  if (target == "command_line" || target == "restore") {
    for (std::string& word : fuzz::row_words()) words.insert(std::move(word));
  }
  std::string dictionary;
  for (const std::string& word : words) dictionary += dictionary_line(word);
  write(out / (std::string(target) + ".dict"), dictionary);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS OUT\n", argv[0]);
    return 2;
  }
  for (const fuzz::Target& target : fuzz::kTargets) write_target(target.name, argv[1], argv[2]);
  return 0;
}
