// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/personality/main.h"

#include <string_view>

#include "app/cli.h"

// One program: which one it is follows from the name by which it was called.
int main(int argc, char** argv) {
  const std::string_view path = argc > 0 ? argv[0] : "bulkhead";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (bulkhead::app::is_personality(name)) {
    return bulkhead::app::personality_main(name, argc, argv);
  }
  return bulkhead::app::bulkhead_main(argc, argv);
}
