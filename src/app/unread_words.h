// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/source.h"
#include "lang/unread.h"

namespace bulkhead::app {

// Why something of a text was made do without: once for each reason.
struct UnreadReason {
  Span span;          // the first place
  std::string words;  // why, what it was taken for, and how often it was
};

// What a lenient reading of the source made do without, in the order of the text.
std::vector<UnreadReason> unread_reasons(const Source& source, std::vector<lang::Unread> unread);

// "rules.v4:4:25: " and the words.
std::string unread_warning(const Source& source, const UnreadReason& reason);

}  // namespace bulkhead::app
