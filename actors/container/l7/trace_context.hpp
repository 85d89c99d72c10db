// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which distributed trace a request belongs to, as its headers say: W3C's traceparent
// (www.w3.org/TR/trace-context) and Zipkin's B3 (github.com/openzipkin/b3-propagation).

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::l7 {

/// More of a header than this is never looked at.
inline constexpr size_t trace_header_max = 128;

/// The headers of one request, as they were sent; those that it has not are empty.
struct trace_headers {
  std::string_view traceparent = {};
  std::string_view b3 = {};
  std::string_view b3_trace_id = {};
  std::string_view b3_span_id = {};
  std::string_view b3_sampled = {};
};

/// "00-<32 hex>-<16 hex>-<2 hex>" of W3C's header, else "<16 or 32 hex>-<16 hex>[-1[-<16 hex>]]" of
/// B3's, its several headers put together as the single one has it. Empty where none is valid: what
/// is shown is digits and dashes, whoever sent it.
[[nodiscard]] std::string trace_context(const trace_headers& sent);

} // namespace troupe::l7
