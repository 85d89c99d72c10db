// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/sql_operation.hpp"

#include "actors/container/l7/sql_words.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>

namespace troupe::l7 {

namespace {

constexpr size_t looked_at = 4096;
constexpr size_t verb_max = 24;
constexpr size_t table_max = 128;

using words_of_sql = std::initializer_list<std::string_view>;

bool is_one_of(const sql_token& token, words_of_sql words) {
  return std::any_of(words.begin(), words.end(), [&](auto word) { return token.is_word(word); });
}

class statement_reader {
public:
  statement_reader(std::string_view query, sql_dialect dialect, bool is_whole)
      : words_(query, dialect), is_whole_(is_whole) {
    advance();
  }

  std::string read();

private:
  void advance();
  void skip(words_of_sql words) {
    while (is_one_of(now_, words))
      advance();
  }
  void find_main_verb();
  void find_from();
  void append_verb(std::string& to);
  void append_name(std::string& to);
  void append_object(std::string& to);
  [[nodiscard]] bool is_known(const sql_token& token) const { return is_whole_ || !token.cut; }

  sql_words words_;
  sql_token now_;
  bool is_whole_;
  int depth_ = 0; ///< of parentheses, before now_
};

void statement_reader::advance() {
  if (now_.is_sign('('))
    ++depth_;
  if (now_.is_sign(')'))
    --depth_;
  now_ = words_.next();
}

void statement_reader::append_verb(std::string& to) {
  if (now_.is != sql_token::kind::word || !is_known(now_))
    return;
  if (!to.empty())
    to.push_back(' ');
  for (const char c : now_.text.substr(0, verb_max))
    to.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
}

// Perhaps with its schema: shop.orders
void statement_reader::append_name(std::string& to) {
  std::string name;
  while (now_.is_name()) {
    if (!is_known(now_))
      return;
    name.append(now_.text.substr(0, table_max));
    advance();
    if (!now_.is_sign('.') || name.size() >= table_max)
      break;
    name.push_back('.');
    advance();
  }
  if (!name.empty() && name.back() != '.')
    to.append(1, ' ').append(name, 0, table_max);
}

// WITH a AS (...), b AS (...) SELECT: what counts is behind the parentheses.
void statement_reader::find_main_verb() {
  const auto depth = depth_;
  while (now_.is != sql_token::kind::end) {
    advance();
    if (depth_ <= depth && is_one_of(now_, {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"}))
      return;
  }
}

// The FROM of this SELECT: not that of EXTRACT(year FROM x), nor of a query among its columns.
void statement_reader::find_from() {
  auto depth = depth_;
  bool distinct = false; // x IS DISTINCT FROM y
  while (now_.is != sql_token::kind::end && !now_.is_sign(';')) {
    distinct = now_.is_word("DISTINCT");
    advance();
    depth = std::min(depth, depth_);
    if (distinct || depth_ != depth || !now_.is_word("FROM"))
      continue;
    advance();
    while (now_.is_sign('(') || is_one_of(now_, {"ONLY", "LATERAL"}))
      advance();
    if (!is_one_of(now_, {"SELECT", "WITH", "VALUES"}))
      return;
    depth = depth_; // A query in place of a table: what it reads.
  }
}

void statement_reader::append_object(std::string& to) {
  advance();
  skip({"OR", "REPLACE", "TEMP", "TEMPORARY", "UNIQUE", "UNLOGGED", "GLOBAL", "LOCAL", "FULLTEXT"});
  append_verb(to);
  advance();
  skip({"VIEW", "DATA", "WRAPPER", "TABLE"}); // MATERIALIZED VIEW, FOREIGN TABLE
  skip({"IF", "NOT", "EXISTS", "CONCURRENTLY", "ONLY"});
  append_name(to);
}

std::string statement_reader::read() {
  while (now_.is_sign('(') || now_.is_sign(';'))
    advance();
  if (now_.is_word("WITH"))
    find_main_verb();
  std::string result;
  append_verb(result);
  const auto verb = now_;
  if (is_one_of(verb, {"CREATE", "DROP", "ALTER"})) {
    append_object(result);
    return result;
  }
  if (verb.is_word("SELECT") || verb.is_word("DELETE"))
    find_from();
  else if (verb.is_word("LOAD")) // DATA LOCAL INFILE 'x' INTO TABLE orders
    while (now_.is != sql_token::kind::end && !now_.is_word("INTO"))
      advance();
  else if (is_one_of(verb, {"INSERT", "REPLACE", "UPDATE", "MERGE", "TRUNCATE", "COPY", "CALL",
                            "LOCK", "EXECUTE"}))
    advance();
  else
    return result;
  skip({"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "IGNORE", "INTO", "ONLY", "TABLE", "TABLES"});
  append_name(result);
  return result;
}

} // namespace

std::string sql_operation(std::string_view query, sql_dialect dialect, bool is_whole) {
  is_whole = is_whole && query.size() <= looked_at;
  return statement_reader{query.substr(0, looked_at), dialect, is_whole}.read();
}

} // namespace troupe::l7
