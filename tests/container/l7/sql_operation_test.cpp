// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/prepared_statements.hpp"
#include "actors/container/l7/sql_operation.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe::l7;

namespace {

std::string standard(std::string_view query) {
  return sql_operation(query, sql_dialect::standard);
}

std::string mysql(std::string_view query) {
  return sql_operation(query, sql_dialect::mysql);
}

} // namespace

TEST_CASE("sql operation: verb and main table") {
  CHECK(standard("SELECT * FROM orders WHERE id = 1") == "SELECT orders");
  CHECK(standard("select a,b\n from\tshop.\"Orders\" o join x on true") == "SELECT shop.Orders");
  CHECK(standard("select 1") == "SELECT");
  CHECK(standard("insert into orders(id) values (1)") == "INSERT orders");
  CHECK(standard("UPDATE ONLY orders SET a = 1") == "UPDATE orders");
  CHECK(standard("delete from orders where id in (select id from old)") == "DELETE orders");
  CHECK(standard("TRUNCATE TABLE orders") == "TRUNCATE orders");
  CHECK(standard("COPY orders FROM STDIN") == "COPY orders");
  CHECK(standard("MERGE INTO orders USING x ON true") == "MERGE orders");
  CHECK(standard("CALL pay(1)") == "CALL pay");
  CHECK(standard("BEGIN") == "BEGIN");
  CHECK(standard("COMMIT;") == "COMMIT");
  CHECK(standard("SET search_path TO secret") == "SET");
  CHECK(standard("SHOW ALL") == "SHOW");
  CHECK(mysql("SELECT * FROM `shop`.`orders`") == "SELECT shop.orders");
  CHECK(mysql("INSERT IGNORE INTO orders VALUES (1)") == "INSERT orders");
  CHECK(mysql("INSERT orders VALUES (1)") == "INSERT orders");
  CHECK(mysql("REPLACE INTO orders VALUES (1)") == "REPLACE orders");
  CHECK(mysql("LOAD DATA LOCAL INFILE 'x' INTO TABLE orders") == "LOAD orders");
  CHECK(mysql("LOCK TABLES orders READ") == "LOCK orders");
}

TEST_CASE("sql operation: what is made or dropped") {
  CHECK(standard("create table if not exists public.orders (id int)")
        == "CREATE TABLE public.orders");
  CHECK(standard("DROP TABLE orders") == "DROP TABLE orders");
  CHECK(standard("CREATE OR REPLACE VIEW v AS SELECT 1") == "CREATE VIEW v");
  CHECK(standard("CREATE UNIQUE INDEX CONCURRENTLY i ON orders (id)") == "CREATE INDEX i");
  CHECK(standard("ALTER TABLE ONLY orders ADD x int") == "ALTER TABLE orders");
  CHECK(standard("CREATE TEMP TABLE t AS SELECT * FROM orders") == "CREATE TABLE t");
  CHECK(standard("CREATE MATERIALIZED VIEW v AS SELECT 1") == "CREATE MATERIALIZED v");
}

TEST_CASE("sql operation: the FROM that counts") {
  CHECK(standard("SELECT extract(year FROM at) FROM orders") == "SELECT orders");
  CHECK(standard("SELECT (SELECT max(id) FROM x), a FROM orders") == "SELECT orders");
  CHECK(standard("SELECT * FROM (SELECT id FROM orders) t") == "SELECT orders");
  CHECK(standard("SELECT a IS DISTINCT FROM b FROM orders") == "SELECT orders");
  CHECK(standard("(SELECT a FROM orders) UNION (SELECT a FROM old)") == "SELECT orders");
  CHECK(standard("SELECT ' FROM x', $1, $$ FROM y $$, $q$ FROM z $q$ FROM orders")
        == "SELECT orders");
  CHECK(standard("WITH a AS (SELECT * FROM x), b AS (DELETE FROM y) INSERT INTO orders SELECT 1")
        == "INSERT orders");
  CHECK(standard("SELECT 1; SELECT * FROM orders") == "SELECT");
}

TEST_CASE("sql operation: comments and strings are passed over") {
  CHECK(standard("/* a /* nested */ one */ -- and\n SELECT 1 FROM /* x */ orders")
        == "SELECT orders");
  CHECK(mysql("# note\nSELECT 1 FROM orders") == "SELECT orders");
  CHECK(mysql("/* route:'/cart' */ SELECT 'it\\'s FROM x' FROM orders") == "SELECT orders");
  CHECK(standard("SELECT 'C:\\' FROM orders") == "SELECT orders");
  CHECK(standard("SELECT 'it''s FROM x' FROM orders") == "SELECT orders");
}

TEST_CASE("sql operation: half a word is none") {
  CHECK(sql_operation("SELECT a FROM ord", sql_dialect::standard, false) == "SELECT");
  CHECK(sql_operation("SELECT a FROM shop.", sql_dialect::standard, false) == "SELECT");
  CHECK(sql_operation("SELECT a FROM orders WH", sql_dialect::standard, false) == "SELECT orders");
  CHECK(sql_operation("SEL", sql_dialect::standard, false).empty());
}

TEST_CASE("sql operation: nothing that is no query") {
  CHECK(standard("").empty());
  CHECK(standard("  -- nothing").empty());
  CHECK(standard("/*").empty());
  CHECK(standard("'text'").empty());
  CHECK(standard("((((").empty());
  CHECK(standard("SELECT * FROM '").size() == 6);
  CHECK(standard("SELECT * FROM \"") == "SELECT");
  CHECK(standard(std::string(100'000, 'x')).size() <= 24);
  CHECK(standard("DROP TABLE " + std::string(1000, 'x')).size() <= 140);
}

TEST_CASE("sql operation: of a hostile text only the beginning is looked at") {
  for (const std::string part : {"(", "/*", "$a$", "'", "a.", "WITH ", "SELECT (", "-", "FROM ("}) {
    std::string text = "SELECT ";
    while (text.size() < 1'000'000)
      text += part;
    CHECK(standard(text).size() <= 200);
    CHECK(mysql(text + " FROM orders").find("orders") == std::string::npos);
  }
}

TEST_CASE("prepared statements: have a bound, and lose the oldest") {
  prepared_statements known;
  for (int i = 0; i < 1000; ++i)
    known.remember(std::to_string(i), std::make_shared<sql_statement>(sql_statement{"SELECT", ""}));
  CHECK(known.size() == prepared_statements::most);
  CHECK(known.find("743") == nullptr);
  REQUIRE(known.find("744") != nullptr);
  CHECK(known.find("744")->operation == "SELECT");
  known.remember("744", std::make_shared<sql_statement>(sql_statement{"UPDATE", ""}));
  CHECK(known.size() == prepared_statements::most);
  CHECK(known.find("744")->operation == "UPDATE");
  known.forget("744");
  CHECK(known.find("744") == nullptr);
  for (int i = 0; i < 1000; ++i)
    known.remember(std::to_string(i), std::make_shared<sql_statement>(
                                          sql_statement{"SELECT", std::string(1024, 'x')}));
  CHECK(known.size() < 128);
  CHECK(known.size() > 100);
  known.remember(std::string(65, 'n'), std::make_shared<sql_statement>());
  CHECK(known.find(std::string(65, 'n')) == nullptr);
  known.forget_all();
  CHECK(known.size() == 0);
}
