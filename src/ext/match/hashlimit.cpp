// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <span>

#include "ext/argument/hash_rate.h"
#include "ext/argument/list_name.h"
#include "ext/argument/number.h"
#include "ext/argument/prefix.h"
#include "ext/arguments.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "ext/xt_hashlimit.h"

namespace bulkhead::ext::match_hashlimit {
namespace {

const std::string& name_of(std::span<const ir::Argument> arguments) {
  return find(arguments, "hashlimit-name")->text;
}

Result<void> settle(std::vector<ir::Argument>& arguments, const Context& context) {
  const Result<hashlimit_cfg3> config = hashlimit_config(arguments, context);
  if (!config) return config.error();
  std::vector<ir::Argument> settled;
  for (HashlimitOption& option : hashlimit_options(*config, context)) {
    const ir::Argument* given = find(arguments, option.name);
    settled.push_back({.option = std::string(option.name),
                       .text = option.name == "hashlimit-name" ? given->text : option.text,
                       .span = given != nullptr ? given->span : Span{}});
  }
  arguments = std::move(settled);
  return {};
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const Result<hashlimit_cfg3> config = hashlimit_config(arguments, context);
  if (!config) return config.error();
  if (Result<void> checked = check_hashlimit(*config); !checked) return checked.error();
  const std::string& name = name_of(arguments);
  if (Result<void> checked = check_list_name(name); !checked) return checked.error();
  return ir::Predicate{
      xt_match_with_memory<xt_hashlimit_mtinfo3>("hashlimit", 3, [&](xt_hashlimit_mtinfo3& info) {
        name.copy(info.name, sizeof info.name - 1);
        // One by one: a copy of it all would copy what stands in its gaps.
        info.cfg.avg = config->avg;
        info.cfg.burst = config->burst;
        info.cfg.mode = config->mode;
        info.cfg.size = config->size;
        info.cfg.max = config->max;
        info.cfg.gc_interval = config->gc_interval;
        info.cfg.expire = config->expire;
        info.cfg.interval = config->interval;
        info.cfg.srcmask = config->srcmask;
        info.cfg.dstmask = config->dstmask;
      })};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context& context) {
  return list_hashlimit(hashlimit_config(arguments, context).value(), context);
}

constexpr std::string_view kOldName[] = {"hashlimit"};
constexpr uint8_t kUptoOrAbove = 1;
constexpr ArgumentType kMode{.words = "mode", .parse = parse_hash_mode};

constexpr Option kOptions[] = {
    {
        .name = "hashlimit-upto",
        .aliases = kOldName,
        .called = "hashlimit-upto",
        .type = &kHashRate,
        .group = kUptoOrAbove,
        .opposite = "hashlimit-above",
        .help = "packets, or with b/s bytes, as long as no more than so many come",
        .sentence = "no more than {} have come on average",
    },
    {
        .name = "hashlimit-above",
        .type = &kHashRate,
        .group = kUptoOrAbove,
        .opposite = "hashlimit-upto",
        .help = "only those beyond so many",
        .sentence = "more than {} have come on average",
    },
    {
        .name = "hashlimit-burst",
        .type = &kHashBurst,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "how many may come at once: 5 packets unless given",
        .sentence = "after a burst of {}",
    },
    {
        .name = "hashlimit-mode",
        .type = &kMode,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "counted apart by these: srcip,srcport,dstip,dstport; all together unless given",
        .sentence = "counted apart by {}",
    },
    {
        .name = "hashlimit-name",
        .type = &kListName<1, sizeof(xt_hashlimit_mtinfo3::name) - 1>,
        .negation = Negation::kRefused,
        .required = true,
        .modifier = true,
        .help = "the table's name; all rules that give it count together",
        .sentence = "the table is {}",
    },
    {
        .name = "hashlimit-htable-size",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "how many buckets the table has",
        .sentence = "in {} buckets",
    },
    {
        .name = "hashlimit-htable-max",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "how many entries it may have",
        .sentence = "at most {} of them",
    },
    {
        .name = "hashlimit-htable-gcinterval",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "how often it is cleaned, in ms: 1000 unless given",
        .sentence = "cleaned every {} ms",
    },
    {
        .name = "hashlimit-htable-expire",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "after how many ms an idle entry goes",
        .sentence = "forgotten after {} ms",
    },
    {
        .name = "hashlimit-srcmask",
        .type = &kPrefix,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "how many leading bits of the source address tell apart, all unless given",
        .sentence = "by {} bits of the source address",
    },
    {
        .name = "hashlimit-dstmask",
        .type = &kPrefix,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "the same of the destination address",
        .sentence = "by {} bits of the destination address",
    },
    {
        .name = "hashlimit-rate-match",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "all packets or none, as the rate of late is: no bucket that is used up",
        .sentence = "by the rate of late",
    },
    {
        .name = "hashlimit-rate-interval",
        .type = &kHashInterval,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "in how many seconds that rate is measured",
        .sentence = "measured in {} seconds",
    },
};

constexpr Example kExamples[] = {
    // The second packet of one source is too much, not the first one of another.
    {
        .rule = "-m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-mode srcip "
                "--hashlimit-name a",
        .canonical = "-m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-mode "
                     "srcip --hashlimit-name a",
        .nft = "[ match hashlimit rev 3 0x61(256 zeros)a493d600000000010000000000000014000000000"
               "0000000000000e803000080ee36000000000020200000000000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.7:40000 > 192.0.2.2:53",
        .before = "udp 192.0.2.1:40001 > 192.0.2.2:53",
    },
    // The token of port 53 is used up by a packet that the rule doesn't count.
    {
        .rule = "-p udp -m hashlimit --hashlimit 60/hour --hashlimit-burst 1 --hashlimit-mode "
                "dstport|srcip --hashlimit-srcmask 255.255.255.248 --hashlimit-name a -m udp "
                "--sport 40001",
        .canonical =
            "-p udp -m hashlimit --hashlimit-upto 1/min --hashlimit-burst 1 --hashlimit-mode "
            "srcip,dstport --hashlimit-name a --hashlimit-htable-expire 3600000 "
            "--hashlimit-srcmask 29 -m udp --sport 40001",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match hashlimit rev 3 0x61(256 zeros)87930300000000010000000000000006000000000"
               "0000000000000e803000080ee3600000000001d200000000000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40001 > 192.0.2.2:54",
        .miss = "udp 192.0.2.1:40001 > 192.0.2.2:53",
        .before = "udp 192.0.2.3:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -m hashlimit ! --hashlimit-above 123456b/s --hashlimit-burst 1mb "
                "--hashlimit-name a",
        .canonical = "-p udp -m hashlimit --hashlimit-upto 123456b/s --hashlimit-burst 1mb "
                     "--hashlimit-name a",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match hashlimit rev 3 0x61(255 zeros)0f7e0800000000000900000000000000200000000"
               "000000000000000e803000060ea00000000000020200000000000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m hashlimit ! --hashlimit-upto 1/hour --hashlimit-burst 1 --hashlimit-mode "
                "dstip,srcport --hashlimit-dstmask 125 --hashlimit-name a --hashlimit-htable-size "
                "64 --hashlimit-htable-max 4000000 --hashlimit-htable-gcinterval 60000 "
                "--hashlimit-htable-expire 7200000",
        .canonical =
            "-m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-mode "
            "srcport,dstip --hashlimit-name a --hashlimit-htable-size 64 --hashlimit-htable-max "
            "1048576 --hashlimit-htable-gcinterval 60000 --hashlimit-htable-expire 7200000 "
            "--hashlimit-dstmask 125",
        .nft = "[ match hashlimit rev 3 0x61(256 zeros)a493d600000000010000000000000019000000400"
               "000000000100060ea000000dd6d0000000000807d0000000000000000000000000000 ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .miss = "udp [2001:db8::2]:40000 > [2001:db8::9]:53 out eth0",
        .before = "udp [2001:db8::2]:40000 > [2001:db8::7]:53 out eth0",
    },
    // So many a minute, which is 120 in an interval of 60 seconds.
    {
        .rule = "-p udp -m hashlimit --hashlimit-upto 120/min --hashlimit-name a "
                "--hashlimit-rate-match",
        .canonical = "-p udp -m hashlimit --hashlimit-upto 120/sec --hashlimit-burst 5 "
                     "--hashlimit-name a --hashlimit-htable-expire 60000 --hashlimit-rate-match "
                     "--hashlimit-rate-interval 60",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match hashlimit rev 3 0x61(255 zeros)8d200000000000000500000000000000400000000"
               "000000000000000e803000060ea00003c00000020200000000000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
};

constexpr Match kHashlimit{
    .name = "hashlimit",
    .options = kOptions,
    .bare_error = "You have to specify --hashlimit",
    .summary =
        "Like limit, with a bucket for each source, destination or port, and in packets or bytes. "
        "All rules that give a table's name share it; it is made as the first of them says, and is "
        "there as long as one of them is. /proc/net/ipt_hashlimit/NAME shows it.",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kHashlimit));

}  // namespace

const Match& row() { return kHashlimit; }

}  // namespace bulkhead::ext::match_hashlimit
