// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/mysql/requests.hpp"

#include <cstdint>
#include <string_view>

namespace troupe::l7::mysql {

/// What a packet of a server was to the command that waits.
enum class answer_step : uint8_t {
  part,       ///< of the answer, more comes
  result,     ///< the beginning of a result set: so far it went well
  wants_file, ///< LOCAL INFILE: the client sends one
  done,
  failed,
  no_part, ///< nothing of an answer: progress, or what belonged to the answer before
  invalid,
};

/// Follows an answer packet by packet. Whether an EOF closes the column definitions, the packets
/// themselves show, so that it needs no handshake to be seen.
class answer_reader {
public:
  /// How much of a payload it needs.
  static constexpr uint32_t wanted = 32;

  /// A packet's payload, as far as it is there, while a command that is answered so waits.
  answer_step read(answer_kind kind, std::string_view payload, uint32_t length, uint8_t sequence);

  /// The client and the server agreed upon it: a byte before the count of columns.
  void set_optional_metadata(bool on) { optional_metadata_ = on; }

  /// Of the last packet: an error's number, a prepared statement's.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] uint32_t statement() const { return statement_; }

  /// More has to come of the answer.
  [[nodiscard]] bool is_within() const { return state_ != state::first || definitions_left_ > 0; }

  /// Of results: the next packet closes rows that were not seen.
  void skip_rows() { state_ = state::rows; }

  /// What was begun is forgotten; the next packet begins an answer.
  void forget();

private:
  enum class state : uint8_t { first, columns, behind_columns, rows };

  answer_step read_first(answer_kind kind, std::string_view payload, uint32_t length);
  answer_step read_results(std::string_view payload, uint32_t length);
  answer_step read_columns(std::string_view payload, uint32_t length);
  answer_step read_prepared(std::string_view payload, uint32_t length);
  answer_step read_error(std::string_view payload);
  answer_step end_of_result(uint16_t status);
  bool is_of_prepared(std::string_view payload, uint32_t length, uint8_t sequence);

  state state_ = state::first;
  uint64_t columns_left_ = 0;
  uint32_t definitions_left_ = 0; ///< behind the answer to a prepare
  bool may_end_ = false;          ///< an EOF may follow them
  bool optional_metadata_ = false;
  int error_ = 0;
  uint32_t statement_ = 0;
};

} // namespace troupe::l7::mysql
