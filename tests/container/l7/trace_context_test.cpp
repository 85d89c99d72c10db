// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/trace_context.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe::l7;

namespace {

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string span = "00f067aa0ba902b7";
const std::string parent = "00-" + trace + "-" + span + "-01";

std::string of_traceparent(std::string_view text) {
  return trace_context({.traceparent = text});
}

std::string of_b3(std::string_view text) {
  return trace_context({.b3 = text});
}

} // namespace

TEST_CASE("trace context: W3C's header goes first, and is shown as it is") {
  CHECK(of_traceparent(parent) == parent);
  CHECK(trace_context({.traceparent = parent, .b3 = trace + "-" + span}) == parent);
  CHECK(trace_context({.traceparent = "nonsense", .b3 = trace + "-" + span}) == trace + "-" + span);
}

TEST_CASE("trace context: of a later version what is known of it") {
  const std::string later = "01-" + trace + "-" + span + "-01";
  CHECK(of_traceparent(later) == later);
  CHECK(of_traceparent(later + "-what-comes") == later);
  CHECK(of_traceparent(later + ".what-comes").empty());
  CHECK(of_traceparent(parent + "-more").empty()); // Version 00 has no more.
}

TEST_CASE("trace context: what is no traceparent is not shown") {
  CHECK(of_traceparent("").empty());
  CHECK(of_traceparent("ff-" + trace + "-" + span + "-01").empty());
  CHECK(of_traceparent("00-" + std::string(32, '0') + "-" + span + "-01").empty());
  CHECK(of_traceparent("00-" + trace + "-" + std::string(16, '0') + "-01").empty());
  CHECK(of_traceparent("00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01").empty());
  CHECK(of_traceparent(parent.substr(0, 54)).empty());
  for (size_t i = 0; i < parent.size(); ++i) {
    auto hostile = parent;
    hostile[i] = '\x1b';
    CHECK(of_traceparent(hostile).empty());
  }
}

TEST_CASE("trace context: b3 in one header") {
  for (const auto* rest : {"", "-0", "-1", "-d", "-1-05e3ac9a4f6e3b90"})
    CHECK(of_b3(trace + "-" + span + rest) == trace + "-" + span + rest);
  CHECK(of_b3(span + "-" + span) == span + "-" + span); // 64 bits.
  CHECK(of_b3("80F198EE56343BA864FE8B2A57D3EFF7-E457B5A2E4D86BD1-1")
        == "80F198EE56343BA864FE8B2A57D3EFF7-E457B5A2E4D86BD1-1");
  for (const auto& wrong : std::vector<std::string>{
           "0", trace, trace + "-", trace + "-" + span + "-", trace + "-" + span + "-x",
           trace + "-" + span + "-1-", trace + "-" + span + "-1-05e3", "1-2-1",
           trace + "-" + span + "-1-05e3ac9a4f6e3b90-9", std::string(32, '0') + "-" + span,
           trace + "-" + span + "-1\x1b[2J"})
    CHECK(of_b3(wrong).empty());
}

TEST_CASE("trace context: b3 in several headers is put together") {
  CHECK(trace_context({.b3_trace_id = trace, .b3_span_id = span}) == trace + "-" + span);
  CHECK(trace_context({.b3_trace_id = trace, .b3_span_id = span, .b3_sampled = "1"})
        == trace + "-" + span + "-1");
  CHECK(trace_context({.b3_trace_id = trace, .b3_span_id = span, .b3_sampled = "\x1b"})
        == trace + "-" + span);
  CHECK(trace_context({.b3_trace_id = trace}) == trace);
  CHECK(trace_context({.b3_trace_id = "x", .b3_span_id = span}).empty());
  CHECK(trace_context({.b3_span_id = span}).empty());
}
