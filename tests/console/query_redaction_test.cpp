// SPDX-License-Identifier: Apache-2.0
#include "actors/console/query_redaction.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

std::string standard(std::string_view query) {
  return redact_sql(query, true);
}

std::string mysql(std::string_view query) {
  return redact_sql(query, false);
}

} // namespace

TEST_CASE("redaction: strings and numbers are ?, everything else stays") {
  CHECK(standard("SELECT a1, \"b c\" FROM t WHERE x = 'secret' AND y > 42.5e3 LIMIT 10")
        == "SELECT a1, \"b c\" FROM t WHERE x = ? AND y > ? LIMIT ?");
  CHECK(standard("INSERT INTO t VALUES ('it''s', 0xFF, -7, .5, NULL)")
        == "INSERT INTO t VALUES (?, ?, -?, ?, NULL)");
  CHECK(standard("SELECT $1, $12, a::text FROM t2") == "SELECT $1, $12, a::text FROM t2");
  CHECK(mysql("SELECT `a 1` FROM t WHERE x = \"secret\" OR y = 'b'")
        == "SELECT `a 1` FROM t WHERE x = ? OR y = ?");
  CHECK(mysql("SET PASSWORD FOR 'bob'@'%' = 'secret'") == "SET PASSWORD FOR ?@? = ?");
}

TEST_CASE("redaction: dollar quotes are strings") {
  CHECK(standard("SELECT $$it's secret$$, $a$ $$ $a$, 1") == "SELECT ?, ?, ?");
  CHECK(standard("DO $$ never ends") == "DO ?");
}

TEST_CASE("redaction: a quote behind a backslash may end the string or not: the rest is hidden") {
  CHECK(standard(R"(SELECT E'a\'secret', 'b')") == "SELECT E? ...");
  CHECK(standard(R"(SELECT 'a\', 'secret')") == "SELECT ? ...");
  CHECK(mysql(R"(SELECT 'a\'secret', 'b')") == "SELECT ? ...");
  CHECK(mysql(R"(SELECT 'a\nb', x)") == "SELECT ?, x");
}

TEST_CASE("redaction: comments are left out, and what looks like one in a string is none") {
  CHECK(standard("SELECT /* it's /* nested */ secret */ a -- it's\n, 'b'") == "SELECT  a \n, ?");
  CHECK(mysql("SELECT /* it's /* not */ a # it's\n, 'b'") == "SELECT  a \n, ?");
  CHECK(mysql("SELECT 5--'secret'") == "SELECT ?--?");
  CHECK(standard("SELECT '-- a', '/* b', c") == "SELECT ?, ?, c");
  CHECK(standard("SELECT a /* cut off").find("cut") == std::string::npos);
}

TEST_CASE("redaction: a text that is cut off anywhere shows no part of a value") {
  const std::string query = "SELECT a FROM t WHERE b = 'sekrit' AND c = $x$sekrit$x$ AND d = \"q\"";
  for (size_t i = 0; i <= query.size(); ++i)
    for (const bool names : {false, true})
      CHECK(redact_sql(query.substr(0, i), names).find("sek") == std::string::npos);
  CHECK(standard("SELECT \"a") == "SELECT ?"); // Half a name, or what was meant as a string.
}

TEST_CASE("redaction: what is shown of a query depends on the protocol") {
  l7_exchange x;
  x.protocol = l7_protocol::http;
  x.detail = "shop.example/cart?token=secret";
  CHECK(redacted_query(x) == "shop.example/cart");
  x.protocol = l7_protocol::postgres;
  x.detail = "SELECT 1";
  CHECK(redacted_query(x) == "SELECT ?");
  x.protocol = l7_protocol::mysql;
  x.detail = "SELECT \"secret\"";
  CHECK(redacted_query(x) == "SELECT ?");
  x.protocol = l7_protocol::dns;
  x.detail = "A 10.0.0.1";
  CHECK(redacted_query(x) == "A 10.0.0.1");
  x.protocol = l7_protocol::redis;
  x.detail = "SET key secret";
  CHECK(redacted_query(x).empty());
}
