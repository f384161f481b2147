// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// A TOML document as a tree with places, so that an error can point at the user's text.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/source.h"

namespace bulkhead::policy {

struct TomlEntry;

struct TomlValue {
  enum class Kind : uint8_t { kString, kInteger, kArray, kTable, kOther };
  Kind kind = Kind::kOther;
  Span span;                       // of the value; of a [table], its header
  std::string text;                // kString
  int64_t number = 0;              // kInteger
  std::vector<TomlValue> items;    // kArray
  std::vector<TomlEntry> entries;  // kTable, in the order written

  const TomlEntry* find(std::string_view key) const;
  // The place of a part of a string's text; all of the value where escapes hide which it is.
  Span part(const Source& source, size_t begin, size_t end) const;
};

struct TomlEntry {
  std::string key;
  Span key_span;
  TomlValue value;
};

// The document's table. The error is kUsage and has its place.
Result<TomlValue> parse_toml(const Source& source);

}  // namespace bulkhead::policy
