// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troupe {

/// What may stand where a value is expected.
struct completion_value {
  enum class kind : uint8_t {
    none,    ///< no value at all
    any,     ///< something that nobody can guess
    file,    ///< a path
    choice,  ///< one of `choices`
    listing, ///< what `troupe list --fields <field>` prints
  };
  kind is = kind::none;
  std::vector<std::string> choices = {};
  std::string field = {};

  friend bool operator==(const completion_value&, const completion_value&) = default;
};

/// A flag under all its names, with their dashes.
struct completion_flag {
  std::vector<std::string> names;
  std::string meaning;
  completion_value value;
};

/// What may follow a command.
struct completion_command {
  std::string path; ///< "troupe trace exec"
  std::string name; ///< its last word
  std::string meaning;
  std::vector<completion_flag> flags;
  completion_value argument; ///< what stands without a flag
};

/// The program and all commands below it, parents first.
[[nodiscard]] std::vector<completion_command> completion_words(const CLI::App& app);

} // namespace troupe
