// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_NFQUEUE.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/number_range.h"
#include "ext/arguments.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_nfqueue {
namespace {

Result<std::string> parse_balance(std::span<const std::string_view> words, const Context& context) {
  const Result<std::string> range = parse_number_range(words[0], UINT16_MAX, context);
  if (!range) return range.error();
  if (words[0].find(':') == std::string_view::npos)
    return usage_error(fmt::format("Bad range \"{}\"", words[0]));
  const NumberRange queues = read_number_range(*range);
  if (queues.first >= queues.last)
    return usage_error(fmt::format("{} should be less than {}", queues.first, queues.last));
  return *range;
}

constexpr ArgumentType kBalance{
    .words = "first:last",
    .parse = parse_balance,
    .say = say_number_range,
};

Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  const bool balanced = find(arguments, "queue-balance") != nullptr;
  if (!balanced && find(arguments, "queue-cpu-fanout") != nullptr) {
    return usage_error("NFQUEUE: option \"--queue-cpu-fanout\" also requires \"--queue-balance\".");
  }
  if (!balanced && find(arguments, "queue-num") == nullptr)
    arguments.insert(arguments.begin(), {"queue-num", false, "0", {}});
  return {};
}

// The kernel's own target: not every kernel has nf_tables' `queue`, and its hash is another, so
// that a connection would move to another queue.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  NumberRange queues;
  uint16_t flags = 0;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "queue-bypass") flags |= NFQ_FLAG_BYPASS;
    if (argument.option == "queue-cpu-fanout") flags |= NFQ_FLAG_CPU_FANOUT;
    if (!argument.text.empty()) queues = read_number_range(argument.text);
  }
  const uint64_t count = queues.last - queues.first + 1;
  if (count > UINT16_MAX) return kernel_refusal(EINVAL, "NFQUEUE takes at most 65535 queues");
  ir::OpaqueTarget target = xt_target<xt_NFQ_info_v3>("NFQUEUE", 3, [&](xt_NFQ_info_v3& info) {
    info.queuenum = static_cast<uint16_t>(queues.first);
    info.queues_total = static_cast<uint16_t>(count);
    info.flags = flags;
  });
  target.decides = true;
  return ir::Action{std::move(target)};
}

constexpr uint8_t kOneWay = 1;

constexpr Option kOptions[] = {
    {
        .name = "queue-num",
        .type = &kNumber<0, UINT16_MAX>,
        .negation = Negation::kRefused,
        .group = kOneWay,
        .list = "num {}",
        .help = "the queue, 0 unless given",
        .sentence = "number {}",
    },
    {
        .name = "queue-balance",
        .type = &kBalance,
        .negation = Negation::kRefused,
        .group = kOneWay,
        .list = "balance {}",
        .help = "one of these queues, for all packets of a connection the same",
        .sentence = "of numbers {}, one for each connection",
    },
    {
        .name = "queue-bypass",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "bypass",
        .help = "where nobody listens the packet goes on with the next table, and isn't dropped",
        .sentence = "or accepted where nobody listens",
    },
    {
        .name = "queue-cpu-fanout",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "cpu-fanout",
        .help = "with --queue-balance: the processor that has the packet chooses the queue",
        .sentence = "by the processor that has it",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j NFQUEUE",
        .canonical = "-p tcp -j NFQUEUE --queue-num 0",
        .nft = "[ target NFQUEUE rev 3 0x0000010000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -j NFQUEUE --queue-cpu-fanout --queue-bypass --queue-balance 0x10:",
        .canonical = "-p udp -j NFQUEUE --queue-balance 16:65535 --queue-bypass --queue-cpu-fanout",
        .nft = "[ target NFQUEUE rev 3 0x1000f0ff03000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
    },
};

constexpr Target kNfqueue{
    .name = "NFQUEUE",
    .options = kOptions,
    .list_name = "NFQUEUE",
    .summary =
        "Hands the packet to a program that listens to a queue of nfnetlink_queue, such as "
        "suricata(1), and lets it decide. An accepted packet goes on with the next table; where "
        "nobody listens it is dropped.",
    .sentence = "it is handed to the program behind a queue",
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kNfqueue));

}  // namespace

const Target& row() { return kNfqueue; }

}  // namespace bulkhead::ext::target_nfqueue
