// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/http2/header_decoder.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::l7::http2 {

/// What a header block says, of the fields that matter.
class header_fields final : public field_sink {
public:
  void field(std::string_view name, std::string_view value) override;
  void unknown_field() override { has_unknown = true; }
  void clear();

  /// Pseudo-fields come first, and trailers have none (RFC 9113, section 8.1).
  [[nodiscard]] bool are_trailers() const { return begins_with_field_; }
  /// As trace_context.hpp has it.
  [[nodiscard]] std::string trace_context() const;
  [[nodiscard]] bool is_interim() const { return status >= 100 && status < 200; }

  std::string method;
  std::string path;
  std::string authority;
  std::string traceparent;
  std::string b3;
  std::string b3_trace_id;
  std::string b3_span_id;
  std::string b3_sampled;
  int status = 0;
  std::optional<int> grpc_status;
  bool has_content_type = false;
  bool is_grpc = false;
  /// Fields are missing: they refer to what was sent before we listened, or were not captured.
  bool has_unknown = false;

private:
  void pseudo_field(std::string_view name, std::string_view value);

  bool begins_with_field_ = false;
  bool has_any_ = false;
};

/// One request and its answer, as far as they were seen.
struct stream {
  l7_exchange exchange;
  std::optional<int> grpc_status;
  int status = 0; ///< HTTP's; 0: not known (yet)
  bool is_answered = false;
  bool is_tunnel = false; ///< by CONNECT: what comes after the answer belongs to others
  bool is_grpc = false;
  bool may_be_grpc = false;   ///< its content type may be among the fields that are unknown
  bool may_tell_grpc = false; ///< fields of the answer are unknown, where gRPC has its status
};

/// The request's fields, all of them.
void tell_request(const header_fields& x, stream& told);

/// The answer's fields, or its trailers. `ends`: the stream ends with these.
void tell_answer(const header_fields& x, bool ends, stream& told);

/// The outcome of a stream whose answer is whole.
void conclude(stream& x);

/// The outcome of a stream that was ended by RST_STREAM, with its error code where that was seen.
void conclude_reset(stream& x, side by, std::optional<uint32_t> error);

/// The server said with GOAWAY that it did not and will not look at it.
void conclude_refused(stream& x);

/// The connection ended within the answer.
void conclude_cut(stream& x);

} // namespace troupe::l7::http2
