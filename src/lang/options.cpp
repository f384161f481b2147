// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/options.h"

namespace bulkhead::lang {

namespace {

struct BaseOption {
  std::string_view name;
  char letter;
  Arity arity;
};

constexpr BaseOption kBaseOptions[] = {
    {"append", 'A', Arity::kRequired},
    {"delete", 'D', Arity::kRequired},
    {"check", 'C', Arity::kRequired},
    {"insert", 'I', Arity::kRequired},
    {"replace", 'R', Arity::kRequired},
    {"list", 'L', Arity::kOptional},
    {"list-rules", 'S', Arity::kOptional},
    {"flush", 'F', Arity::kOptional},
    {"zero", 'Z', Arity::kOptional},
    {"new-chain", 'N', Arity::kRequired},
    {"delete-chain", 'X', Arity::kOptional},
    {"rename-chain", 'E', Arity::kRequired},
    {"policy", 'P', Arity::kRequired},
    {"source", 's', Arity::kRequired},
    {"destination", 'd', Arity::kRequired},
    {"src", 's', Arity::kRequired},
    {"dst", 'd', Arity::kRequired},
    {"protocol", 'p', Arity::kRequired},
    {"in-interface", 'i', Arity::kRequired},
    {"jump", 'j', Arity::kRequired},
    {"table", 't', Arity::kRequired},
    {"match", 'm', Arity::kRequired},
    {"numeric", 'n', Arity::kNone},
    {"out-interface", 'o', Arity::kRequired},
    {"verbose", 'v', Arity::kNone},
    {"wait", 'w', Arity::kOptional},
    {"wait-interval", 'W', Arity::kOptional},
    {"exact", 'x', Arity::kNone},
    {"fragments", 'f', Arity::kNone},
    {"version", 'V', Arity::kNone},
    {"help", 'h', Arity::kOptional},
    {"line-numbers", kLineNumbers, Arity::kNone},
    {"modprobe", kModprobe, Arity::kRequired},
    {"set-counters", 'c', Arity::kRequired},
    {"goto", 'g', Arity::kRequired},
    {"ipv4", '4', Arity::kNone},
    {"ipv6", '6', Arity::kNone},
};

std::optional<Arity> short_arity(char letter) {
  if (letter == kLineNumbers) return std::nullopt;
  for (const BaseOption& option : kBaseOptions) {
    if (option.letter == letter) return option.arity;
  }
  return std::nullopt;
}

struct Candidate {
  OptionScanner::Kind kind = OptionScanner::Kind::kUnknown;
  char letter = 0;
  const ext::Option* option = nullptr;
  size_t owner = 0;
  Arity arity = Arity::kNone;

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// The first exact name wins; else all that begin like it must be the same option.
class Search {
 public:
  explicit Search(std::string_view spelling) : spelling_(spelling) {}

  // True: it is decided.
  bool offer(std::string_view name, const Candidate& candidate) {
    if (name == spelling_) {
      found_ = candidate;
      ambiguous_ = false;
      return true;
    }
    if (name.starts_with(spelling_)) {
      if (!found_) {
        found_ = candidate;
      } else if (!(*found_ == candidate)) {
        ambiguous_ = true;
      }
    }
    return false;
  }
  std::optional<Candidate> result() const { return ambiguous_ ? std::nullopt : found_; }

 private:
  std::string_view spelling_;
  std::optional<Candidate> found_;
  bool ambiguous_ = false;
};

}  // namespace

void OptionScanner::add(std::span<const ext::Option> options, size_t owner) {
  added_.push_back({options, owner});
}

const Word* OptionScanner::take_argument() {
  if (at_end()) return nullptr;
  const Word& word = words_[index_];
  if (word.text.starts_with('-') || word.text.starts_with('!')) return nullptr;
  ++index_;
  return &word;
}

OptionScanner::Hit OptionScanner::end(Hit hit) const {
  hit.word = index_ == 0 ? 0 : index_ - 1;
  return hit;
}

OptionScanner::Hit OptionScanner::with_argument(Hit hit, Arity arity,
                                                std::optional<std::string_view> attached) {
  if (attached) {
    const Span whole = words_[index_ - 1].span;
    hit.has_argument = true;
    hit.argument = *attached;
    // Quotes may have been taken from the word: then the argument's place is the word's.
    const auto length = static_cast<uint32_t>(attached->size());
    const bool plain = whole.end - whole.begin == words_[index_ - 1].text.size();
    hit.argument_span = plain ? Span{whole.end - length, whole.end} : whole;
  } else if (arity == Arity::kRequired) {
    if (at_end()) {
      hit.kind = Kind::kMissingArgument;
      return end(hit);
    }
    hit.has_argument = true;
    hit.argument = words_[index_].text;
    hit.argument_span = words_[index_].span;
    ++index_;
  }
  return end(hit);
}

OptionScanner::Hit OptionScanner::next_long(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view spelling = text.substr(0, equals);
  std::optional<std::string_view> attached;
  if (equals != std::string_view::npos) attached = text.substr(equals + 1);

  const std::optional<Candidate> found = [&] {
    Search search(spelling);
    for (const BaseOption& option : kBaseOptions) {
      if (search.offer(option.name, {Kind::kBase, option.letter, nullptr, 0, option.arity})) {
        return search.result();
      }
    }
    for (auto added = added_.rbegin(); added != added_.rend(); ++added) {
      for (const ext::Option& option : added->options) {
        const Arity arity = option.type->count == 0 ? Arity::kNone : Arity::kRequired;
        const Candidate candidate{Kind::kExtension, 0, &option, added->owner, arity};
        if (search.offer(option.name, candidate)) return search.result();
        for (const std::string_view alias : option.aliases) {
          if (search.offer(alias, candidate)) return search.result();
        }
      }
    }
    return search.result();
  }();
  Hit hit;
  if (!found || (attached && found->arity == Arity::kNone)) {
    hit.kind = Kind::kUnknown;
    return end(hit);
  }
  hit.kind = found->kind;
  hit.letter = found->letter;
  hit.option = found->option;
  hit.owner = found->owner;
  return with_argument(hit, found->arity, attached);
}

OptionScanner::Hit OptionScanner::next_short() {
  Hit hit;
  hit.letter = short_.front();
  short_.remove_prefix(1);
  // The word counts as read with its last character, not before: errors in its middle name the word
  // before it.
  if (short_.empty()) ++index_;
  const std::optional<Arity> arity = short_arity(hit.letter);
  if (!arity) {
    hit.kind = Kind::kUnknown;
    return end(hit);
  }
  hit.kind = Kind::kBase;
  if (*arity == Arity::kNone) return end(hit);
  std::optional<std::string_view> attached;
  if (!short_.empty()) {
    attached = short_;
    ++index_;
  }
  short_ = {};
  return with_argument(hit, *arity, attached);
}

OptionScanner::Hit OptionScanner::next() {
  last_ = {index_, short_};
  if (!short_.empty()) return next_short();
  Hit hit;
  if (at_end()) return end(hit);
  const std::string_view word = words_[index_].text;
  if (word == "--") {
    ++index_;
    return end(hit);
  }
  if (word.size() < 2 || word.front() != '-') {
    hit.kind = Kind::kWord;
    hit.argument = word;
    hit.argument_span = words_[index_].span;
    ++index_;
    return end(hit);
  }
  if (word.starts_with("--")) {
    ++index_;
    return next_long(word.substr(2));
  }
  short_ = word.substr(1);
  return next_short();
}

}  // namespace bulkhead::lang
