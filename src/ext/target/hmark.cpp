// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <linux/netfilter/xt_HMARK.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "core/byte_order.h"
#include "ext/argument/number.h"
#include "ext/argument/split.h"
#include "ext/argument/word.h"
#include "ext/arguments.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_hmark {
namespace {

// What --hmark-tuple lists: short for an option with all bits. In the order in which the beginning
// of a word is looked for.
struct TuplePart {
  std::string_view name;
  std::string_view option;  // empty: it stays
  std::string_view text;    // empty: the whole address
};

constexpr TuplePart kTupleParts[] = {
    {"ct", "", ""},
    {"src", "hmark-src-prefix", ""},
    {"dst", "hmark-dst-prefix", ""},
    {"sport", "hmark-sport-mask", "0xffff"},
    {"dport", "hmark-dport-mask", "0xffff"},
    {"proto", "hmark-proto-mask", "0xffff"},
    {"spi", "hmark-spi-mask", "0xffffffff"},
};

// To "hmark-src-prefix 32,hmark-sport-mask 0xffff,ct", which `settle` takes apart.
Result<std::string> parse_tuple(std::span<const std::string_view> words, const Context& context) {
  std::string text;
  for (std::string_view rest = words[0];;) {
    const std::string_view word = rest.substr(0, rest.find(','));
    const bool last = word.size() == rest.size();
    if (word.empty() && last) {
      return usage_error(
          "\"--hmark-tuple\" requires a list of types with no spaces, e.g. "
          "src,dst,sport,dport,proto");
    }
    const auto* part = std::ranges::find_if(
        kTupleParts, [&](const TuplePart& each) { return begins_with(each.name, word); });
    if (word.empty() || part == std::end(kTupleParts))
      return usage_error(fmt::format("Bad type \"{}\"", rest));
    if (!text.empty()) text += ',';
    if (part->option.empty()) {
      text += part->name;
    } else if (part->text.empty()) {
      text += fmt::format("{} {}", part->option, net::address_bits(context.family));
    } else {
      text += fmt::format("{} {}", part->option, part->text);
    }
    if (last) return text;
    rest.remove_prefix(word.size() + 1);
  }
}

// A mask that is no prefix, and a length that is too long, are refused: iptables takes either for
// the whole address.
Result<std::string> parse_prefix(std::span<const std::string_view> words, const Context& context) {
  const unsigned bits = net::address_bits(context.family);
  if (const auto length = whole_number(words[0], 0, bits)) return fmt::format("{}", *length);
  const auto mask = net::parse_address(context.family, words[0]);
  const auto length = mask ? net::Network{{context.family, 0}, mask->value}.prefix_length()
                           : std::optional<unsigned>();
  if (length) return fmt::format("{}", *length);
  return usage_error(
      fmt::format("{}: bad value for option \"--{}\", neither a valid network mask nor valid "
                  "CIDR (0-{}).",
                  context.row, context.option, bits));
}

constexpr ArgumentType kTuple{
    .words = "{src|dst|sport|dport|spi|proto|ct}[,...]",
    .parse = parse_tuple,
};
constexpr ArgumentType kPrefix{.words = "length", .parse = parse_prefix};

uint32_t hex_number(std::string_view canonical) {
  return static_cast<uint32_t>(whole_number(canonical, 0, UINT32_MAX).value_or(0));
}

template <uint64_t kLast, unsigned kDigits>
constexpr ArgumentType kHex{
    .words = "number",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) -> Result<std::string> {
      const Result<std::string> number = parse_number(words[0], 0, kLast, context);
      if (!number) return number.error();
      return fmt::format("0x{:0{}x}", canonical_number(*number), kDigits);
    },
    .list = [](std::string_view canonical, bool,
               const Context&) { return fmt::format("0x{:x}", hex_number(canonical)); },
};
constexpr ArgumentType kOffset{
    .words = "number",
    .parse = kNumber<0, UINT32_MAX>.parse,
    .list = [](std::string_view canonical, bool,
               const Context&) { return fmt::format("0x{:x}", canonical_number(canonical)); },
};

constexpr Option option(std::string_view name, const ArgumentType& type, std::string_view help,
                        std::string_view sentence) {
  return {.name = name,
          .type = &type,
          .negation = Negation::kRefused,
          .help = help,
          .sentence = sentence};
}

constexpr Option kOptions[] = {
    option("hmark-src-prefix", kPrefix, "hash these bits of the source address",
           "from {} bits of its source address"),
    option("hmark-dst-prefix", kPrefix, "hash these bits of the destination address",
           "from {} bits of its destination address"),
    option("hmark-sport-mask", kHex<UINT16_MAX, 4>, "hash these bits of the source port",
           "from the bits {} of its source port"),
    option("hmark-dport-mask", kHex<UINT16_MAX, 4>, "hash these bits of the destination port",
           "from the bits {} of its destination port"),
    option("hmark-spi-mask", kHex<UINT32_MAX, 8>, "hash these bits of the SPI of esp and ah",
           "from the bits {} of its SPI"),
    option("hmark-sport", kHex<UINT16_MAX, 4>, "set these bits of the source port before",
           "with the bits {} of its source port set"),
    option("hmark-dport", kHex<UINT16_MAX, 4>, "set these bits of the destination port before",
           "with the bits {} of its destination port set"),
    option("hmark-spi", kHex<UINT32_MAX, 8>, "set these bits of the SPI before",
           "with the bits {} of its SPI set"),
    option("hmark-proto-mask", kHex<UINT16_MAX, 2>, "hash these bits of the protocol's number",
           "from the bits {} of its protocol"),
    option("hmark-rnd", kHex<UINT32_MAX, 8>, "what the hash begins with", "with the seed {}"),
    option("hmark-mod", kNumber<1, UINT32_MAX>, "how many marks there are", "modulo {}"),
    option("hmark-offset", kOffset, "the first mark, 0 unless given", "plus {}"),
    option("hmark-tuple", kTuple,
           "hash all of these; ct: the connection's own, the same in both directions",
           "as its connection's first packet had them"),
};

// By -L: first these, in this order, then the rest as -S has them.
struct Shown {
  std::string_view option;
  std::string_view text;
};

constexpr Shown kShown[] = {
    {"hmark-mod", "mod {} "},
    {"hmark-offset", "+ {} "},
    {"hmark-tuple", "{}, "},
    {"hmark-src-prefix", "src-prefix {} "},
    {"hmark-dst-prefix", "dst-prefix {} "},
    {"hmark-sport-mask", "sport-mask {} "},
    {"hmark-dport-mask", "dport-mask {} "},
    {"hmark-spi-mask", "spi-mask {} "},
    {"hmark-sport", "sport {} "},
    {"hmark-dport", "dport {} "},
    {"hmark-spi", "spi {} "},
    {"hmark-proto-mask", "proto-mask {} "},
    {"hmark-rnd", "rnd {} "},
};

std::string list(std::span<const ir::Argument> arguments, bool numeric, const Context& context) {
  std::string text = "HMARK ";
  for (const Shown& shown : kShown) {
    const ir::Argument* argument = find(arguments, shown.option);
    if (argument == nullptr) continue;
    const ArgumentType& type = *option_named(kOptions, shown.option)->type;
    const std::string value =
        type.list == nullptr ? argument->text : type.list(argument->text, numeric, context);
    text += fmt::format(fmt::runtime(shown.text), value);
  }
  return text;
}

// Takes --hmark-tuple apart. An option that is also given by itself is refused: iptables takes the
// later of the two.
Result<void> expand_tuple(std::vector<ir::Argument>& arguments) {
  const auto tuple = std::ranges::find(arguments, "hmark-tuple", &ir::Argument::option);
  if (tuple == arguments.end()) return {};
  const ir::Argument listed = *tuple;
  arguments.erase(tuple);
  const std::vector<ir::Argument> single = arguments;
  for (const std::string_view part : split(listed.text, ',')) {
    const size_t space = part.find(' ');
    const bool stays = space == std::string_view::npos;
    const std::string_view name = stays ? std::string_view("hmark-tuple") : part.substr(0, space);
    if (find(single, name) != nullptr) {
      return usage_error(fmt::format(
          "HMARK: option \"--{}\" cannot be used together with \"--hmark-tuple\".", name));
    }
    if (find(arguments, name) != nullptr) continue;
    arguments.push_back({std::string(name), false,
                         std::string(stays ? part : part.substr(space + 1)), listed.span});
  }
  std::ranges::sort(arguments, {}, [](const ir::Argument& argument) {
    return option_named(kOptions, argument.option);
  });
  return {};
}

Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  if (Result<void> done = expand_tuple(arguments); !done) return done;
  const auto given = [&](std::string_view name) { return find(arguments, name) != nullptr; };
  if (!given("hmark-mod")) return usage_error("--hmark-mod is mandatory");
  if (!given("hmark-rnd")) return usage_error("--hmark-rnd is mandatory");
  if (given("hmark-spi-mask") && (given("hmark-sport-mask") || given("hmark-dport-mask"))) {
    return usage_error("you cannot use --hmark-spi-mask and --hmark-?port-mask,at the same time");
  }
  const bool hashes = std::ranges::any_of(arguments, [](const ir::Argument& argument) {
    return argument.option != "hmark-mod" && argument.option != "hmark-rnd" &&
           argument.option != "hmark-offset";
  });
  if (!hashes) return usage_error("you have to specify --hmark-tuple at least");
  return {};
}

void fill(xt_hmark_info& info, const ir::Argument& argument, net::Family family) {
  const std::string_view name = argument.option;
  const auto set = [&](auto& member, auto value, unsigned flag) {
    member = value;
    info.flags |= 1u << flag;
  };
  const auto set_mask = [&](nf_inet_addr& mask, unsigned flag) {
    const auto length = static_cast<unsigned>(canonical_number(argument.text));
    store_be(net::prefix_mask(family, length),
             std::span(reinterpret_cast<uint8_t*>(&mask), net::address_bits(family) / 8));
    info.flags |= 1u << flag;
  };
  const uint32_t number = hex_number(argument.text);
  const uint16_t port = htons(static_cast<uint16_t>(number));
  if (name == "hmark-src-prefix") set_mask(info.src_mask, XT_HMARK_SADDR_MASK);
  if (name == "hmark-dst-prefix") set_mask(info.dst_mask, XT_HMARK_DADDR_MASK);
  if (name == "hmark-sport-mask") set(info.port_mask.b16.src, port, XT_HMARK_SPORT_MASK);
  if (name == "hmark-dport-mask") set(info.port_mask.b16.dst, port, XT_HMARK_DPORT_MASK);
  if (name == "hmark-spi-mask") set(info.port_mask.b32, htonl(number), XT_HMARK_SPI_MASK);
  if (name == "hmark-sport") set(info.port_set.b16.src, port, XT_HMARK_SPORT);
  if (name == "hmark-dport") set(info.port_set.b16.dst, port, XT_HMARK_DPORT);
  if (name == "hmark-spi") set(info.port_set.b32, htonl(number), XT_HMARK_SPI);
  if (name == "hmark-proto-mask")
    set(info.proto_mask, static_cast<uint16_t>(number), XT_HMARK_PROTO_MASK);
  if (name == "hmark-rnd") set(info.hashrnd, number, XT_HMARK_RND);
  if (name == "hmark-mod") set(info.hmodulus, number, XT_HMARK_MODULUS);
  if (name == "hmark-offset") set(info.hoffset, number, XT_HMARK_OFFSET);
  if (name == "hmark-tuple") info.flags |= 1u << XT_HMARK_CT;
}

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  ir::OpaqueTarget target = xt_target<xt_hmark_info>("HMARK", 0, [&](xt_hmark_info& info) {
    for (const ir::Argument& argument : arguments) fill(info, argument, context.family);
  });
  target.writes = &ir::kPacketMark;
  return ir::Action{std::move(target)};
}

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j HMARK --hmark-tuple SRC,dst,sport,dport,p,ct --hmark-mod 0x10 "
                "--hmark-offset 0x64 --hmark-rnd 0xcafe",
        .canonical = "-p tcp -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 "
                     "--hmark-sport-mask 0xffff --hmark-dport-mask 0xffff --hmark-proto-mask "
                     "0xffff --hmark-rnd 0x0000cafe --hmark-mod 16 --hmark-offset 100 "
                     "--hmark-tuple ct",
        .nft = "[ target HMARK rev 0 0xffffffff000000000000000000000000ffffffff00000000000000000"
               "0000000ffffffff00000000c31f0000ffff0000feca0000100000006400000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
    },
    {
        .rule = "-p tcp -j HMARK --hmark-src-prefix 255.255.255.0 --hmark-sport 1 --hmark-dport "
                "0x2 --hmark-mod 5 --hmark-rnd 1",
        .canonical = "-p tcp -j HMARK --hmark-src-prefix 24 --hmark-sport 0x0001 --hmark-dport "
                     "0x0002 --hmark-rnd 0x00000001 --hmark-mod 5",
        .nft = "[ target HMARK rev 0 0xffffff(34 zeros)01000231060000000000000100000005000000000"
               "0000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
    },
    {
        .rule = "-p udp -j HMARK --hmark-tuple dst --hmark-spi 1 --hmark-spi-mask 0xfe "
                "--hmark-mod 5 --hmark-rnd 1",
        .canonical = "-p udp -j HMARK --hmark-dst-prefix 128 --hmark-spi-mask 0x000000fe "
                     "--hmark-spi 0x00000001 --hmark-rnd 0x00000001 --hmark-mod 5",
        .nft = "[ target HMARK rev 0 0x00000000000000000000000000000000fffffffffffffffffffffffff"
               "fffffff000000fe000000010e0600000000000001000000050000000000000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .table = "mangle",
    },
};

constexpr Target kHmark{
    .name = "HMARK",
    .options = kOptions,
    .summary =
        "Marks the packet with a hash of its addresses, ports and protocol, so that each "
        "connection always gets the same of several marks, and goes on with the next rule.",
    .sentence = "its mark becomes a hash",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kHmark));

}  // namespace

const Target& row() { return kHmark; }

}  // namespace bulkhead::ext::target_hmark
