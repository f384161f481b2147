// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/u32_tests.h"

#include <cctype>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/always_quoted.h"
#include "ext/argument/number.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr size_t kMostTests = XT_U32_MAXSIZE;  // tests, and parts of each side of one

struct Operator {
  xt_u32_ops operation;
  std::string_view text;
};
constexpr Operator kOperators[] = {
    {XT_U32_AND, "&"}, {XT_U32_LEFTSH, "<<"}, {XT_U32_RIGHTSH, ">>"}, {XT_U32_AT, "@"}};

// u32_parse() of libxt_u32.c, with its messages and their places.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<U32Test>> read() {
    std::vector<U32Test> tests;
    do {
      U32Test& test = tests.emplace_back();
      too_many_ = tests.size() > kMostTests;
      if (Result<void> done = read_location(test); !done) return done.error();
      if (Result<void> done = read_values(test); !done) return done.error();
    } while (at_ < text_.size());
    if (too_many_) return error("too many \"&&\"s");
    return tests;
  }

 private:
  Error error(std::string_view what) const {
    return usage_error(fmt::format("u32: at char {}: {}", at_, what));
  }
  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  Result<uint32_t> read_number() {
    const std::optional<Number> number = leading_number(text_.substr(at_), UINT32_MAX);
    if (!number) return error("not a number or out of range");
    at_ = text_.size() - number->rest.size();
    return static_cast<uint32_t>(number->value);
  }

  Result<xt_u32_ops> read_operator() {
    for (const Operator& each : kOperators) {
      if (next() != each.text.front()) continue;
      ++at_;
      if (each.text.size() == 1) return each.operation;
      if (next() != each.text.back())
        return error(fmt::format("a second '{}' was expected", each.text.back()));
      ++at_;
      return each.operation;
    }
    return error("operator expected");
  }

  // Up to its '='.
  Result<void> read_location(U32Test& test) {
    while (true) {
      skip_blanks();
      if (at_ == text_.size())
        return usage_error("u32: abrupt end of input after location specifier");
      if (next() == '=') break;
      U32Step step;
      if (!test.location.empty()) {
        Result<xt_u32_ops> operation = read_operator();
        if (!operation) return operation.error();
        step.operation = *operation;
      }
      Result<uint32_t> number = read_number();
      if (!number) return number.error();
      step.number = *number;
      test.location.push_back(step);
      if (test.location.size() > kMostTests) return error("too many operators");
    }
    if (test.location.empty()) return error("location spec missing");
    ++at_;
    return {};
  }

  // Up to the end of the text or behind "&&".
  Result<void> read_values(U32Test& test) {
    while (true) {
      skip_blanks();
      if (at_ == text_.size()) break;
      if (next() == '&') {
        ++at_;
        if (next() != '&') return error("a second '&' was expected");
        if (test.values.empty()) return error("value spec missing");
        if (too_many_) return error("too many \"&&\"s");
        ++at_;
        skip_blanks();
        if (at_ == text_.size())
          return usage_error("u32: abrupt end of input after location specifier");
        return {};
      }
      if (!test.values.empty()) {
        if (next() != ',') return error("expected \",\" or \"&&\"");
        ++at_;
      }
      if (Result<void> done = read_range(test); !done) return done.error();
    }
    if (test.values.empty()) return usage_error("u32: test ended with no value specified");
    return {};
  }

  Result<void> read_range(U32Test& test) {
    Result<uint32_t> first = read_number();
    if (!first) return first.error();
    U32Range range{*first, *first};
    skip_blanks();
    if (next() == ':') {
      ++at_;
      Result<uint32_t> last = read_number();
      if (!last) return last.error();
      range.last = *last;
    }
    test.values.push_back(range);
    if (test.values.size() > kMostTests) return error("too many \",\"s");
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  bool too_many_ = false;  // tests; iptables sees it at the end of the one that is too many
};

std::string_view text_of(xt_u32_ops operation) {
  for (const Operator& each : kOperators) {
    if (each.operation == operation) return each.text;
  }
  return {};
}

std::string print(const std::vector<U32Test>& tests) {
  std::string text;
  const auto to = std::back_inserter(text);
  for (const U32Test& test : tests) {
    if (!text.empty()) text += "&&";
    for (const U32Step& step : test.location) {
      if (&step != &test.location.front()) text += text_of(step.operation);
      fmt::format_to(to, "{:#x}", step.number);
    }
    char separator = '=';
    for (const U32Range& range : test.values) {
      fmt::format_to(to, "{}{:#x}", separator, range.first);
      if (range.last != range.first) fmt::format_to(to, ":{:#x}", range.last);
      separator = ',';
    }
  }
  return text;
}

}  // namespace

Result<std::string> parse_u32_tests(std::span<const std::string_view> words, const Context&) {
  const Result<std::vector<U32Test>> tests = Reader(words[0]).read();
  if (!tests) return tests.error();
  return always_quoted(print(*tests));
}

std::vector<U32Test> u32_tests(std::string_view canonical) {
  const std::string text = unquoted(canonical);
  return *Reader(text).read();
}

}  // namespace bulkhead::ext
