// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/gzip.hpp"

#include <limits>

#include <zlib.h>

namespace troupe {

namespace {

constexpr int gzip_window_bits = 15 + 16; // zlib.h: +16 asks for gzip's framing.
constexpr int default_memory_level = 8;

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// "q=0", "q=0.0", ...: the client wants anything but this.
bool is_refused(std::string_view parameter) {
  return parameter.starts_with("q=0")
         && parameter.find_first_not_of("0.", 2) == std::string_view::npos;
}

} // namespace

std::optional<std::string> gzip(std::string_view text) {
  z_stream stream{};
  if (text.size() > std::numeric_limits<uInt>::max()
      || deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window_bits, default_memory_level,
                      Z_DEFAULT_STRATEGY)
             != Z_OK)
    return std::nullopt;
  std::string out;
  out.resize(text.size() / 16 + 1024);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); // zlib only reads it.
  stream.avail_in = static_cast<uInt>(text.size());
  int result = Z_OK;
  while (result == Z_OK) {
    if (stream.total_out == out.size())
      out.resize(out.size() * 2);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + stream.total_out);
    stream.avail_out = static_cast<uInt>(out.size() - stream.total_out);
    result = deflate(&stream, Z_FINISH);
  }
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END)
    return std::nullopt;
  return out;
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto comma = accept_encoding.find(',');
    const auto item = accept_encoding.substr(0, comma);
    const auto semicolon = item.find(';');
    if (trim(item.substr(0, semicolon)) == "gzip")
      return semicolon == std::string_view::npos || !is_refused(trim(item.substr(semicolon + 1)));
    if (comma == std::string_view::npos)
      return false;
    accept_encoding.remove_prefix(comma + 1);
  }
  return false;
}

} // namespace troupe
