// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/toml_document.h"

#include <algorithm>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace bulkhead::policy {

namespace {

bool continues_letter(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

class Converter {
 public:
  explicit Converter(const Source& source) : text_(source.text()) {
    lines_.push_back(0);
    for (uint32_t i = 0; i < text_.size(); ++i)
      if (text_[i] == '\n') lines_.push_back(i + 1);
  }

  // toml++ counts letters, a Span bytes.
  uint32_t offset(const toml::source_position& at) const {
    const auto size = static_cast<uint32_t>(text_.size());
    if (at.line == 0 || at.line > lines_.size()) return size;
    uint32_t offset = lines_[at.line - 1];
    for (uint32_t column = 1; column < at.column && offset < size; ++column) {
      ++offset;
      while (offset < size && continues_letter(text_[offset])) ++offset;
    }
    return offset;
  }

  // Never empty, and on one line: a caret needs a place.
  Span span(const toml::source_region& region) const {
    const uint32_t begin = offset(region.begin);
    const auto line_end = static_cast<uint32_t>(std::min(text_.find('\n', begin), text_.size()));
    return {begin, std::max(std::min(offset(region.end), line_end), begin + 1)};
  }

  TomlValue value(const toml::node& node) const {
    TomlValue value;
    value.span = span(node.source());
    if (const auto* text = node.as_string()) {
      value.kind = TomlValue::Kind::kString;
      value.text = text->get();
    } else if (const auto* number = node.as_integer()) {
      value.kind = TomlValue::Kind::kInteger;
      value.number = number->get();
    } else if (const auto* list = node.as_array()) {
      value.kind = TomlValue::Kind::kArray;
      for (const toml::node& item : *list) value.items.push_back(this->value(item));
    } else if (const auto* table = node.as_table()) {
      value.kind = TomlValue::Kind::kTable;
      for (const auto& [key, item] : *table)
        value.entries.push_back({std::string(key.str()), span(key.source()), this->value(item)});
      std::ranges::stable_sort(value.entries, {},
                               [](const TomlEntry& entry) { return entry.key_span.begin; });
    }
    return value;
  }

 private:
  std::string_view text_;
  std::vector<uint32_t> lines_;
};

}  // namespace

const TomlEntry* TomlValue::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &TomlEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

Span TomlValue::part(const Source& source, size_t begin, size_t end) const {
  const std::string_view written = source.text().substr(span.begin, span.end - span.begin);
  const auto from = static_cast<uint32_t>(span.begin + begin);
  if (written == text) return {from, std::max(static_cast<uint32_t>(span.begin + end), from + 1)};
  if (kind != Kind::kString || written.size() != text.size() + 2 ||
      written.substr(1, text.size()) != text)
    return span;
  const auto at = static_cast<uint32_t>(span.begin + 1 + begin);
  return {at, std::max(static_cast<uint32_t>(span.begin + 1 + end), at + 1)};
}

Result<TomlValue> parse_toml(const Source& source) {
  const Converter converter(source);
  const toml::parse_result parsed = toml::parse(source.text(), source.name());
  if (parsed) return converter.value(parsed.table());
  const toml::parse_error& error = parsed.error();
  return Error{.kind = ErrorKind::kUsage,
               .message = std::string(error.description()),
               .hint = "the file is TOML: docs/claims.md has examples",
               .span = converter.span(error.source())};
}

}  // namespace bulkhead::policy
