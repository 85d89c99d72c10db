# SPDX-License-Identifier: Apache-2.0
# troupe_flags: the one INTERFACE target that carries warnings and include paths.
add_library(troupe_flags INTERFACE)
target_include_directories(troupe_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(troupe_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow)
if(TROUPE_WERROR)
  target_compile_options(troupe_flags INTERFACE -Werror)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers carry their time stamps; ccache must be told to look past them.
  set(CMAKE_C_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(troupe_flags INTERFACE -fpch-preprocess)
  endif()
endif()

find_program(LLD_PROGRAM NAMES ld.lld ld.lld-14)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()
