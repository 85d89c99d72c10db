# SPDX-License-Identifier: Apache-2.0
# reuse_actor_headers(DIRECTORY): every target below DIRECTORY that links troupe_actor_base itself
# uses that library's precompiled header of CAF and spdlog. One such header serves all; an
# INTERFACE header would be compiled anew for every target.
function(reuse_actor_headers directory)
  get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(libraries ${target} LINK_LIBRARIES)
    if("troupe_actor_base" IN_LIST libraries)
      target_precompile_headers(${target} REUSE_FROM troupe_actor_base)
    endif()
  endforeach()
  get_property(folders DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
  foreach(folder IN LISTS folders)
    reuse_actor_headers("${folder}")
  endforeach()
endfunction()
