# SPDX-License-Identifier: Apache-2.0
# bpf_object(NAME SOURCE): compiles a BPF program and makes <NAME>.skel.h of it.
# Link bpf_skeletons to include "<NAME>.skel.h".
find_program(BPF_CLANG NAMES clang-14 clang REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(BPF_TARGET_ARCH arm64)
else()
  set(BPF_TARGET_ARCH x86)
endif()
set(BPF_SKELETON_DIR "${PROJECT_BINARY_DIR}/bpf/skeletons")
file(MAKE_DIRECTORY "${BPF_SKELETON_DIR}")

add_library(bpf_skeletons INTERFACE)
target_include_directories(bpf_skeletons SYSTEM INTERFACE "${BPF_SKELETON_DIR}")
target_link_libraries(bpf_skeletons INTERFACE PkgConfig::LIBBPF)

function(bpf_object name source)
  set(raw "${PROJECT_BINARY_DIR}/bpf/${name}.raw.o")
  set(object "${PROJECT_BINARY_DIR}/bpf/${name}.o")
  set(skeleton "${BPF_SKELETON_DIR}/${name}.skel.h")
  file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bpf/*.h")
  add_custom_command(OUTPUT "${skeleton}"
    COMMAND "${BPF_CLANG}" -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -D__TARGET_ARCH_${BPF_TARGET_ARCH}
      -I "${PROJECT_SOURCE_DIR}" -I "/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}"
      -c "${CMAKE_CURRENT_SOURCE_DIR}/${source}" -o "${raw}"
    COMMAND "${BPFTOOL}" gen object "${object}" "${raw}" # strips and deduplicates: 642 kB -> 28 kB
    COMMAND "${BPFTOOL}" gen skeleton "${object}" name "${name}" > "${skeleton}"
    DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${source}" ${headers}
    COMMENT "BPF object ${name}" VERBATIM)
  add_custom_target(bpf_${name} DEPENDS "${skeleton}")
  add_dependencies(bpf_skeletons bpf_${name})
endfunction()
