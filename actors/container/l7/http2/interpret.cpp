// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http2/interpret.hpp"

#include "actors/container/l7/trace_context.hpp"

#include <charconv>

namespace troupe::l7::http2 {
namespace {

constexpr size_t path_bytes_max = operation_bytes_max + detail_bytes_max;

// gRPC's codes, as its documentation numbers them.
constexpr int grpc_cancelled = 1;
constexpr int grpc_unknown = 2;
constexpr int grpc_permission_denied = 7;
constexpr int grpc_resource_exhausted = 8;
constexpr int grpc_unimplemented = 12;
constexpr int grpc_internal = 13;
constexpr int grpc_unavailable = 14;
constexpr int grpc_unauthenticated = 16;

// HTTP/2's error codes: RFC 9113, section 7.
constexpr uint32_t no_error = 0;
constexpr uint32_t refused_stream = 7;
constexpr uint32_t cancel = 8;
constexpr uint32_t enhance_your_calm = 11;
constexpr uint32_t inadequate_security = 12;

std::optional<int> to_number(std::string_view text) {
  int result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size() || result < 0)
    return std::nullopt;
  return result;
}

/// What a gRPC client makes of an answer that has no grpc-status: "HTTP to gRPC Status Code
/// Mapping" in gRPC's documentation.
int grpc_code_of_http(int status) {
  switch (status) {
    case 400:
      return grpc_internal;
    case 401:
      return grpc_unauthenticated;
    case 403:
      return grpc_permission_denied;
    case 404:
      return grpc_unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return grpc_unavailable;
    default:
      return grpc_unknown;
  }
}

/// "Errors" in "gRPC over HTTP2" of the same.
int grpc_code_of_reset(uint32_t error) {
  switch (error) {
    case refused_stream:
      return grpc_unavailable;
    case cancel:
      return grpc_cancelled;
    case enhance_your_calm:
      return grpc_resource_exhausted;
    case inadequate_security:
      return grpc_permission_denied;
    default:
      return grpc_internal;
  }
}

void fail(stream& x, int grpc_code) {
  x.exchange.outcome = l7_outcome::failed;
  x.exchange.status = x.is_grpc ? grpc_code : x.status;
}

} // namespace

void header_fields::clear() {
  for (auto* text :
       {&method, &path, &authority, &traceparent, &b3, &b3_trace_id, &b3_span_id, &b3_sampled})
    text->clear();
  status = 0;
  grpc_status.reset();
  has_content_type = is_grpc = has_unknown = begins_with_field_ = has_any_ = false;
}

void header_fields::pseudo_field(std::string_view name, std::string_view value) {
  if (name == ":method")
    method = value.substr(0, operation_bytes_max);
  else if (name == ":path")
    path = value.substr(0, path_bytes_max);
  else if (name == ":authority")
    authority = value.substr(0, operation_bytes_max);
  else if (name == ":status")
    status = to_number(value).value_or(0);
}

void header_fields::field(std::string_view name, std::string_view value) {
  if (name.front() == ':') {
    has_any_ = true;
    return pseudo_field(name, value);
  }
  begins_with_field_ = begins_with_field_ || (!has_any_ && !has_unknown);
  has_any_ = true;
  if (name == "content-type") {
    has_content_type = true;
    is_grpc = is_grpc || value.starts_with("application/grpc");
  } else if (name == "grpc-status") {
    grpc_status = to_number(value);
    is_grpc = true;
  } else if (name == "traceparent") {
    traceparent = value.substr(0, trace_header_max);
  } else if (name == "b3") {
    b3 = value.substr(0, trace_header_max);
  } else if (name == "x-b3-traceid") {
    b3_trace_id = value.substr(0, trace_header_max);
  } else if (name == "x-b3-spanid") {
    b3_span_id = value.substr(0, trace_header_max);
  } else if (name == "x-b3-sampled") {
    b3_sampled = value.substr(0, trace_header_max);
  }
}

std::string header_fields::trace_context() const {
  return l7::trace_context({traceparent, b3, b3_trace_id, b3_span_id, b3_sampled});
}

void tell_request(const header_fields& x, stream& told) {
  auto& exchange = told.exchange;
  exchange.protocol = l7_protocol::http2;
  exchange.traceparent = x.trace_context();
  told.is_grpc = x.is_grpc;
  // gRPC's method is always POST.
  told.may_be_grpc =
      !x.has_content_type && x.has_unknown && (x.method.empty() || x.method == "POST");
  told.is_tunnel = x.method == "CONNECT";
  const auto query = x.path.find('?');
  const auto path = std::string_view{x.path}.substr(0, query);
  const auto target = path.empty() && told.is_tunnel ? std::string_view{x.authority} : path;
  if (target.empty())
    return;
  if (x.is_grpc)
    exchange.operation = target;
  else if (!x.method.empty())
    exchange.operation.append(x.method).append(" ").append(target);
  if (exchange.operation.size() > operation_bytes_max)
    exchange.operation.resize(operation_bytes_max);
  exchange.detail = x.authority;
  exchange.detail.append(x.path, 0, detail_bytes_max - exchange.detail.size());
}

void tell_answer(const header_fields& x, bool ends, stream& told) {
  if (x.status != 0) // What came before may have been an interim answer whose status is unknown.
    told.status = x.status;
  told.is_answered = true;
  told.is_grpc = told.is_grpc || x.is_grpc;
  if (x.has_content_type && !x.is_grpc)
    told.may_be_grpc = false;
  if (x.grpc_status)
    told.grpc_status = x.grpc_status;
  told.may_tell_grpc = told.may_tell_grpc || (ends && x.has_unknown);
}

void conclude(stream& x) {
  auto& exchange = x.exchange;
  if (x.is_grpc) {
    exchange.protocol = l7_protocol::grpc;
    if (exchange.operation.starts_with("POST ")) // Only the answer said that it is gRPC.
      exchange.operation.erase(0, 5);
    if (x.grpc_status) {
      exchange.status = *x.grpc_status;
      exchange.outcome = *x.grpc_status == 0 ? l7_outcome::ok : l7_outcome::failed;
    } else if (x.status != 0 && x.status != 200) {
      fail(x, grpc_code_of_http(x.status));
    }
    return;
  }
  exchange.status = x.status;
  if (x.status >= 500)
    exchange.outcome = l7_outcome::failed;
  else if (x.status != 0 && !(x.may_be_grpc && x.may_tell_grpc)) // gRPC fails with 200, too.
    exchange.outcome = l7_outcome::ok;
}

void conclude_reset(stream& x, side by, std::optional<uint32_t> error) {
  conclude(x);
  if (x.is_grpc && x.grpc_status)
    return;
  if (error == no_error && by == side::server && x.is_answered && !x.is_grpc)
    return; // All was said; the rest of the request is not wanted (RFC 9113, section 8.1).
  x.exchange.outcome = l7_outcome::unknown;
  if (!error)
    return;
  if (x.is_grpc || by == side::server || (*error != cancel && *error != no_error))
    fail(x, grpc_code_of_reset(*error));
}

void conclude_refused(stream& x) {
  conclude(x);
  fail(x, grpc_unavailable);
}

void conclude_cut(stream& x) {
  conclude(x);
  if (!x.grpc_status)
    x.exchange.outcome = l7_outcome::unknown;
}

} // namespace troupe::l7::http2
