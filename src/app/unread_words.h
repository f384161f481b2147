// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/source.h"
#include "lang/unread.h"

namespace bulkhead::app {

// What a lenient reading of the source made do without, in the order of the text: a warning for
// each reason, with the first place and how often it was.
std::vector<std::string> unread_words(const Source& source, std::vector<lang::Unread> unread);

}  // namespace bulkhead::app
