// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/clickhouse/column_type.hpp"
#include "actors/container/l7/clickhouse/wire.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::l7::clickhouse {

/// Where a packet ends, which nothing says at its beginning: walks over it piece by piece. What is
/// long is passed over by its length; of strings and arrays those lengths have to be captured.
class packet_walk {
public:
  enum class step : uint8_t {
    pass,      ///< the next piece has `length` bytes
    need_more, ///< too little is there to tell
    unknown,   ///< nobody can tell where it ends
  };
  struct piece {
    step is = step::need_more;
    uint64_t length = 0;
  };

  packet_walk() = default;
  packet_walk(const packet_walk&) = delete; // Steps point to the type.
  packet_walk& operator=(const packet_walk&) = delete;

  /// Behind the kind of a packet. The revision is 0 where it is not known. False for kinds that are
  /// not understood.
  bool begin(client_packet kind, uint64_t revision, std::optional<bool> compressed);
  bool begin(server_packet kind, uint64_t revision, std::optional<bool> compressed);

  /// The parameters behind a query.
  void begin_settings();

  [[nodiscard]] bool is_over() const { return rest_.empty(); }
  void stop() { rest_.clear(); }

  /// The next piece, if it is not over.
  piece next(std::string_view bytes);

private:
  enum class what : uint8_t {
    bytes,      ///< `count` of them
    numbers,    ///< `count` varuints
    texts,      ///< `count` of them
    text_ends,  ///< the last of the ends of texts, then their bytes
    values,     ///< `count` of a type
    row_ends,   ///< the last of the ends of rows, then their values
    dictionary, ///< keys of `count` values of low cardinality
    indexes,    ///< `count` bytes each, as many as are said
    uuids,      ///< as many as are said
    block_info,
    dimensions,
    columns, ///< `count` more
    frame,   ///< compressed
    frames,  ///< perhaps one more
    nested,  ///< perhaps another exception
    settings,
  };
  struct item {
    what is;
    uint64_t count = 0;
    const column_type* type = nullptr;
  };

  void push(what is, uint64_t count = 0, const column_type* type = nullptr);
  void push_block(bool compressed);
  void push_exception();
  piece numbers(byte_cursor& cursor, uint64_t count);
  piece texts(byte_cursor& cursor, uint64_t count);
  piece values(item x);
  piece ends(byte_cursor& cursor, item x);
  piece dictionary(byte_cursor& cursor, item x);
  piece indexes(byte_cursor& cursor, item x);
  piece block_info(byte_cursor& cursor);
  piece dimensions(byte_cursor& cursor);
  piece column(byte_cursor& cursor, item x);
  piece frame(byte_cursor& cursor);
  piece frames(std::string_view bytes);
  piece nested(byte_cursor& cursor);
  piece setting(byte_cursor& cursor);
  piece take(std::string_view bytes);

  std::vector<item> rest_; ///< the next one is the last
  std::optional<column_type> type_;
  uint64_t revision_ = 0;
  uint64_t rows_ = 0;
};

} // namespace troupe::l7::clickhouse
