# SPDX-License-Identifier: GPL-2.0-or-later
# How everything is compiled and linked. Warnings are the interface target bulkhead_warnings.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(BULKHEAD_CCACHE ccache)
if(BULKHEAD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # As ccache(1) wants it where headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros "${BULKHEAD_CCACHE}")
endif()

find_program(BULKHEAD_MOLD mold)
find_program(BULKHEAD_LLD ld.lld)
if(BULKHEAD_MOLD AND NOT (CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND
                          CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12.1))
  add_link_options(-fuse-ld=mold)
elseif(BULKHEAD_LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_link_options(-Wl,--as-needed)

if(BULKHEAD_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(-fsanitize=address,undefined)
else()
  # It runs as root: assertions stay in (no NDEBUG), and the usual hardening.
  add_compile_options(-fstack-protector-strong)
  add_compile_options("$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
  add_link_options(-Wl,-z,relro,-z,now)
endif()
include(CheckPIESupported)
check_pie_supported()

add_library(bulkhead_warnings INTERFACE)
target_compile_options(bulkhead_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow
  # Rows leave out what they do not have.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 sees overlapping copies in std::string's operator+ (PR 105651), and uninitialized values
  # in the alternatives of a std::variant that isn't there.
  target_compile_options(bulkhead_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(BULKHEAD_WERROR)
  target_compile_options(bulkhead_warnings INTERFACE -Werror)
endif()
# Not for tests: there a short literal may say what it means.
add_library(bulkhead_strict INTERFACE)
target_link_libraries(bulkhead_strict INTERFACE bulkhead_warnings)
target_compile_options(bulkhead_strict INTERFACE -Wconversion -Wno-sign-conversion)
