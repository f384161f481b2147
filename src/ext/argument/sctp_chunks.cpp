// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/sctp_chunks.h"

#include <algorithm>

#include <fmt/format.h>

#include "ext/argument/split.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

using Which = SctpChunks::Which;

struct Chunk {
  std::string_view name;
  uint8_t type;
  std::string_view flags = "--------";  // the most significant bit first
};

// libxtables' names. Its number of a chunk in messages is the place in this list.
constexpr Chunk kChunks[] = {
    {"DATA", 0, "----IUBE"},
    {"INIT", 1},
    {"INIT_ACK", 2},
    {"SACK", 3},
    {"HEARTBEAT", 4},
    {"HEARTBEAT_ACK", 5},
    {"ABORT", 6, "-------T"},
    {"SHUTDOWN", 7},
    {"SHUTDOWN_ACK", 8},
    {"ERROR", 9},
    {"COOKIE_ECHO", 10},
    {"COOKIE_ACK", 11},
    {"ECN_ECNE", 12},
    {"ECN_CWR", 13},
    {"SHUTDOWN_COMPLETE", 14, "-------T"},
    {"I_DATA", 64, "----IUBE"},
    {"RE_CONFIG", 130},
    {"PAD", 132},
    {"ASCONF", 193},
    {"ASCONF_ACK", 128},
    {"FORWARD_TSN", 192},
    {"I_FORWARD_TSN", 194},
};

constexpr std::string_view kWhich[] = {"any", "all", "only"};
constexpr std::string_view kAllTypes = "ALL";
constexpr std::string_view kNoTypes = "NONE";
constexpr size_t kMostWithFlags = 4;  // XT_NUM_SCTP_FLAGS

bool is_upper(char c) { return lower_case(c) != c; }

Result<void> add_flags(SctpChunks& chunks, const Chunk& chunk, std::string_view letters) {
  for (const char letter : letters) {
    const auto same = [&](char c) { return lower_case(c) == lower_case(letter); };
    const auto* const found = std::ranges::find_if(chunk.flags, same);
    if (found == chunk.flags.end())
      return usage_error(fmt::format("Invalid flags for chunk type {}", &chunk - kChunks));

    auto of = std::ranges::find(chunks.flags, chunk.type, &SctpChunks::Flags::type);
    if (of == chunks.flags.end()) {
      if (chunks.flags.size() == kMostWithFlags) {
        return usage_error(
            "Number of chunk types with flags exceeds currently allowed limit. Increasing this "
            "limit involves changing IPT_NUM_SCTP_FLAGS and recompiling both the kernel space and "
            "user space modules");
      }
      of = chunks.flags.insert(of, {.type = chunk.type});
    }
    const auto bit = static_cast<uint8_t>(0x80 >> (found - chunk.flags.begin()));
    of->mask |= bit;
    if (is_upper(letter)) of->set |= bit;
  }
  return {};
}

Result<void> add_chunks(SctpChunks& chunks, std::string_view list) {
  if (same_word(list, kAllTypes)) chunks.types.set();
  if (same_word(list, kAllTypes) || same_word(list, kNoTypes)) return {};
  for (const std::string_view part : split(list, ',')) {
    if (part.empty()) continue;
    const size_t colon = part.find(':');
    const std::string_view name = part.substr(0, colon);
    const auto* const chunk = std::ranges::find_if(
        kChunks, [&](const Chunk& each) { return same_word(each.name, name); });
    if (chunk == std::end(kChunks))
      return usage_error(fmt::format("Unknown sctp chunk `{}'", name));
    chunks.types.set(chunk->type);
    if (colon == std::string_view::npos) continue;
    if (auto added = add_flags(chunks, *chunk, part.substr(colon + 1)); !added) return added;
  }
  return {};
}

std::string flags_text(const Chunk& chunk, const SctpChunks& chunks) {
  const auto of = std::ranges::find(chunks.flags, chunk.type, &SctpChunks::Flags::type);
  if (of == chunks.flags.end()) return "";
  std::string text = ":";
  for (unsigned i = 0; i < chunk.flags.size(); ++i) {
    const unsigned bit = 0x80u >> i;
    if ((of->mask & bit) == 0) continue;
    text += (of->set & bit) != 0 ? chunk.flags[i] : lower_case(chunk.flags[i]);
  }
  return text;
}

// In the order of their numbers.
std::string types_text(const SctpChunks& chunks, bool numeric) {
  if (chunks.types.none()) return std::string(kNoTypes);
  if (chunks.types.all()) return std::string(kAllTypes);
  std::string text;
  for (size_t type = 0; type < chunks.types.size(); ++type) {
    if (!chunks.types[type]) continue;
    const Chunk& chunk = *std::ranges::find(kChunks, type, &Chunk::type);
    if (!text.empty()) text += ',';
    text += numeric ? fmt::format("0x{:04X}", type) : std::string(chunk.name);
    text += flags_text(chunk, chunks);
  }
  return text;
}

Result<SctpChunks> parse(std::string_view which, std::string_view list) {
  const auto* const found =
      std::ranges::find_if(kWhich, [&](std::string_view name) { return same_word(name, which); });
  if (found == std::end(kWhich))
    return usage_error("Match type has to be one of \"ALL\", \"ANY\" or \"ONLY\"");
  SctpChunks chunks{.which = static_cast<Which>(found - kWhich)};
  if (auto added = add_chunks(chunks, list); !added) return added.error();
  return chunks;
}

}  // namespace

Result<std::string> parse_sctp_chunks(std::span<const std::string_view> words, const Context&) {
  if (words.size() < 2) return usage_error("--chunk-types requires two args");
  const Result<SctpChunks> chunks = parse(words[0], words[1]);
  if (!chunks) return chunks.error();
  return fmt::format("{} {}", kWhich[static_cast<size_t>(chunks->which)],
                     types_text(*chunks, /*numeric=*/false));
}

SctpChunks read_sctp_chunks(std::string_view canonical) {
  const size_t space = canonical.find(' ');
  return parse(canonical.substr(0, space), canonical.substr(space + 1)).value();
}

std::string list_sctp_chunks(std::string_view canonical, bool numeric, const Context&) {
  const SctpChunks chunks = read_sctp_chunks(canonical);
  return fmt::format("{} {}", kWhich[static_cast<size_t>(chunks.which)],
                     types_text(chunks, numeric));
}

std::string say_sctp_chunks(std::string_view canonical, const Context&) {
  const SctpChunks chunks = read_sctp_chunks(canonical);
  return fmt::format("{}{}",
                     chunks.which == Which::kOnly  ? "only "
                     : chunks.which == Which::kAll ? "all of "
                                                   : "any of ",
                     types_text(chunks, /*numeric=*/false));
}

std::string sctp_chunk_choices() {
  std::string text = "Chunk types:";
  for (const Chunk& chunk : kChunks) text += fmt::format(" {}", chunk.name);
  return text + " ALL NONE\n";
}

}  // namespace bulkhead::ext
