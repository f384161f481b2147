// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_string.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/pattern.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_string {
namespace {

// The kernel has a third, fsm, that takes no text.
Result<std::string> parse_algorithm(std::span<const std::string_view> words, const Context&) {
  if (words[0] == "bm" || words[0] == "kmp") return std::string(words[0]);
  if (words[0] == "fsm") return kernel_refusal(EINVAL, "fsm can't look for a text");
  return kernel_refusal(ENOENT, fmt::format("the kernel has no way \"{}\" to look", words[0]));
}

constexpr ArgumentType kAlgorithm{.words = "bm|kmp", .parse = parse_algorithm};

bool is_pattern(const ir::Argument& argument) {
  return argument.option == "string" || argument.option == "hex-string";
}

std::string bytes_of(const ir::Argument& argument) {
  return argument.option == "string" ? pattern_bytes(argument.text)
                                     : hex_pattern_bytes(argument.text);
}

// Which of the two was typed doesn't matter: what can be printed is a --string.
Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  for (ir::Argument& argument : arguments) {
    if (!is_pattern(argument)) continue;
    const std::string bytes = bytes_of(argument);
    argument.option = is_hex_pattern(bytes) ? "hex-string" : "string";
    argument.text = pattern_text(bytes);
  }
  return {};
}

struct Search {
  std::string bytes;
  std::string_view algorithm;
  uint16_t from = 0;
  uint16_t to = UINT16_MAX;
  uint8_t flags = 0;
};

Search read(std::span<const ir::Argument> arguments) {
  Search search;
  for (const ir::Argument& argument : arguments) {
    if (is_pattern(argument)) {
      search.bytes = bytes_of(argument);
      if (argument.negated) search.flags |= XT_STRING_FLAG_INVERT;
    }
    const auto number = static_cast<uint16_t>(canonical_number(argument.text));
    if (argument.option == "algo") search.algorithm = argument.text;
    if (argument.option == "from") search.from = number;
    if (argument.option == "to") search.to = number;
    if (argument.option == "icase") search.flags |= XT_STRING_FLAG_IGNORECASE;
  }
  return search;
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const Search search = read(arguments);
  if (search.bytes.empty()) return kernel_refusal(EINVAL, "there is nothing to look for");
  if (search.from > search.to) return kernel_refusal(EINVAL, "--from is behind --to");
  return ir::Predicate{xt_match<xt_string_info>("string", 1, [&](xt_string_info& info) {
    info.from_offset = search.from;
    info.to_offset = search.to;
    std::ranges::copy(search.algorithm, info.algo);
    std::ranges::copy(search.bytes, info.pattern);
    info.patlen = static_cast<uint8_t>(search.bytes.size());
    info.u.v1.flags = search.flags;
  })};
}

constexpr uint8_t kOnePattern = 1;

constexpr Option kOptions[] = {
    {
        .name = "string",
        .type = &kPattern,
        .group = kOnePattern,
        // iptables writes two spaces where there is no '!'.
        .list = "STRING match {!} {}",
        .help = "the text, at most 128 bytes",
        .sentence = "{not }{} is in it",
    },
    {
        .name = "hex-string",
        .type = &kHexPattern,
        .group = kOnePattern,
        .list = "STRING match {!} {}",
        .help = "the text, with bytes in hex between bars: \"GET |0d 0a|\"",
        .sentence = "{not }{} is in it",
    },
    {
        .name = "algo",
        .type = &kAlgorithm,
        .negation = Negation::kRefused,
        .required = true,
        .modifier = true,
        .list = "ALGO name {}",
        .help = "how to look: bm is Boyer-Moore, kmp is Knuth-Pratt-Morris",
        .sentence = "(looked for by {})",
    },
    {
        .name = "from",
        .type = &kNumber<0, UINT16_MAX>,
        .negation = Negation::kRefused,
        .modifier = true,
        .fallback = "0",
        .list = "FROM {}",
        .help = "where to begin, in bytes from the start of the IP header",
        .sentence = "from byte {} on",
    },
    {
        .name = "to",
        .type = &kNumber<0, UINT16_MAX>,
        .negation = Negation::kRefused,
        .modifier = true,
        .fallback = "65535",
        .list = "TO {}",
        .help = "where to stop",
        .sentence = "up to byte {}",
    },
    {
        .name = "icase",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .modifier = true,
        .list = "ICASE",
        .help = "upper and lower case letters are the same",
        .sentence = "in upper or lower case",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m string --algo bm --string GET",
        .canonical = "-m string --string \"GET\" --algo bm",
        .nft = "[ match string rev 1 0x0000ffff626d0000000000000000000000000000474554(125 "
               "zeros)030000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 data GET/index",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 data get/index",
    },
    {
        .rule = "-m string --algo kmp ! --string cmd.exe --icase",
        .canonical = "-m string ! --string \"cmd.exe\" --algo kmp --icase",
        .nft = "[ match string rev 1 0x0000ffff6b6d7000000000000000000000000000636d642e657865(121 "
               "zeros)070300000000000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 data /cmd/exe",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 data /CMD.exe",
    },
    // The data begins at byte 28.
    {
        .rule = "-m string --algo bm --string abc --from 28 --to 33",
        .canonical = "-m string --string \"abc\" --algo bm --from 28 --to 33",
        .nft = "[ match string rev 1 0x1c002100626d0000000000000000000000000000616263(125 "
               "zeros)030000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 data ..abc",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 data ......abc",
    },
    {
        .rule = "-m string --algo bm --hex-string |0a|b|0d|",
        .canonical = "-m string --hex-string \"|0a620d|\" --algo bm",
        .nft = "[ match string rev 1 0x0000ffff626d00000000000000000000000000000a620d(125 "
               "zeros)030000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 data 0x610a620d",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 data 0x610a63620d",
    },
    {
        .rule = "-m string --algo kmp ! --hex-string |00ff|",
        .canonical = "-m string ! --hex-string \"|00ff|\" --algo kmp",
        .nft = "[ match string rev 1 0x0000ffff6b6d700000000000000000000000000000ff(126 "
               "zeros)020100000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 data 0xff00",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 data 0x00ff",
    },
    {
        .rule = "-m string --algo bm --hex-string |47|ET",
        .canonical = "-m string --string \"GET\" --algo bm",
        .nft = "[ match string rev 1 0x0000ffff626d0000000000000000000000000000474554(125 "
               "zeros)030000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 data GET",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 data |47|ET",
    },
};

constexpr Match kString{
    .name = "string",
    .options = kOptions,
    .bare_error = "STRING match: You must specify `--string' or `--hex-string'",
    .summary =
        "Looks for bytes anywhere in the packet, its headers among them. A text that is cut in two "
        "by packets isn't found.",
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kString));

}  // namespace

const Match& row() { return kString; }

}  // namespace bulkhead::ext::match_string
