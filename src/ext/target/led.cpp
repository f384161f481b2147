// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_LED.h>

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/word.h"
#include "ext/arguments.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_led {
namespace {

constexpr std::string_view kTriggerPrefix = "netfilter-";
constexpr size_t kLongestId = sizeof(xt_led_info::id) - 1 - kTriggerPrefix.size();
constexpr std::string_view kForEver = "inf";

// What -S couldn't print within quotes is refused.
Result<std::string> parse_id(std::span<const std::string_view> words, const Context& context) {
  const std::string_view id = words[0];
  if (id.size() > kLongestId) {
    return usage_error(
        fmt::format("Argument must have a maximum length of {} characters", kLongestId));
  }
  const auto is_bad = [](unsigned char c) {
    return c < ' ' || c == 0x7f || c == '"' || c == '\'' || c == '\\';
  };
  if (std::ranges::any_of(id, is_bad)) {
    return usage_error(fmt::format("{}: the value of \"--{}\" has a character that -S can't print",
                                   context.row, context.option));
  }
  return std::string(id);
}

Result<std::string> parse_delay(std::span<const std::string_view> words, const Context&) {
  if (begins_with(words[0], kForEver)) return std::string(kForEver);
  const auto delay = whole_number(words[0], 0, UINT32_MAX);
  if (!delay) return usage_error(fmt::format("Delay value must be within range 0..{}", UINT32_MAX));
  return *delay == UINT32_MAX ? std::string(kForEver) : fmt::format("{}", *delay);
}

constexpr ArgumentType kId{
    .words = "name",
    .always_quoted = true,
    .parse = parse_id,
};
constexpr ArgumentType kDelay{
    .words = "{milliseconds|inf}",
    .parse = parse_delay,
    .say =
        [](std::string_view canonical, const Context&) {
          return canonical == kForEver ? std::string("ever") : fmt::format("{} ms", canonical);
        },
};

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Action{xt_target<xt_led_info>("LED", 0, [&](xt_led_info& info) {
    const std::string id = fmt::format("{}{}", kTriggerPrefix, arguments.front().text);
    std::ranges::copy(id, info.id);
    if (const ir::Argument* delay = find(arguments, "led-delay")) {
      info.delay = delay->text == kForEver ? UINT32_MAX
                                           : static_cast<uint32_t>(canonical_number(delay->text));
    }
    if (find(arguments, "led-always-blink") != nullptr) info.always_blink = 1;
  })};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  const ir::Argument* delay = find(arguments, "led-delay");
  const std::string time = delay == nullptr          ? "0ms"
                           : delay->text == kForEver ? std::string(kForEver)
                                                     : delay->text + "ms";
  return fmt::format("led-trigger-id:\"{}\" led-delay:{}{}", arguments.front().text, time,
                     find(arguments, "led-always-blink") != nullptr ? " led-always-blink" : "");
}

constexpr Option kOptions[] = {
    {
        .name = "led-trigger-id",
        .type = &kId,
        .negation = Negation::kRefused,
        .required = true,
        .help = "the LEDs whose trigger is netfilter-NAME",
        .sentence = "netfilter-{}",
    },
    {
        .name = "led-delay",
        .type = &kDelay,
        .negation = Negation::kRefused,
        .fallback = "0",
        .help = "for how long they stay on",
        .sentence = "for {}",
    },
    {
        .name = "led-always-blink",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "blink for each packet, also while they are on",
        .sentence = "and blink",
    },
};

constexpr std::string_view kShownBy = "missing_extension_test.cpp";

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j LED --led-always-blink --led-delay 0x64 --led-trigger-id ssh",
        .canonical = "-p tcp -j LED --led-trigger-id \"ssh\" --led-delay 100 --led-always-blink",
        .nft = "[ target LED rev 0 0x6e657466696c7465722d737368000000000000000000000000000001640"
               "000000000000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .shown_by = kShownBy,
    },
    {
        .rule = "-p udp -j LED --led-trigger-id \"a b\" --led-delay INFINITE",
        .canonical = "-p udp -j LED --led-trigger-id \"a b\" --led-delay inf",
        .nft = "[ target LED rev 0 0x6e657466696c7465722d612062000000000000000000000000000000fff"
               "fffff0000000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .shown_by = kShownBy,
    },
};

constexpr Target kLed{
    .name = "LED",
    .options = kOptions,
    .summary =
        "Lights LEDs of the machine when a packet comes, and goes on with the next rule. Needs a "
        "kernel with LED triggers (CONFIG_NETFILTER_XT_TARGET_LED).",
    .sentence = "it lights the LEDs",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kLed));

}  // namespace

const Target& row() { return kLed; }

}  // namespace bulkhead::ext::target_led
