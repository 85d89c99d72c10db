// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/bpf_refusal.hpp"

#include <bpf/libbpf.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace troupe {

namespace {

constexpr int kernel_enotsupp = 524; // ENOTSUPP, which user space has no name for.
constexpr size_t text_bytes_max = 64U << 10;

constexpr const char* signs_of_age[] = {"invalid func unknown#", "unknown func ",
                                        "uses reserved fields", "unknown opcode"};

// Loading happens in one thread at a time.
thread_local std::string kept_text;

/// The verifier's log comes in one piece, and what it says of the error stands at its end.
int keep_text(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG)
    return 0;
  va_list measured;
  va_copy(measured, arguments);
  const auto size = std::vsnprintf(nullptr, 0, format, measured);
  va_end(measured);
  if (size <= 0)
    return size;
  std::string text(static_cast<size_t>(size) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), format, arguments);
  text.pop_back();
  kept_text += text;
  if (kept_text.size() > text_bytes_max)
    kept_text.erase(0, kept_text.size() - text_bytes_max);
  return size;
}

/// A helper, an instruction or an iterator that the verifier has never heard of.
bool is_too_old() {
  return std::any_of(std::begin(signs_of_age), std::end(signs_of_age),
                     [](const char* sign) { return kept_text.find(sign) != std::string::npos; });
}

std::string not_permitted(std::string_view step) {
  const auto refused = "the kernel refuses it to this process (" + std::string{step} + "); ";
  if (geteuid() != 0)
    return refused + "run as root or with CAP_BPF and CAP_PERFMON";
  return refused + "a lockdown, a container's or a security module's policy forbids it to root too";
}

} // namespace

void keep_libbpf_text() {
  libbpf_set_print(keep_text);
}

const std::string& libbpf_text() {
  return kept_text;
}

void clear_libbpf_text() {
  kept_text.clear();
}

std::string refusal(int error, std::string_view step) {
  switch (error) {
    case EPERM:
      return not_permitted(step);
    case EACCES:
    case EINVAL:
      if (is_too_old())
        return "this kernel is too old for it; all features work from 5.15 on";
      return "this kernel's verifier rejects a program (" + std::string{step}
             + "); its log is printed at log level debug";
    case ENOMEM:
      return "the kernel has no memory for it (" + std::string{step} + ")";
    case EOPNOTSUPP:
    case kernel_enotsupp:
      return "this kernel was built without what it needs (" + std::string{step} + ")";
    default:
      return std::string{step} + ": " + std::strerror(error);
  }
}

} // namespace troupe
