// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <climits>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "ext/argument/interface.h"
#include "lang/error.h"
#include "lang/number.h"
#include "lang/parser.h"

namespace bulkhead::lang {

Result<void> Parser::take_rule_option(const Hit& hit) {
  HeadWords& head = rule_.head();
  const HeadWord word{std::string(hit.argument), negated_, span_of(hit)};
  const auto keep = [&](std::optional<HeadWord>& into) -> Result<void> {
    if (auto r = count(hit.letter, true, word.span); !r) return r;
    into = word;
    return {};
  };
  switch (hit.letter) {
    case 's': return keep(head.source);
    case 'd': return keep(head.destination);
    case 'i':
    case 'o':
      if (word.text.empty()) return check_interface(word);
      if (auto r = keep(hit.letter == 'i' ? head.in_interface : head.out_interface); !r) return r;
      if (std::string warning = ext::interface_warning(word.text); !warning.empty())
        command_.warnings.push_back(std::move(warning));
      return check_interface(word);
    case 'f':
      if (family_ == net::Family::kIpv6) {
        return usage("`-f' is not supported in IPv6, use -m frag instead", word.span);
      }
      return keep(head.fragment);
    case 'm':
      if (negated_) return usage("unexpected ! flag before --match", negation_);
      return rule_.add_match(hit.argument, word.span, scanner_);
    case 'p': {
      if (auto r = keep(head.protocol); !r) return r;
      Result<uint8_t> number = parse_protocol(word, rule_.names());
      if (!number) return number.error();
      head.protocol_number = *number;
      if (*number == 0 && negated_) return usage("rule would never match protocol", word.span);
      // ip6tables warns of the extension headers that never are the protocol: routing, fragment,
      // ah, options.
      const bool is_header = *number == 43 || *number == 44 || *number == 51 || *number == 60;
      if (family_ == net::Family::kIpv6 && is_header && !negated_) {
        command_.warnings.push_back(fmt::format(
            "Warning: never matched protocol: {}. use extension match instead.", word.text));
      }
      return {};
    }
    default: {  // -j, -g
      if (auto r = count('j', false, word.span); !r) return r;
      const bool declared = options_.declared != nullptr && options_.declared->contains(word.text);
      return rule_.set_target(hit.argument, hit.letter == 'g', declared, word.span, scanner_);
    }
  }
}

Result<void> Parser::take_wait(const Hit& hit) {
  if (options_.restore) return usage("You cannot use `-w' from iptables-restore", span_of(hit));
  Word word{std::string(hit.argument), span_of(hit)};
  if (!hit.has_argument) {
    const Word* next = scanner_.take_argument();
    if (next == nullptr) {
      command_.wait_seconds = UINT32_MAX;
      return {};
    }
    word = *next;
  }
  const auto seconds = leading_integer(word.text);
  if (!seconds) return usage("wait seconds not numeric", word.span);
  command_.wait_seconds =
      *seconds < 0 ? UINT32_MAX : static_cast<uint32_t>(std::min<int64_t>(*seconds, INT_MAX));
  return {};
}

Result<void> Parser::take_wait_interval(const Hit& hit) {
  if (options_.restore) return usage("You cannot use `-W' from iptables-restore", span_of(hit));
  Word word{std::string(hit.argument), span_of(hit)};
  if (!hit.has_argument) {
    const Word* next = scanner_.take_argument();
    if (next == nullptr) return usage("wait interval value required", span_of(hit));
    word = *next;
  }
  const auto microseconds = leading_number(word.text);
  if (!microseconds) return usage("wait interval not numeric", word.span);
  if (*microseconds > 999999) {
    return usage(fmt::format("too long usec wait {} > 999999 usec", *microseconds), word.span);
  }
  command_.warnings.emplace_back("Ignoring deprecated --wait-interval option.");
  had_wait_interval_ = true;
  return {};
}

Result<void> Parser::take_counters(const Hit& hit) {
  if (auto r = count('c', false, span_of(hit)); !r) return r;
  const std::string_view packets = hit.argument;
  std::string bytes;
  // As iptables looks for it: not at the very beginning.
  if (const size_t comma = packets.find(',', 1); comma != std::string_view::npos) {
    bytes = packets.substr(comma + 1);
  } else if (const Word* word = scanner_.take_argument()) {
    bytes = word->text;
  } else {
    return usage("-c requires packet and byte counter", span_of(hit));
  }
  const auto packet_count = leading_number(packets);
  if (!packet_count) return usage("-c packet counter not numeric", span_of(hit));
  const auto byte_count = leading_number(bytes);
  if (!byte_count) return usage("-c byte counter not numeric", span_of(hit));
  command_.counters = ir::Counters{*packet_count, *byte_count};
  return {};
}

Result<void> Parser::take_family(net::Family wanted, const Hit& hit) {
  if (family_ == wanted) return {};
  if (!options_.restore) return usage("this option is for the other program", span_of(hit));
  done_ = Nothing{};
  return {};
}

Result<void> Parser::take_base(const Hit& hit) {
  switch (hit.letter) {
    case 'n':
    case 'x': return count(hit.letter, false, span_of(hit));
    case kLineNumbers: return count(kLineNumbers, false, span_of(hit));
    case 'v':
      ++command_.verbosity;
      return command_.verbosity > 1 ? Result<void>() : count('v', false, span_of(hit));
    case 't':
      if (negated_) return usage("unexpected ! flag before --table", negation_);
      if (options_.restore) {
        return usage(fmt::format("The -t option cannot be used in {}-restore.",
                                 family_ == net::Family::kIpv4 ? "iptables" : "ip6tables"),
                     span_of(hit));
      }
      command_.table = hit.argument;
      return {};
    case 'w': return take_wait(hit);
    case 'W': return take_wait_interval(hit);
    case 'c': return take_counters(hit);
    case kModprobe: return {};  // there is nothing to load: nf_tables loads its own modules
    case '4': return take_family(net::Family::kIpv4, hit);
    case '6': return take_family(net::Family::kIpv6, hit);
    case 'h':
      if (rule_.match_rows().empty()) rule_.add_implied_match(scanner_);
      done_ = Help{rule_.match_rows(), rule_.target_row()};
      return {};
    case 'V': done_ = Version{negated_}; return {};
    case 's':
    case 'd':
    case 'p':
    case 'i':
    case 'o':
    case 'f':
    case 'm':
    case 'j':
    case 'g': return take_rule_option(hit);
    default: return take_command(hit);
  }
}

}  // namespace bulkhead::lang
