// SPDX-License-Identifier: Apache-2.0
// Any text as the configuration file.

#include "actors/console/configuration_file.hpp"
#include "actors/console/escape.hpp"
#include "tests/fuzz/expect.hpp"

#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace troupe;
using fuzz::expect;

std::string read(const std::string& path) {
  configuration result;
  auto error = read_configuration_file(path, result);
  if (!error.empty())
    return error;
  for (const auto& x : settings_schema()) {
    const auto text = x.get(result);
    if (text.empty())
      continue; // Not set: the command's own default, or found by itself.
    expect(x.set(result, text).empty(), "what is printed as a setting can be set");
    expect(x.get(result) == text, "and means the same");
  }
  return {};
}

/// It is printed to a terminal, as one line.
void check_error(const std::string& error) {
  for (size_t at = 0; at < error.size();) {
    const auto c = decode_utf8(error, at);
    expect(c.valid && !is_hostile(c.value), "an error shows nothing hostile");
    at += c.size;
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int file = memfd_create("configuration", MFD_CLOEXEC);
  static const auto path = "/proc/self/fd/" + std::to_string(file);
  expect(file >= 0 && ftruncate(file, 0) == 0
             && pwrite(file, data, size, 0) == static_cast<ssize_t>(size),
         "memfd");
  check_error(read(path));

  std::string error;
  const auto none = [](const char*) -> const char* {
    return nullptr;
  };
  const auto loaded = load_configuration({}, none, path, error);
  expect(loaded.has_value() == error.empty(), "a configuration, or what is wrong with it");
  check_error(error);
  return 0;
}
