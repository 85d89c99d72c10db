// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http2/header_decoder.hpp"

#include <nghttp2/nghttp2.h>

#include <string>

namespace troupe::l7::http2 {
namespace {

constexpr size_t entry_bytes_min = 32;     // RFC 7541, section 4.1.
constexpr size_t usual_table_bytes = 4096; // Unless SETTINGS_HEADER_TABLE_SIZE says more.
constexpr std::string_view placeholder{"\x40\0\0", 3}; // A literal to be kept: no name, no value.
constexpr std::string_view grow_table{"\x3f\xe1\xff\x03", 4}; // To table_bytes_max.

std::string_view text(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

} // namespace

void header_decoder::deleter::operator()(nghttp2_hd_inflater* x) const {
  nghttp2_hd_inflate_del(x);
}

bool header_decoder::start() {
  if (inflater_)
    return true;
  nghttp2_hd_inflater* made = nullptr;
  if (nghttp2_hd_inflate_new(&made) != 0)
    return false;
  inflater_.reset(made);
  // The peer may raise the size when its other side allows it, and says so within a block. A table
  // that is larger than the peer's does no harm: references count from the newest entry.
  if (nghttp2_hd_inflate_change_table_size(made, table_bytes_max) != 0)
    return false;
  return !begun_late_ || fill_with_placeholders();
}

bool header_decoder::fill_with_placeholders() {
  const auto bytes = table_was_too_small_ ? table_bytes_max : usual_table_bytes;
  const auto count = bytes / entry_bytes_min;
  if (count > placeholders_left_)
    return true;
  placeholders_left_ -= count;
  std::string block{table_was_too_small_ ? grow_table : std::string_view{}};
  for (size_t i = 0; i < count; ++i)
    block += placeholder;
  return inflate(block, true, nullptr);
}

bool header_decoder::inflate(std::string_view part, bool is_last, field_sink* out) {
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const auto taken = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags,
                                              reinterpret_cast<const uint8_t*>(part.data()),
                                              part.size(), is_last ? 1 : 0);
    if (taken < 0)
      return false;
    part.remove_prefix(static_cast<size_t>(taken));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0 && out != nullptr) {
      if (field.namelen == 0)
        out->unknown_field();
      else
        out->field(text(field.name, field.namelen), text(field.value, field.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0)
      return nghttp2_hd_inflate_end_headers(inflater_.get()) == 0;
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && part.empty())
      return !is_last;
  }
}

bool header_decoder::decode(std::string_view part, bool is_last, field_sink& out) {
  if (start() && inflate(part, is_last, &out))
    return true;
  // If it was a reference beyond the placeholders, more of them will do.
  table_was_too_small_ = begun_late_;
  forget();
  return false;
}

void header_decoder::forget() {
  inflater_.reset();
  begun_late_ = true;
}

} // namespace troupe::l7::http2
