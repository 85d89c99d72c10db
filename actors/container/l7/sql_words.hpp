// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/sql_operation.hpp"

#include <cstddef>

namespace troupe::l7 {

/// A word, name or sign of a query; literals and comments are passed over.
struct sql_token {
  enum class kind : uint8_t { end, word, quoted, literal, sign };
  kind is = kind::end;
  std::string_view text; ///< of a quoted name without its quotes
  bool cut = false;      ///< the query ends with it

  [[nodiscard]] bool is_sign(char c) const { return is == kind::sign && text[0] == c; }
  [[nodiscard]] bool is_name() const { return is == kind::word || is == kind::quoted; }
  /// Without regard to case; `word` is in capitals.
  [[nodiscard]] bool is_word(std::string_view word) const;
};

/// Cuts a query into words. Each byte is looked at once.
class sql_words {
public:
  sql_words(std::string_view query, sql_dialect dialect) : text_(query), dialect_(dialect) {}

  sql_token next();

private:
  void skip_blanks();
  bool skip_comment();
  sql_token quoted(char quote, sql_token::kind kind);
  sql_token dollar_quoted();
  [[nodiscard]] char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  sql_token token(sql_token::kind kind, size_t begin, size_t end, size_t next);

  std::string_view text_;
  size_t at_ = 0;
  sql_dialect dialect_;
};

} // namespace troupe::l7
