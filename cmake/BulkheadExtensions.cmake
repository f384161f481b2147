# SPDX-License-Identifier: GPL-2.0-or-later

# bulkhead_extensions(TARGET)
# Writes the registry "ext/rows.inc": BULKHEAD_MATCH(name) for every src/ext/match/<name>.cpp and
# BULKHEAD_TARGET(name) for every src/ext/target/<name>.cpp, sorted. A new row is one new file.
function(bulkhead_extensions target)
  set(rows "")
  foreach(kind match target)
    string(TOUPPER ${kind} macro)
    file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/ext/${kind}/*.cpp")
    list(SORT files)
    foreach(file IN LISTS files)
      cmake_path(GET file STEM name)
      string(APPEND rows "BULKHEAD_${macro}(${name})\n")
    endforeach()
  endforeach()
  # Written only when it differs, so nothing is built again for nothing.
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/ext/rows.inc" CONTENT "${rows}" @ONLY)
  target_include_directories(${target} ${${target}_SCOPE} "${PROJECT_BINARY_DIR}/generated")
endfunction()
