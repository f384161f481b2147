// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace bulkhead::app {

// Keys stay in the order in which they were put in.
using Json = nlohmann::ordered_json;

// As text, with a newline. Bytes that are no UTF-8 (a rule's comment, a chain's name) become
// U+FFFD.
inline std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bulkhead::app
