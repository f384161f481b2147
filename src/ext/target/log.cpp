// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/syslog_level.h"
#include "ext/argument/text.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_log {
namespace {

// linux/netfilter/xt_LOG.h: 30 bytes with the final zero.
constexpr size_t kLongestPrefix = 29;
constexpr std::string_view kDefaultLevel = "4";  // LOG_WARNING of syslog.h

struct Detail {
  std::string_view option;
  std::string_view shown;  // by -L
  uint32_t flag;           // XT_LOG_* of linux/netfilter/xt_LOG.h
};

constexpr Detail kDetails[] = {
    {"log-tcp-sequence", "tcp-sequence", 0x01}, {"log-tcp-options", "tcp-options", 0x02},
    {"log-ip-options", "ip-options", 0x04},     {"log-uid", "uid", 0x08},
    {"log-macdecode", "macdecode", 0x20},
};

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  ir::Log log{.level = static_cast<uint8_t>(canonical_number(kDefaultLevel))};
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "log-prefix") log.prefix = argument.text;
    if (argument.option == "log-level")
      log.level = static_cast<uint8_t>(canonical_number(argument.text));
    for (const Detail& detail : kDetails) {
      if (argument.option == detail.option) log.flags |= detail.flag;
    }
  }
  return ir::Action{std::move(log)};
}

// Without -n the flags in words; the prefix last, and never escaped.
std::string list(std::span<const ir::Argument> arguments, bool numeric, const Context& context) {
  const Result<ir::Action> action = lower(arguments, context);
  const ir::Log& log = std::get<ir::Log>(*action);
  const std::string level = list_syslog_level(fmt::format("{}", log.level), numeric, context);
  std::string text = numeric ? fmt::format("LOG flags {} level {}", log.flags, level)
                             : fmt::format("LOG level {}", level);
  for (const Detail& detail : kDetails) {
    if (!numeric && (log.flags & detail.flag) != 0) text += fmt::format(" {}", detail.shown);
  }
  if (!log.prefix.empty()) text += fmt::format(" prefix \"{}\"", log.prefix);
  return text;
}

constexpr Option flag(std::string_view name, std::string_view help, std::string_view sentence) {
  return {.name = name,
          .type = &kFlag,
          .negation = Negation::kRefused,
          .help = help,
          .sentence = sentence};
}

constexpr Option kOptions[] = {
    {
        .name = "log-prefix",
        .type = &kText<1, kLongestPrefix>,
        .negation = Negation::kRefused,
        .help = "what each message begins with, at most 29 bytes",
        .sentence = "as {}",
    },
    {
        .name = "log-level",
        .type = &kSyslogLevel,
        .negation = Negation::kRefused,
        .fallback = kDefaultLevel,
        .help = "level of the message, 0 to 7 or emerg to debug; warning unless given",
        .sentence = "at level {}",
    },
    flag("log-tcp-sequence", "with the TCP sequence numbers", "with its TCP sequence numbers"),
    flag("log-tcp-options", "with the options of the TCP header", "with its TCP options"),
    flag("log-ip-options", "with the options of the IP header", "with its IP options"),
    flag("log-uid", "with the user whose socket it is", "with the user of its socket"),
    flag("log-macdecode", "with the hardware addresses and protocol",
         "with its hardware addresses"),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j LOG --log-level debug --log-prefix \"ssh: \" -m tcp --dport 22",
        .canonical = "-p tcp -m tcp --dport 22 -j LOG --log-prefix \"ssh: \" --log-level 7",
        .nft = "[ log level 7 flags 0x0 prefix \"ssh: \" ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
    {
        .rule = "-p udp -j LOG --log-level warning --log-macdecode --log-uid --log-ip-options "
                "--log-tcp-options --log-tcp-sequence",
        .canonical =
            "-p udp -j LOG --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid "
            "--log-macdecode",
        .nft = "[ log level 4 flags 0x2f prefix \"\" ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Target kLog{
    .name = "LOG",
    .options = kOptions,
    .summary = "Writes the packet to the kernel's log and goes on with the next rule.",
    .sentence = "it is logged",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kLog));

}  // namespace

const Target& row() { return kLog; }

}  // namespace bulkhead::ext::target_log
