// SPDX-License-Identifier: Apache-2.0
#include "actors/console/l7_fields.hpp"

#include "actors/console/event_printer.hpp"
#include "actors/console/field_selection.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace troupe;

namespace {

trace_batch batch_of(const l7_exchange& exchange, bool inbound = false) {
  trace_event event;
  event.time_ns = 1'000'000'001;
  event.process = {7, 1};
  event.comm = "curl";
  event.detail = l7_trace{std::make_shared<const l7_exchange>(exchange), inbound, "10.0.0.1:4711",
                          "10.0.0.2:80"};
  trace_batch batch;
  batch.identity.container_id = "/docker/web";
  batch.runtime = runtime_kind::docker;
  batch.runtime_id = "0123";
  batch.events.push_back(std::move(event));
  return batch;
}

stream_options options_for(trace_kind kind, output_format format, std::string_view fields = "") {
  stream_options options;
  options.kind = kind;
  options.output.format = format;
  std::string error;
  options.output.fields = *select_fields(infos_of(event_fields(kind)), fields, format, error);
  return options;
}

std::string printed(const stream_options& options, const trace_batch& batch) {
  std::string text;
  event_printer{options, std::nullopt}.print(batch, 1'700'000'000'000'000'000, text);
  return text;
}

l7_exchange a_get() {
  l7_exchange x;
  x.protocol = l7_protocol::http;
  x.outcome = l7_outcome::failed;
  x.status = 404;
  x.duration_ns = 1'500'000;
  x.request_bytes = 80;
  x.response_bytes = 300;
  x.operation = "GET /cart";
  x.detail = "shop/cart?token=secret";
  x.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  return x;
}

} // namespace

TEST_CASE("l7 fields: a request as JSON has the promised fields") {
  CHECK(printed(options_for(trace_kind::l7, output_format::json), batch_of(a_get()))
        == R"({"time":"2023-11-14T22:13:21.000000001Z","event":"l7","container_id":"/docker/web",)"
           R"("runtime":"docker","runtime_id":"0123","pid":7,"comm":"curl","protocol":"http",)"
           R"("tls":false,"direction":"outbound","peer":"10.0.0.2:80","src":"10.0.0.1:4711",)"
           R"("dst":"10.0.0.2:80","status":404,"outcome":"failed","duration_ns":1500000,)"
           R"("request_bytes":80,"response_bytes":300,)"
           R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",)"
           R"("method":"","subject":"","operation":"GET /cart"})"
           "\n");
}

TEST_CASE("l7 fields: the peer is the other end") {
  const auto options = options_for(trace_kind::l7, output_format::json, "direction,peer");
  CHECK(printed(options, batch_of(a_get(), true))
        == "{\"direction\":\"inbound\",\"peer\":\"10.0.0.1:4711\"}\n");
}

TEST_CASE("l7 fields: a protocol without codes has none, and an answer that nobody saw") {
  const auto options = options_for(trace_kind::l7, output_format::json, "status,outcome");
  l7_exchange x;
  x.protocol = l7_protocol::redis;
  x.outcome = l7_outcome::ok;
  CHECK(printed(options, batch_of(x)) == "{\"status\":null,\"outcome\":\"ok\"}\n");
  x.protocol = l7_protocol::grpc;
  CHECK(printed(options, batch_of(x)) == "{\"status\":0,\"outcome\":\"ok\"}\n");
  x.outcome = l7_outcome::unknown;
  CHECK(printed(options, batch_of(x)) == "{\"status\":null,\"outcome\":\"unknown\"}\n");
}

TEST_CASE("l7 fields: queries are redacted unless asked for raw") {
  auto options = options_for(trace_kind::l7, output_format::json, "query");
  CHECK(printed(options, batch_of(a_get())) == "{\"query\":\"shop/cart\"}\n");
  options.raw = true;
  CHECK(printed(options, batch_of(a_get())) == "{\"query\":\"shop/cart?token=secret\"}\n");
}

TEST_CASE("l7 fields: no field shows a value by itself") {
  const auto infos = infos_of(event_fields(trace_kind::l7));
  std::string all;
  for (const auto& x : infos)
    all += (all.empty() ? "" : ",") + std::string{x.name};
  for (const auto format : {output_format::json, output_format::columns}) {
    const auto text = printed(options_for(trace_kind::l7, format, all), batch_of(a_get()));
    CHECK(text.find("secret") == std::string::npos);
  }
}

TEST_CASE("l7 fields: requests that do not fulfil the conditions are not shown") {
  auto options = options_for(trace_kind::l7, output_format::json, "status");
  options.requests.min_duration_ns = 2'000'000;
  CHECK(printed(options, batch_of(a_get())).empty());
}

TEST_CASE("l7 fields: trace dns shows DNS only, with what only it has") {
  auto x = a_get();
  CHECK(printed(options_for(trace_kind::dns, output_format::json), batch_of(x)).empty());
  x.protocol = l7_protocol::dns;
  x.status = 3;
  x.method = "A";
  x.subject = "no.example";
  x.detail = "";
  const auto json =
      options_for(trace_kind::dns, output_format::json, "event,request_type,status,domain,answers");
  CHECK(printed(json, batch_of(x))
        == R"({"event":"dns","request_type":"A","status":3,"domain":"no.example","answers":""})"
           "\n");
  const auto columns = options_for(trace_kind::dns, output_format::columns, "status,domain");
  CHECK(printed(columns, batch_of(x)).starts_with("NXDOMAIN"));
}
