// SPDX-License-Identifier: Apache-2.0
#pragma once

// What ClickHouse's clients and servers say, written from its public protocol.

#include "tests/container/l7/byte_order.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::l7::clickhouse_said {

inline std::string number(uint64_t x) {
  std::string result;
  for (; x >= 0x80; x >>= 7U)
    result += static_cast<char>(x | 0x80U);
  return result + static_cast<char>(x);
}
inline constexpr auto little = little_endian;
inline std::string text(const std::string& x) {
  return number(x.size()) + x;
}
inline std::string zeros(size_t count) {
  return std::string(count, '\0');
}

/// Both ends, as of one revision of the protocol.
struct speech {
  uint64_t revision = 54412;
  bool compressed = false;

  [[nodiscard]] bool has(uint64_t since) const { return revision >= since; }

  [[nodiscard]] std::string client_hello() const {
    return zeros(1) + text("ClickHouse client") + number(24) + number(3) + number(revision)
           + text("") + text("default") + text("secret");
  }
  [[nodiscard]] std::string server_hello() const {
    return zeros(1) + text("ClickHouse") + number(26) + number(9) + number(revision + 7)
           + text("Etc/UTC") + text("db1") + number(1);
  }
  [[nodiscard]] std::string addendum() const {
    std::string result;
    if (has(54458))
      result += text("");
    if (has(54470))
      result += text("notchunked") + text("notchunked");
    if (has(54471))
      result += number(8);
    return result;
  }
  [[nodiscard]] std::string client_info(const std::string& trace) const {
    auto result = number(1) + text("") + text("") + text("0.0.0.0:0");
    if (has(54449))
      result += zeros(8);
    result += number(1) + text("ann") + text("web-1") + text("ClickHouse client") + number(24)
              + number(3) + number(revision) + text("");
    if (has(54448))
      result += number(0);
    result += number(2);
    if (has(54442))
      result += trace.empty() ? zeros(1) : number(1) + trace + text("") + number(1);
    if (has(54453))
      result += zeros(3);
    if (has(54475))
      result += zeros(2);
    if (has(54476))
      result += zeros(1);
    if (has(54485))
      result += text("");
    if (has(54486))
      result += zeros(1);
    if (has(54488))
      result += zeros(1);
    return result;
  }
  [[nodiscard]] std::string query(const std::string& sql, const std::string& trace = "") const {
    auto result = number(1) + text("3a0e1f4e-0000-4000-8000-000000000001") + client_info(trace);
    if (has(54429))
      result += text("max_threads") + number(0) + text("1");
    result += text("");
    if (has(54472))
      result += text("");
    if (has(54441))
      result += text("");
    result += number(2) + number(compressed ? 1 : 0) + text(sql);
    if (has(54459))
      result += text("id") + number(2) + text("'7'") + text("");
    return result;
  }
  /// Rows of whatever columns are given; each has its name, its type and its values.
  [[nodiscard]] std::string block(uint64_t rows,
                                  const std::vector<std::vector<std::string>>& columns,
                                  bool is_compressed) const {
    auto content = number(1) + zeros(1) + number(2) + little(0xffffffff, 4) + zeros(1)
                   + number(columns.size()) + number(rows);
    for (const auto& x : columns)
      content += text(x[0]) + text(x[1]) + (has(54454) ? zeros(1) : "") + (rows > 0 ? x[2] : "");
    return text("") + (is_compressed ? frame(content.size(), content.size()) : content);
  }
  [[nodiscard]] static std::string frame(size_t bytes, size_t content) {
    return std::string(16, '\x05') + '\x82' + little(bytes + 9, 4) + little(content, 4)
           + std::string(bytes, '\x05');
  }
  [[nodiscard]] std::string data(int kind, uint64_t rows = 0,
                                 const std::vector<std::vector<std::string>>& columns = {}) const {
    return number(static_cast<uint64_t>(kind)) + block(rows, columns, compressed);
  }
  [[nodiscard]] std::string progress() const {
    auto result = number(3) + number(300) + number(4000) + number(300);
    if (has(54463))
      result += number(4000);
    if (has(54420))
      result += zeros(2);
    if (has(54460))
      result += number(123'456'789);
    return result;
  }
  [[nodiscard]] std::string profile() const {
    std::string result = number(6) + number(2) + number(1) + number(300) + number(1) + number(2)
                         + number(1) + (has(54469) ? number(1) + number(5) : "");
    if (has(54451)) {
      const std::string strings =
          has(54492) ? little(5, 8) + little(10, 8) + "helloworld" : text("hello") + text("world");
      result += number(14)
                + block(2, {{"host_name", "String", strings}, {"value", "Int64", zeros(16)}},
                        compressed && has(54481));
    }
    return result;
  }
  [[nodiscard]] std::string exception(int code, bool nested = false) const {
    return number(2) + little(static_cast<uint64_t>(code), 4) + text("DB::Exception")
           + text("DB::Exception: something") + text(std::string(700, '\x05'))
           + (nested ? "\x01" + exception(7).substr(1) : zeros(1));
  }
};

inline const std::string end_of_stream = "\x05";

} // namespace troupe::l7::clickhouse_said
