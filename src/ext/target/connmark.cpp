// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/mark_bits.h"
#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_connmark {
namespace {

constexpr uint8_t kOneOperation = 1;
constexpr uint8_t kOneShift = 2;
constexpr unsigned kMarkWidth = 32;

Result<std::string> parse_mask(std::span<const std::string_view> words, const Context& context) {
  const Result<std::string> number = parse_number(words[0], 0, UINT32_MAX, context);
  if (!number) return number.error();
  return fmt::format("0x{:x}", canonical_number(*number));
}

constexpr ArgumentType kMask{.words = "mask", .parse = parse_mask};

uint32_t mask_of(std::string_view text) { return read_mark_bits(text).value; }

ir::Argument* find(std::vector<ir::Argument>& arguments, std::string_view option) {
  const auto found = std::ranges::find(arguments, option, &ir::Argument::option);
  return found == arguments.end() ? nullptr : &*found;
}

Error not_together(std::string_view a, std::string_view b) {
  return usage_error(
      fmt::format("CONNMARK: option \"--{}\" cannot be used together with \"--{}\".", a, b));
}

// Both masks are printed where a mark is copied, and neither where it is set. There iptables takes
// the one that was written last for the mask of --set-xmark.
Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  constexpr std::string_view kMasks[] = {"nfmask", "ctmask"};
  const ir::Argument* both = find(arguments, "mask");
  const std::string whole = "0xffffffff";
  const std::string common = both == nullptr ? whole : both->text;
  for (const std::string_view name : {"ctmask", "nfmask"}) {
    if (both != nullptr && find(arguments, name) != nullptr) return not_together(name, "mask");
  }
  std::vector<ir::Argument> settled{arguments.front()};
  if (settled.front().option == "set-xmark") {
    for (const std::string_view name : {"nfmask", "ctmask", "mask"}) {
      if (find(arguments, name) != nullptr) return not_together("set-xmark", name);
    }
  } else {
    for (const std::string_view name : kMasks) {
      const ir::Argument* given = find(arguments, name);
      settled.push_back(given != nullptr ? *given
                                         : ir::Argument{std::string(name), false, common, {}});
    }
  }
  for (const ir::Argument& argument : arguments) {
    if (argument.option.ends_with("-shift-mark")) settled.push_back(argument);
  }
  arguments = std::move(settled);
  return {};
}

// connmark_tg_check_v2 of net/netfilter/xt_connmark.c refuses a shift of all bits.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  using Mode = ir::ConnectionMark::Mode;
  ir::ConnectionMark mark;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "set-xmark") {
      const MarkBits bits = read_mark_bits(argument.text);
      mark.value = bits.value;
      mark.connection_mask = bits.mask;
    }
    if (argument.option == "save-mark") mark.mode = Mode::kSave;
    if (argument.option == "restore-mark") mark.mode = Mode::kRestore;
    if (argument.option == "nfmask") mark.packet_mask = mask_of(argument.text);
    if (argument.option == "ctmask") mark.connection_mask = mask_of(argument.text);
    if (!argument.option.ends_with("-shift-mark")) continue;
    const uint64_t bits = canonical_number(argument.text);
    if (bits >= kMarkWidth) return kernel_refusal(EINVAL, "a mark has 32 bits");
    const auto shift = static_cast<int8_t>(bits);
    mark.shift = argument.option.starts_with("left") ? shift : static_cast<int8_t>(-shift);
  }
  return ir::Action{mark};
}

std::string list(std::span<const ir::Argument> arguments, bool numeric, const Context& context) {
  std::string text = "CONNMARK ";
  const ir::Argument& operation = arguments.front();
  if (operation.option == "set-xmark") {
    text += list_mark_bits(operation.text, numeric, context);
  } else {
    const uint32_t packet = mask_of(arguments[1].text);
    const uint32_t connection = mask_of(arguments[2].text);
    const bool save = operation.option == "save-mark";
    text += save ? "save" : "restore";
    if (packet != connection) {
      text += save ? fmt::format(" nfmask 0x{:x} ctmask ~0x{:x}", packet, connection)
                   : fmt::format(" ctmask 0x{:x} nfmask ~0x{:x}", connection, packet);
    } else if (packet != UINT32_MAX) {
      text += fmt::format(" mask 0x{:x}", packet);
    }
  }
  const ir::Argument& last = arguments.back();
  if (last.option.ends_with("-shift-mark")) text += fmt::format(" {} {}", last.option, last.text);
  return text;
}

constexpr Option copy(std::string_view name, std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &kFlag,
          .negation = Negation::kRefused,
          .group = kOneOperation,
          .help = help,
          .sentence = sentence};
}
constexpr Option mask(std::string_view name, std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &kMask,
          .negation = Negation::kRefused,
          .modifier = true,
          .help = help,
          .sentence = sentence};
}
constexpr Option shift(std::string_view name, std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &kNumber<0, kMarkWidth>,
          .negation = Negation::kRefused,
          .group = kOneShift,
          .modifier = true,
          .fallback = "0",
          .help = help,
          .sentence = sentence};
}

constexpr Option kOptions[] = {
    mark_xset_option(kOneOperation, "{}"),
    mark_set_option(kOneOperation),
    mark_and_option(kOneOperation),
    mark_or_option(kOneOperation),
    mark_xor_option(kOneOperation),
    copy("save-mark", "copies the packet's mark to the connection", "set to the packet's"),
    copy("restore-mark", "copies the connection's mark to the packet", "copied to the packet"),
    mask("nfmask", "the bits of the packet's mark that count", "(of the packet the bits {},"),
    mask("ctmask", "the bits of the connection's mark that count", "of the connection {})"),
    shift("left-shift-mark", "shifts what is written to the left by so many bits",
          "shifted to the left by {} bits"),
    shift("right-shift-mark", "shifts what is written to the right by so many bits",
          "shifted to the right by {} bits"),
    {
        .name = "mask",
        .type = &kMask,
        .negation = Negation::kRefused,
        .modifier = true,
        .folded = true,
        .help = "both --nfmask and --ctmask",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j CONNMARK --set-mark 5",
        .canonical = "-p tcp -j CONNMARK --set-xmark 0x5/0xffffffff",
        .nft = "[ immediate 0x05000000 => reg 1 ]\n"
               "[ ct set mark with reg 1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p tcp -j CONNMARK --set-mark 5/2",
        .canonical = "-p tcp -j CONNMARK --set-xmark 0x5/0x7",
        .nft = "[ ct load mark => reg 1 ]\n"
               "[ bitwise reg 1 & 0xf8ffffff ^ 0x05000000 ]\n"
               "[ ct set mark with reg 1 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "mangle",
    },
    {
        .rule = "-p tcp -j CONNMARK --save-mark",
        .canonical = "-p tcp -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ ct set mark with reg 1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p tcp -j CONNMARK --restore-mark --right-shift-mark 0",
        .canonical = "-p tcp -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff",
        .nft = "[ ct load mark => reg 1 ]\n"
               "[ meta set mark with reg 1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p tcp -j CONNMARK --restore-mark --left-shift-mark 4 --mask 0xff",
        .canonical = "-p tcp -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff "
                     "--left-shift-mark 4",
        .nft = "[ target CONNMARK rev 2 0x00000000ff000000ff00000000040200 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p tcp -j CONNMARK --set-xmark 0x50/0xff --right-shift-mark 4",
        .canonical = "-p tcp -j CONNMARK --set-xmark 0x50/0xff --right-shift-mark 4",
        .nft = "[ target CONNMARK rev 2 0x50000000ff000000ffffffff01040000 ]",
        .hit = "tcp [2001:db8::2]:40000 > [2001:db8::1]:22 out eth0",
        .miss = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .table = "mangle",
    },
};

constexpr Target kConnmark{
    .name = "CONNMARK",
    .options = kOptions,
    .bare_error = "CONNMARK target: No operation specified",
    .summary =
        "Puts a mark on the packet's connection, or copies the mark between the two. Does nothing "
        "where connection tracking has no connection for the packet (in table raw, say). Goes on "
        "with the next rule.",
    .sentence = "its connection's mark is",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kConnmark));

}  // namespace

const Target& row() { return kConnmark; }

}  // namespace bulkhead::ext::target_connmark
