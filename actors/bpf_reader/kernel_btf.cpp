// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/kernel_btf.hpp"

#include <bpf/btf.h>

namespace troupe {

void kernel_btf::free_btf::operator()(btf* x) const {
  btf__free(x);
}

kernel_btf::kernel_btf() : btf_{btf__load_vmlinux_btf()} {}

bool kernel_btf::has_tracepoint(const std::string& name) const {
  return btf_
         && btf__find_by_name_kind(btf_.get(), ("btf_trace_" + name).c_str(), BTF_KIND_TYPEDEF) > 0;
}

bool kernel_btf::has_function(const std::string& name) const {
  return btf_ && btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_FUNC) > 0;
}

std::optional<unsigned> kernel_btf::function_arguments(const std::string& name) const {
  if (!has_function(name))
    return {};
  const auto id = btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_FUNC);
  const auto* function = btf__type_by_id(btf_.get(), static_cast<__u32>(id));
  const auto* prototype = btf__type_by_id(btf_.get(), function->type);
  return btf_vlen(prototype);
}

std::optional<unsigned> kernel_btf::tracepoint_arguments(const std::string& name) const {
  if (!btf_)
    return {};
  const auto id =
      btf__find_by_name_kind(btf_.get(), ("btf_trace_" + name).c_str(), BTF_KIND_TYPEDEF);
  if (id <= 0)
    return {};
  // A typedef of a pointer to a function whose first parameter is the tracepoint's own data.
  const auto* type = btf__type_by_id(btf_.get(), static_cast<__u32>(id));
  for (int depth = 0; type != nullptr && depth < 3; ++depth) {
    if (btf_is_func_proto(type))
      return btf_vlen(type) > 0 ? btf_vlen(type) - 1U : 0U;
    type = btf__type_by_id(btf_.get(), type->type);
  }
  return {};
}

std::optional<int> kernel_btf::enumerator(const std::string& enum_name,
                                          const std::string& name) const {
  if (!btf_)
    return {};
  const auto id = btf__find_by_name_kind(btf_.get(), enum_name.c_str(), BTF_KIND_ENUM);
  if (id <= 0)
    return {};
  const auto* type = btf__type_by_id(btf_.get(), static_cast<__u32>(id));
  const auto* members = btf_enum(type);
  for (unsigned i = 0; i < btf_vlen(type); ++i)
    if (name == btf__name_by_offset(btf_.get(), members[i].name_off))
      return members[i].val;
  return {};
}

} // namespace troupe
