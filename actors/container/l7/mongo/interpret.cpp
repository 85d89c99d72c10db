// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mongo/interpret.hpp"

#include "actors/container/l7/byte_cursor.hpp"
#include "actors/container/l7/mongo/bson.hpp"

#include <algorithm>

namespace troupe::l7::mongo {
namespace {

// OP_MSG's flags.
constexpr uint32_t more_to_come = 1U << 1U;
constexpr uint32_t known_flags = 0x1'0003; // Of the others, the lower half must not be there.
// OP_REPLY's.
constexpr uint32_t cursor_not_found = 1U << 0U;
constexpr uint32_t query_failure = 1U << 1U;

/// Behind the header; of a message that was "compressed" by no compressor, behind that as well.
/// Nothing where it is compressed.
struct plain {
  op code;
  std::string_view body;
};
std::optional<plain> uncompressed(const header& x, std::string_view message) {
  const auto body = message.substr(std::min(message.size(), header_bytes));
  if (x.code != op::compressed)
    return plain{x.code, body};
  byte_cursor cursor{body};
  const auto code = static_cast<op>(cursor.u32_little());
  cursor.skip(4);
  const auto compressor = cursor.u8();
  if (!cursor.good() || compressor != 0)
    return std::nullopt;
  return plain{code, cursor.rest()};
}

/// The command or the answer in OP_MSG: the section of kind 0. Sections of kind 1 are rows of
/// documents for it.
std::string_view document_of_msg(std::string_view body) {
  byte_cursor cursor{body};
  cursor.skip(4);
  while (cursor.good()) {
    if (cursor.u8() == 0)
      return cursor.rest();
    const auto size = byte_cursor{cursor.rest()}.u32_little();
    if (size < 4)
      return {};
    cursor.skip(size);
  }
  return {};
}

void tell_command(std::string_view document, std::string_view database, l7_exchange& told) {
  bson_reader reader{document};
  const auto command = reader.next();
  if (!command)
    return;
  auto collection = command->text();
  while (const auto x = reader.next()) {
    if (x->name == "$db")
      database = x->text();
    else if (x->name == "collection" && collection.empty()) // As getMore says it.
      collection = x->text();
  }
  told.operation = command->name.substr(0, operation_bytes_max / 2);
  if (!collection.empty())
    told.operation.append(" ").append(collection, 0,
                                      operation_bytes_max - told.operation.size() - 1);
  told.detail = database.substr(0, detail_bytes_max / 2);
  if (!collection.empty() && !database.empty())
    told.detail.append(".").append(collection, 0, detail_bytes_max / 2 - 1);
}

/// Operations that stand for themselves, of a collection with its database before it.
void tell_legacy(std::string_view verb, std::string_view name, l7_exchange& told) {
  told.operation = verb;
  told.detail = name.substr(0, detail_bytes_max);
  const auto collection = name.substr(std::min(name.size(), name.find('.') + 1));
  if (!collection.empty())
    told.operation.append(" ").append(collection, 0, operation_bytes_max - verb.size() - 1);
}

std::string_view verb_of(op code) {
  switch (code) {
    case op::update:
      return "update";
    case op::insert:
      return "insert";
    case op::query:
      return "query";
    case op::get_more:
      return "getMore";
    case op::remove:
      return "delete";
    default:
      return "killCursors";
  }
}

bool tell_plain(const plain& x, l7_exchange& told) {
  byte_cursor cursor{x.body};
  const auto flags = cursor.u32_little();
  if (x.code == op::msg) {
    tell_command(document_of_msg(x.body), {}, told);
    return (flags & more_to_come) == 0;
  }
  const auto end = cursor.rest().find('\0');
  const auto name = x.code == op::kill_cursors ? std::string_view{} : cursor.rest().substr(0, end);
  constexpr std::string_view commands{".$cmd"};
  if (x.code == op::query && name.ends_with(commands) && end != std::string_view::npos) {
    cursor.skip(end + 1 + 8);
    tell_command(cursor.rest(), name.substr(0, name.size() - commands.size()), told);
  } else {
    tell_legacy(verb_of(x.code), end == std::string_view::npos ? std::string_view{} : name, told);
  }
  return x.code == op::query || x.code == op::get_more;
}

int to_code(double number) {
  return static_cast<int>(std::clamp(number, -2e9, 2e9));
}

std::optional<int> code_in(std::string_view document) {
  bson_reader reader{document};
  while (const auto x = reader.next()) {
    if (x->is_document() && x->name == "0") // The first of an array.
      return code_in(x->value);
    if (x->name == "code")
      if (const auto number = x->number())
        return to_code(*number);
  }
  return std::nullopt;
}

void tell_document(std::string_view document, l7_exchange& told) {
  bson_reader reader{document};
  int code = 0;
  while (const auto x = reader.next()) {
    if (x->name == "ok") {
      const auto is_ok = x->number().value_or(0) != 0;
      if (told.outcome != l7_outcome::failed)
        told.outcome = is_ok ? l7_outcome::ok : l7_outcome::failed;
    } else if (x->is_document() && (x->name == "writeErrors" || x->name == "writeConcernError")) {
      if (told.status == 0)
        told.status = code_in(x->value).value_or(0);
      told.outcome = l7_outcome::failed;
    } else if (x->is_document() && x->name == "cursor") {
      // Errors have none, and its first batch may be longer than what was captured.
      if (told.outcome == l7_outcome::unknown)
        told.outcome = l7_outcome::ok;
    } else if (x->name == "code") {
      code = to_code(x->number().value_or(0));
    }
  }
  if (told.outcome == l7_outcome::failed && told.status == 0)
    told.status = code;
}

void tell_reply(std::string_view body, l7_exchange& told) {
  byte_cursor cursor{body};
  const auto flags = cursor.u32_little();
  if (!cursor.good())
    return;
  cursor.skip(16);
  if ((flags & (cursor_not_found | query_failure)) != 0)
    told.outcome = l7_outcome::failed;
  const auto is_command =
      !told.operation.starts_with("query") && !told.operation.starts_with("getMore");
  if (is_command || told.outcome == l7_outcome::failed)
    tell_document(cursor.rest(), told);
  else // What is found is no answer of a command, whatever its fields are named.
    told.outcome = l7_outcome::ok;
}

bool is_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

/// A document's length, and a first element with a name.
std::optional<bool> is_document(std::string_view bytes) {
  byte_cursor cursor{bytes};
  const auto size = cursor.u32_little();
  const auto type = cursor.u8();
  if (!cursor.good())
    return std::nullopt;
  if (size < 5 || size > message_bytes_max || type > 0x13)
    return false;
  const auto name = cursor.rest().substr(0, cursor.rest().find('\0'));
  return name.size() <= 128 && is_name(name);
}

} // namespace

bool tell_request(const header& x, std::string_view message, l7_exchange& told) {
  told.protocol = l7_protocol::mongo;
  const auto said = uncompressed(x, message);
  if (said)
    return tell_plain(*said, told);
  told.operation = "compressed";
  return true;
}

void tell_answer(const header& x, std::string_view message, l7_exchange& told) {
  const auto said = uncompressed(x, message);
  if (!said)
    return;
  if (said->code == op::reply)
    tell_reply(said->body, told);
  else
    tell_document(document_of_msg(said->body), told);
}

bool has_more(const header& x, std::string_view message) {
  const auto said = uncompressed(x, message);
  return said && said->code == op::msg
         && (byte_cursor{said->body}.u32_little() & more_to_come) != 0;
}

std::optional<bool> is_likely(const header& x, std::string_view message) {
  byte_cursor cursor{message.substr(std::min(message.size(), header_bytes))};
  if (x.code == op::compressed) {
    const auto code = cursor.u32_little();
    cursor.skip(4);
    const auto compressor = cursor.u8();
    if (!cursor.good())
      return std::nullopt;
    return (code == 2013 || code == 2004 || code == 1) && compressor <= 3;
  }
  const auto flags = cursor.u32_little();
  if (x.code == op::msg) {
    const auto kind = cursor.u8();
    if (!cursor.good())
      return std::nullopt;
    if ((flags & 0xffffU & ~known_flags) != 0 || kind > 1)
      return false;
    return kind == 0 ? is_document(cursor.rest()) : std::optional{true};
  }
  if (!cursor.good())
    return std::nullopt;
  if (x.code == op::reply || x.code == op::kill_cursors)
    return flags < 16;
  const auto name = cursor.rest().substr(0, cursor.rest().find('\0'));
  if (name.size() == cursor.rest().size())
    return is_name(name) ? std::nullopt : std::optional{false};
  return flags < 256 && is_name(name) && name.find('.') != std::string_view::npos;
}

} // namespace troupe::l7::mongo
