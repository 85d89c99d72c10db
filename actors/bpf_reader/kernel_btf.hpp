// SPDX-License-Identifier: Apache-2.0
#pragma once

// Questions to the running kernel's type information: the answers decide what is loaded.

#include <memory>
#include <optional>
#include <string>

struct btf;

namespace troupe {

class kernel_btf {
public:
  kernel_btf();

  /// False where the kernel has no BTF: then nothing can be loaded.
  [[nodiscard]] explicit operator bool() const { return btf_ != nullptr; }

  [[nodiscard]] bool has_tracepoint(const std::string& name) const;

  /// A function of the kernel itself, not of a module.
  [[nodiscard]] bool has_function(const std::string& name) const;

  /// Number of arguments of a function of the kernel itself; nullopt when there is none.
  [[nodiscard]] std::optional<unsigned> function_arguments(const std::string& name) const;

  /// Number of arguments of a tracepoint; nullopt when there is no such tracepoint.
  [[nodiscard]] std::optional<unsigned> tracepoint_arguments(const std::string& name) const;

  /// Value of an enumerator.
  [[nodiscard]] std::optional<int> enumerator(const std::string& enum_name,
                                              const std::string& name) const;

private:
  struct free_btf {
    void operator()(btf* x) const;
  };

  std::unique_ptr<btf, free_btf> btf_;
};

} // namespace troupe
