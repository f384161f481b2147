# SPDX-License-Identifier: GPL-2.0-or-later

# bulkhead_layer(FOLDER [ON layer...] [USES target...] [HIDES target...] [WITHOUT entry...])
# The static library bulkhead_<folder, / as _> of every .cpp below src/FOLDER but those in or named
# by WITHOUT. ON: layers below. USES: third parties seen in its headers, HIDES: only in its sources.
# A folder without a .cpp becomes an interface library and turns static when the first one arrives.
# Sets <target>_SCOPE for the caller: the keyword that reaches the users of the library.
function(bulkhead_layer folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ON;USES;HIDES;WITHOUT")
  string(REPLACE "/" "_" name "bulkhead_${folder}")
  set(dir "${PROJECT_SOURCE_DIR}/src/${folder}")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${dir}" "${dir}/*.cpp")
  foreach(entry IN LISTS arg_WITHOUT)
    string(REPLACE "." "[.]" entry "${entry}")
    list(FILTER sources EXCLUDE REGEX "^${entry}(/|$)")
  endforeach()
  list(TRANSFORM sources PREPEND "${dir}/")

  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${name} PRIVATE bulkhead_strict ${arg_HIDES})
    bulkhead_unity(${name} 12)
    bulkhead_precompile(${name})
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} "${PROJECT_SOURCE_DIR}/src")
  list(TRANSFORM arg_ON REPLACE "/" "_")
  list(TRANSFORM arg_ON PREPEND "bulkhead_")
  target_link_libraries(${name} ${scope} ${arg_ON} ${arg_USES})

  set_property(GLOBAL APPEND PROPERTY BULKHEAD_LAYERS "${folder}")
  set(${name}_SCOPE ${scope} PARENT_SCOPE)
endfunction()

# Headers take most of the compiler's time, so several files are read one behind the other: half the
# time of a whole build. So a name in a nameless namespace is known in the whole layer. ./dev lint
# still sees every file alone, and so does -DBULKHEAD_UNITY=OFF.
function(bulkhead_unity target files)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${BULKHEAD_UNITY} UNITY_BUILD_BATCH_SIZE ${files}
    # Whichever comes first: the headers of the kernel step back behind those of the C library
    # (linux/libc-compat.h), not the other way round.
    UNITY_BUILD_CODE_BEFORE_INCLUDE "#include <netinet/in.h>")
endfunction()

# What nearly every file includes anyway is read once.
function(bulkhead_precompile target)
  if(NOT BULKHEAD_PRECOMPILE)
    return()
  endif()
  get_property(first GLOBAL PROPERTY BULKHEAD_PRECOMPILED)
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
    return()
  endif()
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <chrono> <cstdint> <cstring> <functional> <iterator> <map> <memory> <optional>
    <ranges> <set> <span> <string> <string_view> <tuple> <unordered_map> <utility> <variant> <vector>
    <fmt/format.h> <fmt/ranges.h>)
  set_property(GLOBAL PROPERTY BULKHEAD_PRECOMPILED ${target})
endfunction()

# bulkhead_program(NAME FROM layer [LINKS name...])
# The program NAME of src/<layer>/main.cpp in BULKHEAD_BIN_DIR, and symbolic links to it beside it.
function(bulkhead_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FROM" "LINKS")
  file(GLOB main CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${arg_FROM}/main.cpp")
  if(NOT main)
    message(STATUS "no src/${arg_FROM}/main.cpp: ${name} is not built")
    return()
  endif()
  add_executable(${name} ${main})
  target_link_libraries(${name} PRIVATE bulkhead_${arg_FROM} bulkhead_strict)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${BULKHEAD_BIN_DIR}")
  add_dependencies(programs ${name})
  foreach(link IN LISTS arg_LINKS)
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
      COMMAND ${CMAKE_COMMAND} -E create_symlink ${name} "${BULKHEAD_BIN_DIR}/${link}")
  endforeach()
endfunction()
