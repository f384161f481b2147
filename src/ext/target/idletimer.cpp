// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_IDLETIMER.h>

#include <algorithm>
#include <cstdint>

#include "ext/argument/number.h"
#include "ext/argument/plain_word.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_idletimer {
namespace {

constexpr size_t kLongestLabel = MAX_IDLETIMER_LABEL_SIZE - 1;

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Action{
      xt_target<idletimer_tg_info_v1>("IDLETIMER", 1, [&](idletimer_tg_info_v1& info) {
        for (const ir::Argument& argument : arguments) {
          if (argument.option == "timeout")
            info.timeout = static_cast<uint32_t>(canonical_number(argument.text));
          if (argument.option == "label") std::ranges::copy(argument.text, info.label);
          if (argument.option == "alarm") info.timer_type = XT_IDLETIMER_ALARM;
        }
      })};
}

constexpr Option kOptions[] = {
    {
        .name = "timeout",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .required = true,
        .list = "timeout:{}",
        .help = "how many seconds without a packet make it idle",
        .sentence = "of {} seconds",
    },
    {
        .name = "label",
        .type = &kPlainWord<kLongestLabel>,
        .negation = Negation::kRefused,
        .required = true,
        .list = "label:{}",
        .help = "the timer's name; rules with the same name share it",
        .sentence = "called {}",
    },
    {
        .name = "alarm",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "alarm",
        .help = "it runs on, and wakes the machine, while that sleeps",
        .sentence = "which runs while the machine sleeps",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j IDLETIMER --label example-tcp --timeout 0x2a",
        .canonical = "-p tcp -j IDLETIMER --timeout 42 --label example-tcp",
        .nft = "[ target IDLETIMER rev 1 0x2a0000006578616d706c652d746370(33 zeros) ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -j IDLETIMER --alarm --timeout 42 --label example-alarm",
        .canonical = "-p udp -j IDLETIMER --timeout 42 --label example-alarm --alarm",
        .nft = "[ target IDLETIMER rev 1 0x2a0000006578616d706c652d616c61726d0000000000000000000"
               "0000000000000010000000000000000000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
    },
};

constexpr Target kIdletimer{
    .name = "IDLETIMER",
    .options = kOptions,
    .summary =
        "Sets a timer back, and goes on with the next rule. When it runs out, whoever polls "
        "/sys/class/xt_idletimer/timers/LABEL is told. The timers are the whole machine's, not a "
        "network namespace's.",
    .sentence = "it sets back a timer",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kIdletimer));

}  // namespace

const Target& row() { return kIdletimer; }

}  // namespace bulkhead::ext::target_idletimer
