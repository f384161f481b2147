// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer's entry; the build names the target.
#include <cstddef>
#include <cstdint>

#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bulkhead::fuzz::BULKHEAD_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
