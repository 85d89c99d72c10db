// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: exporter

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Appends `text` as a JSON string with its quotes. Control characters and what could drive a
/// terminal become \uXXXX; a byte that is no UTF-8 becomes U+FFFD: the output is always valid JSON
/// and valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// "0.333", "12", "1834.5": up to three decimals, as JSON and YAML have it; "null" where it is no
/// number.
[[nodiscard]] std::string decimal_text(double x);

/// Writes JSON onto the end of a string: one line, no blanks. The caller keeps begin and end
/// paired.
class json_writer {
public:
  explicit json_writer(std::string& out) : out_(out) {}

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);

  void null();
  void value(bool x);
  void value(int64_t x);
  void value(uint64_t x);
  void value(double x); ///< with up to three decimals; null where it is no number
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view{text}); }

  /// key() and value() in one.
  template <class T>
  void member(std::string_view name, const T& x) {
    key(name);
    value(x);
  }

private:
  void separate();

  std::string& out_;
  std::vector<bool> has_members_; ///< one per open object or array
  bool after_key_ = false;
};

} // namespace troupe
