// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mysql/answers.hpp"

#include "actors/container/l7/mysql/frame.hpp"

namespace troupe::l7::mysql {

namespace {

constexpr uint8_t ok_mark = 0x00;
constexpr uint8_t more_data_mark = 0x01;
constexpr uint8_t infile_mark = 0xfb;
constexpr uint8_t end_mark = 0xfe;
constexpr uint8_t error_mark = 0xff;
constexpr uint32_t eof_length = 5;
constexpr int progress_number = 0xffff; // MariaDB tells how far it is, as an error.
constexpr uint64_t columns_max = 1U << 16;

constexpr uint16_t status_more_results = 0x0008;
constexpr uint16_t status_cursor_exists = 0x0040;

uint8_t mark_of(std::string_view payload) {
  return static_cast<uint8_t>(payload[0]);
}

bool is_eof(std::string_view payload, uint32_t length) {
  return mark_of(payload) == end_mark && length == eof_length;
}

// A row that begins with this byte has a string of 16 MB in it.
bool is_end(std::string_view payload, uint32_t length) {
  return mark_of(payload) == end_mark && length < full_packet;
}

// Of an EOF, or of an OK, whichever mark it has.
uint16_t status_of(std::string_view payload, uint32_t length) {
  if (is_eof(payload, length))
    return static_cast<uint16_t>(read_uint(payload, 3, 2));
  payload.remove_prefix(1);
  if (!take_lenenc(payload).has_value() || !take_lenenc(payload).has_value())
    return 0;
  return static_cast<uint16_t>(read_uint(payload, 0, 2));
}

} // namespace

void answer_reader::forget() {
  state_ = state::first;
  columns_left_ = 0;
  definitions_left_ = 0;
  may_end_ = false;
}

answer_step answer_reader::read_error(std::string_view payload) {
  error_ = static_cast<int>(read_uint(payload, 1, 2));
  if (error_ == progress_number)
    return answer_step::no_part;
  state_ = state::first;
  return answer_step::failed;
}

answer_step answer_reader::end_of_result(uint16_t status) {
  state_ = state::first;
  return (status & status_more_results) != 0 ? answer_step::part : answer_step::done;
}

// The number of columns, and whether their definitions follow, where that is asked for.
answer_step answer_reader::read_columns(std::string_view payload, uint32_t length) {
  bool defined = true;
  if (optional_metadata_) {
    defined = payload[0] != 0;
    payload.remove_prefix(1);
  }
  const auto before = payload.size();
  const auto count = take_lenenc(payload);
  if (!count.has_value() || *count == 0 || *count > columns_max)
    return answer_step::invalid;
  const auto said = length - (optional_metadata_ ? 1 : 0) - (before - payload.size());
  if (said > 1)
    return answer_step::invalid;
  if (said == 1 && !payload.empty()) // MariaDB's way to leave them out.
    defined = payload[0] != 0;
  columns_left_ = defined ? *count : 0;
  state_ = defined ? state::columns : state::behind_columns;
  return answer_step::result;
}

answer_step answer_reader::read_results(std::string_view payload, uint32_t length) {
  if (optional_metadata_ && length == 2)
    return read_columns(payload, length);
  switch (mark_of(payload)) {
    case ok_mark:
      return end_of_result(status_of(payload, length));
    case infile_mark:
      return answer_step::wants_file;
    default:
      return read_columns(payload, length);
  }
}

// Its number, and how many definitions follow: of columns, and of parameters.
answer_step answer_reader::read_prepared(std::string_view payload, uint32_t length) {
  if (mark_of(payload) != ok_mark || length < 12)
    return answer_step::invalid;
  statement_ = static_cast<uint32_t>(read_uint(payload, 1, 4));
  definitions_left_ = static_cast<uint32_t>(read_uint(payload, 5, 2) + read_uint(payload, 7, 2));
  may_end_ = definitions_left_ > 0;
  return answer_step::done;
}

// The EOF between parameters and columns, and that behind them, come or do not.
bool answer_reader::is_of_prepared(std::string_view payload, uint32_t length, uint8_t sequence) {
  if (may_end_ && is_eof(payload, length) && sequence != 1) {
    may_end_ = definitions_left_ > 0;
    return true;
  }
  if (definitions_left_ == 0) {
    may_end_ = false;
    return false;
  }
  --definitions_left_;
  return true;
}

answer_step answer_reader::read_first(answer_kind kind, std::string_view payload, uint32_t length) {
  const auto mark = mark_of(payload);
  if (mark == error_mark)
    return read_error(payload);
  switch (kind) {
    case answer_kind::one_packet:
      return mark == ok_mark || mark == end_mark ? answer_step::done : answer_step::invalid;
    case answer_kind::text:
    case answer_kind::endless:
      return answer_step::done;
    case answer_kind::results:
      return read_results(payload, length);
    case answer_kind::prepared:
      return read_prepared(payload, length);
    case answer_kind::authenticates:
      if (mark == end_mark || mark == more_data_mark)
        return answer_step::part;
      return mark == ok_mark ? answer_step::done : answer_step::invalid;
    case answer_kind::rows:
    case answer_kind::fields:
      return is_end(payload, length) ? answer_step::done : answer_step::part;
    case answer_kind::none:
      break;
  }
  return answer_step::invalid;
}

answer_step answer_reader::read(answer_kind kind, std::string_view payload, uint32_t length,
                                uint8_t sequence) {
  if (payload.empty())
    return answer_step::invalid;
  if (is_of_prepared(payload, length, sequence))
    return answer_step::no_part;
  if (state_ == state::first)
    return read_first(kind, payload, length);
  if (mark_of(payload) == error_mark)
    return read_error(payload);
  if (state_ == state::columns) {
    if (--columns_left_ == 0)
      state_ = state::behind_columns;
    return answer_step::part;
  }
  const bool before_rows = state_ == state::behind_columns;
  state_ = state::rows;
  if (!is_end(payload, length))
    return answer_step::part;
  const auto status = status_of(payload, length);
  if (before_rows && is_eof(payload, length) && (status & status_cursor_exists) == 0)
    return answer_step::part; // It closes the definitions only.
  return end_of_result(status);
}

} // namespace troupe::l7::mysql
