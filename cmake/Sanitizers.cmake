# SPDX-License-Identifier: Apache-2.0
# TROUPE_SANITIZE: "" or a list for -fsanitize=, e.g. "address,undefined".
set(TROUPE_SANITIZE "" CACHE STRING "Sanitizers to build with")
if(TROUPE_SANITIZE)
  add_compile_options(-fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TROUPE_SANITIZE})
  if(TROUPE_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # CAF 0.17.6 makes references through null in init_fun_factory.hpp, and takes the sentinel of
    # a mailbox's queue for an element of it in task_queue.hpp: only its address is used.
    add_compile_options(-fno-sanitize=null,vptr)
  endif()
endif()
if(TROUPE_FUZZ)
  # Everything counts its branches; only the fuzzers link libFuzzer and its main().
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "libFuzzer is clang's: configure with the preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined)
endif()
