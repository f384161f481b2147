// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/interfaces_file.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "app/summary.h"
#include "net/address.h"

namespace bulkhead::app {

namespace {

constexpr size_t kMaxName = 15;  // IFNAMSIZ, less the final zero
constexpr std::string_view kAllBut = "all_but_those_ips";
constexpr std::string_view kSigns = "=[],";

struct Token {
  std::string_view text;  // empty: the end of the file
  Span span;
};

class InterfacesReader {
 public:
  InterfacesReader(const Source& source, net::Family family)
      : text_(source.text()), family_(family) {}

  Result<pass::Interfaces> read() {
    pass::Interfaces interfaces;
    for (Token name = next(); !name.text.empty(); name = next()) {
      const auto same = [&](const auto& it) { return it.name == name.text; };
      if (std::ranges::any_of(interfaces, same))
        return wrong(name, fmt::format("the interface `{}' stands here twice", name.text));
      if (auto checked = check_name(name); !checked) return checked.error();
      if (auto sign = expect("="); !sign) return sign.error();
      auto addresses = read_addresses();
      if (!addresses) return addresses.error();
      interfaces.push_back({std::string(name.text), *std::move(addresses)});
    }
    return interfaces;
  }

 private:
  static Error wrong(const Token& token, std::string message) {
    return {.kind = ErrorKind::kUsage, .message = std::move(message), .span = token.span};
  }

  void skip_blanks() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Token next() {
    skip_blanks();
    const size_t begin = at_;
    const auto is_sign = [](char c) { return kSigns.find(c) != std::string_view::npos; };
    if (at_ < text_.size() && is_sign(text_[at_])) {
      ++at_;
    } else {
      at_ = std::min(text_.find_first_of("=[],# \t\r\n", at_), text_.size());
    }
    return {text_.substr(begin, at_ - begin),
            {static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)}};
  }

  Result<Token> expect(std::string_view sign) {
    const Token token = next();
    if (token.text == sign) return token;
    const std::string found =
        token.text.empty() ? "the file ends" : fmt::format("there is `{}'", token.text);
    return wrong(token, fmt::format("{} where `{}' must be", found, sign));
  }

  static Result<void> check_name(const Token& name) {
    if (kSigns.find(name.text.front()) != std::string_view::npos)
      return wrong(name, fmt::format("there is `{}' where an interface's name must be", name.text));
    if (name.text.ends_with('+'))
      return wrong(name, "each interface must be named by itself: `+' stands for several");
    if (name.text.size() > kMaxName)
      return wrong(name, fmt::format("an interface's name has at most {} bytes", kMaxName));
    return {};
  }

  Result<ir::ValueSet> read_addresses() {
    const size_t begin = at_;
    const bool all_but = next().text == kAllBut;
    if (!all_but) at_ = begin;
    if (auto sign = expect("["); !sign) return sign.error();
    std::vector<ir::Interval> intervals;
    for (Token token = next(); token.text != "]"; token = next()) {
      if (!intervals.empty()) {
        if (token.text != ",")
          return wrong(token, token.text.empty() ? "the file ends where `]' must be"
                                                 : "addresses are separated by commas");
        token = next();
      }
      const auto interval = parse_addresses(token.text);
      if (!interval) {
        return token.text.empty()
                   ? wrong(token, "the file ends where an address must be")
                   : wrong(token, fmt::format("`{}' is no {} address, prefix or range (first-last)",
                                              token.text, family_name(family_)));
      }
      intervals.push_back(*interval);
    }
    const ir::ValueSet addresses(std::move(intervals));
    return all_but ? addresses.complement(net::address_bits(family_)) : addresses;
  }

  std::optional<ir::Interval> parse_addresses(std::string_view text) const {
    const size_t sign = text.find_first_of("-/");
    const auto first = net::parse_address(family_, text.substr(0, sign));
    if (!first) return std::nullopt;
    if (sign == std::string_view::npos) return ir::Interval{first->value, first->value};
    const std::string_view rest = text.substr(sign + 1);
    if (text[sign] == '-') {
      const auto last = net::parse_address(family_, rest);
      if (!last || last->value < first->value) return std::nullopt;
      return ir::Interval{first->value, last->value};
    }
    const auto mask = net::parse_mask(family_, rest);
    if (!mask || !net::Network{*first, *mask}.prefix_length()) return std::nullopt;
    const U128 all = low_bits(net::address_bits(family_));
    return ir::Interval{first->value & *mask, first->value | (all & ~*mask)};
  }

  std::string_view text_;
  net::Family family_;
  size_t at_ = 0;
};

}  // namespace

Result<pass::Interfaces> parse_interfaces(const Source& source, net::Family family) {
  return InterfacesReader(source, family).read();
}

}  // namespace bulkhead::app
