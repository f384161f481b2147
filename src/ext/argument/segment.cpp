// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/segment.h"

#include "ext/argument/host_mask.h"

namespace bulkhead::ext {
namespace {

constexpr std::string_view kWhole = "/128";

}  // namespace

Result<std::string> parse_segment(std::span<const std::string_view> words, const Context& context) {
  Result<std::string> text = parse_host_mask(words, context);
  if (text && text->find('/') == std::string::npos) *text += kWhole;
  return text;
}

std::string say_segment(std::string_view canonical, const Context&) {
  if (canonical.ends_with(kWhole)) canonical.remove_suffix(kWhole.size());
  return std::string(canonical);
}

}  // namespace bulkhead::ext
