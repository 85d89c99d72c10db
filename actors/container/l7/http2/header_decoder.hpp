// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

struct nghttp2_hd_inflater;

namespace troupe::l7::http2 {

/// Takes the fields of a header block, in their order.
class field_sink {
public:
  /// Valid during the call.
  virtual void field(std::string_view name, std::string_view value) = 0;
  /// A field that refers to one that was sent before we listened.
  virtual void unknown_field() = 0;

protected:
  ~field_sink() = default;
};

/// HPACK (RFC 7541) of one direction, by libnghttp2.
///
/// Fields refer to earlier ones by their distance from the newest. Where earlier blocks were not
/// seen, or not whole, the table is filled with placeholders of the least size that an entry can
/// have: each valid reference then hits an entry that we saw, or a placeholder, however large the
/// entries are that the peer has in its place. So nothing is ever taken for something else.
class header_decoder {
public:
  /// Larger tables are not kept: what refers beyond is unknown.
  static constexpr size_t table_bytes_max = 64U << 10;

  /// Takes the next part of a block, or the last one. False where it is no HPACK, or refers beyond
  /// the table: the rest of the block is lost, and with it what is known.
  bool decode(std::string_view part, bool is_last, field_sink& out);

  /// What was sent before is not known (any more).
  void forget();

private:
  struct deleter {
    void operator()(nghttp2_hd_inflater* x) const;
  };

  bool start();
  bool inflate(std::string_view part, bool is_last, field_sink* out);
  bool fill_with_placeholders();

  std::unique_ptr<nghttp2_hd_inflater, deleter> inflater_;
  /// Who breaks off block after block would have us fill tables only. Without placeholders, what
  /// refers to earlier fields loses the rest of its block.
  size_t placeholders_left_ = 1U << 16;
  bool begun_late_ = false;
  bool table_was_too_small_ = false;
};

} // namespace troupe::l7::http2
