// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/parse.h"

#include <algorithm>
#include <climits>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "ext/row.h"
#include "ir/verify.h"
#include "lang/error.h"
#include "lang/number.h"
#include "lang/parser.h"

namespace bulkhead::lang {

Result<void> Parser::count(char letter, bool may_negate, Span span) {
  if (given(letter)) return usage(fmt::format("multiple -{} flags not allowed", letter), span);
  letters_ += letter;
  if (negated_ && !may_negate)
    return usage(fmt::format("cannot have ! before -{}", letter), negation_);
  return {};
}

Result<void> Parser::begin(CommandBit command, uint32_t beside, const Hit& hit) {
  if (negated_) return usage("unexpected '!' flag", negation_);
  return add_command(commands_, command, beside, span_of(hit));
}

Result<void> Parser::take_number(uint32_t otherwise) {
  const Word* word = scanner_.take_argument();
  if (word == nullptr) {
    if (otherwise != 0) number_ = otherwise;
    return {};
  }
  const auto number = parse_number(word->text, 1, INT_MAX);
  if (!number) return usage(fmt::format("Invalid rule number `{}'", word->text), word->span);
  number_ = static_cast<uint32_t>(*number);
  return {};
}

void Parser::take_optional_chain(const Hit& hit) {
  if (hit.has_argument) {
    chain_ = Word{std::string(hit.argument), hit.argument_span};
  } else if (const Word* word = scanner_.take_argument()) {
    chain_ = *word;
  }
}

Result<void> Parser::take_command(const Hit& hit) {
  const Word argument{std::string(hit.argument), span_of(hit)};
  const auto rule_number = [&](CommandBit with_number) -> Result<void> {
    const uint32_t before = number_;
    number_ = 0;
    if (auto r = take_number(); !r) return r;
    if (number_ != 0) {
      commands_ = with_number;  // takes the place of a -L that stands before: iptables does so
    } else {
      number_ = before;
    }
    return {};
  };
  const auto needs = [&](std::optional<Word>& into, std::string_view what) -> Result<void> {
    const Word* word = scanner_.take_argument();
    if (word == nullptr)
      return usage(fmt::format("-{} requires {}", hit.letter, what), span_of(hit));
    into = *word;
    return {};
  };
  const auto with_chain = [&](CommandBit command) -> Result<void> {
    if (auto r = begin(command, 0, hit); !r) return r;
    chain_ = argument;
    return {};
  };
  switch (hit.letter) {
    case 'A': return with_chain(kAppendBit);
    case 'C': return with_chain(kCheckBit);
    case 'D':
      if (auto r = with_chain(kDeleteBit); !r) return r;
      return rule_number(kDeleteNumberBit);
    case 'R': {
      if (auto r = with_chain(kReplaceBit); !r) return r;
      if (auto r = take_number(); !r) return r;
      if (number_ == 0) return usage("-R requires a rule number", span_of(hit));
      return {};
    }
    case 'I':
      if (auto r = with_chain(kInsertBit); !r) return r;
      return take_number(1);
    case 'L':
    case 'S':
      if (auto r =
              begin(hit.letter == 'L' ? kListBit : kListRulesBit, kZeroBit | kZeroNumberBit, hit);
          !r) {
        return r;
      }
      take_optional_chain(hit);
      return take_number();
    case 'Z':
      if (auto r = begin(kZeroBit, kListBit | kListRulesBit, hit); !r) return r;
      take_optional_chain(hit);
      return rule_number(kZeroNumberBit);
    case 'F':
    case 'X':
      if (auto r = begin(hit.letter == 'F' ? kFlushBit : kDeleteChainBit, 0, hit); !r) return r;
      take_optional_chain(hit);
      return {};
    case 'N':
      if (auto r = check_new_chain_name(argument, family_); !r) return r;
      return with_chain(kNewChainBit);
    case 'E':
      if (auto r = with_chain(kRenameChainBit); !r) return r;
      return needs(new_name_, "old-chain-name and new-chain-name");
    default:
      if (auto r = with_chain(kSetPolicyBit); !r) return r;
      return needs(policy_, "a chain and a policy");
  }
}

Result<void> Parser::take_word(const Hit& hit) {
  if (hit.argument == "!") {
    if (negated_) return usage("multiple consecutive ! not allowed", hit.argument_span);
    return {};
  }
  if (after_unread_) {
    rule_.add_to_unknown_option(hit.argument);
    return {};
  }
  return usage(fmt::format("Bad argument `{}'", hit.argument), hit.argument_span);
}

Result<void> Parser::unknown(const Hit& hit) {
  const Word& word = words_[hit.word];
  if (hit.kind == OptionScanner::Kind::kUnknown && options_.unread != nullptr &&
      word.text.starts_with("--")) {
    rule_.add_unknown_option(word, negated_);
    after_unread_ = true;
    return {};
  }
  if (hit.kind == OptionScanner::Kind::kMissingArgument) {
    return usage(fmt::format("option \"{}\" requires an argument", word.text), word.span);
  }
  return usage(fmt::format("unknown option \"{}\"", word.text), word.span);
}

Result<void> Parser::take(const Hit& hit) {
  switch (hit.kind) {
    case OptionScanner::Kind::kBase: return take_base(hit);
    case OptionScanner::Kind::kExtension: return rule_.add_option(hit, negated_, scanner_);
    case OptionScanner::Kind::kWord: return take_word(hit);
    default: return unknown(hit);
  }
}

Result<Command> Parser::parse() {
  if (!words_.empty() && words_.back().span.end - words_.front().span.begin > kMaxRuleBytes) {
    return usage(fmt::format("the command is longer than {} bytes", kMaxRuleBytes));
  }
  while (true) {
    const Hit hit = scanner_.next();
    if (hit.kind == OptionScanner::Kind::kEnd) return finish();
    const bool not_known = hit.kind == OptionScanner::Kind::kUnknown ||
                           hit.kind == OptionScanner::Kind::kMissingArgument;
    if (not_known && rule_.add_implied_match(scanner_)) {
      scanner_.again();
      continue;
    }
    if (hit.kind != OptionScanner::Kind::kWord || hit.argument == "!") after_unread_ = false;
    if (auto r = take(hit); !r) return r.error();
    if (done_) {
      command_.operation = *std::move(done_);
      return std::move(command_);
    }
    negated_ = hit.kind == OptionScanner::Kind::kWord && hit.argument == "!";
    if (negated_) negation_ = hit.argument_span;
  }
}

Result<void> Parser::check_end() const {
  const bool drops = rule_.target_name() == "DROP" || (policy_ && policy_->text == "DROP");
  if (command_.table == "nat" && drops) {
    return usage(
        "\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore "
        "inhibited.\n\n");
  }
  if (had_wait_interval_ && command_.wait_seconds.value_or(0) == 0) {
    return usage("--wait-interval only makes sense with --wait");
  }
  return {};
}

Result<void> Parser::check_chain() const {
  if (!chain_) return {};
  if (chain_->text.size() > ir::kMaxChainName) {
    return usage(fmt::format("chain name `{}' too long (must be under {} chars)", chain_->text,
                             ir::kMaxChainName + 1),
                 chain_->span);
  }
  if ((commands_ & (kRuleCommands | kDeleteNumberBit)) == 0) return {};
  const std::string_view name = chain_->text;
  const auto cannot_use = [&](char letter, const HeadWord& word) {
    return usage(fmt::format("Can't use -{} with {}", letter, name), word.span);
  };
  if ((name == "PREROUTING" || name == "INPUT") && rule_.head().out_interface) {
    return cannot_use('o', *rule_.head().out_interface);
  }
  if ((name == "POSTROUTING" || name == "OUTPUT") && rule_.head().in_interface) {
    return cannot_use('i', *rule_.head().in_interface);
  }
  return {};
}

List Parser::list() const {
  return {.chain = named_chain(),
          .number = number_,
          .as_rules = (commands_ & kListRulesBit) != 0,
          .zero = (commands_ & (kZeroBit | kZeroNumberBit)) != 0,
          .zero_rule = (commands_ & kZeroNumberBit) != 0};
}

Result<Operation> Parser::operation() {
  const std::string chain = named_chain().value_or("");
  if ((commands_ & (kListBit | kListRulesBit)) != 0) return Operation(list());
  if ((commands_ & kRuleCommands) != 0) {
    Result<RuleWords::Rules> described = rule_.rules();
    if (!described) return described.error();
    command_.refusal = std::move(described->refusal);
    std::vector<ir::Rule> rules = std::move(described->rules);
    const Span whole{words_.front().span.begin, words_.back().span.end};
    for (ir::Rule& rule : rules) {
      rule.span = whole;
      if (command_.counters) rule.counters = *command_.counters;
    }
    switch (commands_) {
      case kAppendBit: return Operation(Append{chain, std::move(rules)});
      case kInsertBit: return Operation(Insert{chain, number_, std::move(rules)});
      case kDeleteBit: return Operation(DeleteRule{chain, std::move(rules)});
      case kReplaceBit:
        if (rules.size() != 1) return usage("Replacement rule does not specify a unique address");
        return Operation(Replace{chain, number_, std::move(rules)});
      default: return Operation(Check{chain, std::move(rules)});
    }
  }
  switch (commands_) {
    case kDeleteNumberBit: return Operation(DeleteNumber{chain, number_});
    case kFlushBit: return Operation(Flush{named_chain()});
    case kZeroBit: return Operation(Zero{named_chain(), 0});
    case kZeroNumberBit: return Operation(Zero{named_chain(), number_});
    case kNewChainBit: return Operation(NewChain{chain});
    case kDeleteChainBit: return Operation(DeleteChain{named_chain()});
    case kRenameChainBit: return Operation(RenameChain{chain, new_name_->text});
    default: break;
  }
  if (policy_->text != "ACCEPT" && policy_->text != "DROP") {
    command_.refusal = refused("Bad policy name. Run `dmesg' for more information", policy_->span);
  }
  const auto policy = policy_->text == "DROP" ? ir::Policy::kDrop : ir::Policy::kAccept;
  return Operation(SetPolicy{chain, policy, command_.counters});
}

Result<Command> Parser::finish() {
  if (auto r = check_end(); !r) return r.error();
  if (auto r = rule_.finish_rows(); !r) return r.error();
  std::ranges::move(rule_.warnings(), std::back_inserter(command_.warnings));
  if (!scanner_.at_end()) {
    const Word* rest = scanner_.take_argument();
    return usage("unknown arguments found on commandline", rest != nullptr ? rest->span : Span{});
  }
  if (commands_ == 0) return usage("no command specified");
  if (negated_) return usage("nothing appropriate following !", negation_);
  // Addresses are looked up even where the command has no use for them.
  if ((commands_ & kRuleCommands) == 0) {
    if (auto r = heads_of(rule_.head(), family_, rule_.names()); !r) return r.error();
  }
  Result<Operation> operation = this->operation();
  if (!operation) return operation.error();
  if (auto r = check_options(commands_, letters_); !r) return r.error();
  if (auto r = check_chain(); !r) return r.error();
  command_.operation = *std::move(operation);
  command_.style = {.numeric = given('n'),
                    .verbose = given('v'),
                    .exact = given('x'),
                    .line_numbers = given(kLineNumbers)};
  return std::move(command_);
}

Result<Command> parse_command(std::span<const Word> words, net::Family family,
                              const net::Names& names, const ParseOptions& options) {
  return Parser(words, family, names, options).parse();
}

Result<void> check_new_chain_name(const Word& word, net::Family family) {
  const std::string_view name = word.text;
  if (name.size() > ir::kMaxChainName) {
    return usage(fmt::format("chain name `{}' too long (must be under {} chars)", name,
                             ir::kMaxChainName + 1),
                 word.span);
  }
  if (name.starts_with('-') || name.starts_with('!')) {
    return usage(fmt::format("chain name not allowed to start with `{}'", name.front()), word.span);
  }
  // QUEUE is a verdict of libiptc, though not one of ours.
  if (name.empty() || name == "QUEUE" || ext::find_target(name, family) != nullptr) {
    return usage("chain name may not clash with target name", word.span);
  }
  // iptables minds blanks; a quote, too, could not be read back from what -S prints.
  const auto is_bad = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '"'; };
  if (std::ranges::any_of(name, is_bad))
    return usage(fmt::format("Invalid chain name `{}'", name), word.span);
  return {};
}

}  // namespace bulkhead::lang
