// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/pattern.h"

#include <linux/netfilter/xt_string.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/always_quoted.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr size_t kLongestPattern = XT_STRING_MAX_PATTERN_SIZE;

// Of ASCII, whatever the locale.
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

std::optional<uint8_t> hex_byte(std::string_view digits) {
  uint8_t byte = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
  if (error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  return byte;
}

Error too_long(std::string_view word) {
  return usage_error(fmt::format("STRING too long \"{}\"", word));
}

// What parse_hex_string() of libxt_string.c takes: a bar begins and ends hex, and what follows it
// at once isn't looked at for another bar or a backslash.
class HexPattern {
 public:
  explicit HexPattern(std::string_view text) : text_(text) {}

  Result<std::string> read() {
    if (text_.empty()) return usage_error("STRING must contain at least one char");
    while (at_ < text_.size()) {
      if (bytes_.size() >= kLongestPattern) return too_long(text_);
      const char c = text_[at_];
      if (c == '\\' && hex_) return usage_error("Cannot include literals in hex data");
      if (c == '|') {
        hex_ = !hex_;
        if (hex_) skip_blanks();
        if (++at_ == text_.size()) break;
      }
      const bool escaped = c == '\\';
      if (Result<void> taken = escaped ? take_escaped() : hex_ ? take_hex() : take_plain(); !taken)
        return taken.error();
    }
    return bytes_;
  }

 private:
  void skip_blanks() {
    while (at_ + 1 < text_.size() && text_[at_ + 1] == ' ') ++at_;
  }
  Result<void> take_plain() {
    bytes_ += text_[at_++];
    return {};
  }
  Result<void> take_escaped() {
    if (at_ + 1 == text_.size()) return usage_error("Bad literal placement at end of string");
    bytes_ += text_[at_ + 1];
    at_ += 2;
    return {};
  }
  Result<void> take_hex() {
    if (at_ + 1 >= text_.size()) return usage_error("Odd number of hex digits");
    if (at_ + 2 >= text_.size()) return usage_error("Invalid hex block");
    for (const size_t digit : {at_, at_ + 1}) {
      if (!hex_byte(text_.substr(digit, 1)))
        return usage_error(fmt::format("Invalid hex char '{}'", text_[digit]));
    }
    bytes_ += static_cast<char>(*hex_byte(text_.substr(at_, 2)));
    at_ += text_[at_ + 2] == ' ' ? 3 : 2;
    return {};
  }

  std::string_view text_;
  std::string bytes_;
  size_t at_ = 0;
  bool hex_ = false;
};

std::string in_hex(std::string_view bytes) {
  std::string text = "\"|";
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return text + "|\"";
}

}  // namespace

Result<std::string> parse_pattern(std::span<const std::string_view> words, const Context&) {
  if (words[0].size() > kLongestPattern) return too_long(words[0]);
  return always_quoted(words[0]);
}

Result<std::string> parse_hex_pattern(std::span<const std::string_view> words, const Context&) {
  const Result<std::string> bytes = HexPattern(words[0]).read();
  if (!bytes) return bytes.error();
  return in_hex(*bytes);
}

std::string pattern_bytes(std::string_view canonical) { return unquoted(canonical); }

std::string hex_pattern_bytes(std::string_view canonical) {
  std::string bytes;
  const std::string text = unquoted(canonical);
  for (size_t at = 1; at + 2 < text.size(); at += 2)
    bytes += static_cast<char>(*hex_byte(std::string_view(text).substr(at, 2)));
  return bytes;
}

bool is_hex_pattern(std::string_view bytes) {
  return !std::ranges::all_of(bytes, is_printable) || bytes.ends_with('\\');
}

std::string pattern_text(std::string_view bytes) {
  return is_hex_pattern(bytes) ? in_hex(bytes) : always_quoted(bytes);
}

}  // namespace bulkhead::ext
