// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace bulkhead::ext {

// For canonical texts that -S shows in double quotes whatever is in them: the quotes are part of
// the text.
std::string always_quoted(std::string_view text);
// What always_quoted() was given.
std::string unquoted(std::string_view quoted);

}  // namespace bulkhead::ext
