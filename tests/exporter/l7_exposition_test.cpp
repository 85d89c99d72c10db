// SPDX-License-Identifier: Apache-2.0
#include "actors/exporter/l7_exposition.hpp"

#include "actors/exporter/exposition.hpp"
#include "actors/exporter/metrics_doc.hpp"
#include "actors/exporter/series_writer.hpp"
#include "tests/exporter/synthetic_scrape.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace troupe;

namespace {

std::string text_of(const container_snapshot& x) {
  std::string text;
  series_writer out{text};
  l7_exposition requests;
  requests.add(R"(container_id="/docker/web")", x);
  requests.render(out);
  return text;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

size_t lines_with(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

l7_place made(l7_protocol protocol) {
  return {protocol, false, "db:1", "10.0.0.7:1"};
}

l7_place served(l7_protocol protocol) {
  return {protocol, true, "10.0.0.7:1", ""};
}

const std::string id = R"({container_id="/docker/web",)";
const std::string there = id + R"(destination="db:1",actual_destination="10.0.0.7:1")";
const std::string here = id + R"(listen_addr="10.0.0.7:1")";

} // namespace

TEST_CASE("l7 exposition: names and labels are those that dashboards know") {
  auto x = a_container(1, "/docker/web");
  x.l7_requests_made = {
      {made(l7_protocol::http), "200", "", "", 3},
      {served(l7_protocol::http), "500", "", "", 4},
      {made(l7_protocol::postgres), "failed", "", "", 5},
      {made(l7_protocol::kafka), "ok", "", "", 6},
      {made(l7_protocol::rabbitmq), "ok", "produce", "", 7},
      {served(l7_protocol::nats), "unknown", "consume", "", 8},
      {made(l7_protocol::dns), "ok", "A", "example.com", 9},
      {served(l7_protocol::dns), "failed", "AAAA", "example.com", 10},
  };
  const auto text = text_of(x);
  CHECK(has_line(text, "# TYPE container_http_requests_total counter"));
  CHECK(has_line(text, "container_http_requests_total" + there + R"(,status="200"} 3)"));
  CHECK(has_line(text, "container_http_inbound_requests_total" + here + R"(,status="500"} 4)"));
  CHECK(has_line(text, "container_postgres_queries_total" + there + R"(,status="failed"} 5)"));
  CHECK(has_line(text, "container_kafka_requests_total" + there + R"(,status="ok"} 6)"));
  CHECK(has_line(text, "container_rabbitmq_messages_total" + there
                           + R"(,method="produce",status="ok"} 7)"));
  CHECK(has_line(text, "container_nats_inbound_messages_total" + here
                           + R"(,method="consume",status="unknown"} 8)"));
  CHECK(has_line(text, "container_dns_requests_total" + there
                           + R"(,request_type="A",domain="example.com",status="ok"} 9)"));
  CHECK(has_line(text, "container_dns_inbound_requests_total" + here
                           + R"(,request_type="AAAA",domain="example.com",status="failed"} 10)"));
  CHECK(lines_with(text, id) == x.l7_requests_made.size());
}

TEST_CASE("l7 exposition: durations are a histogram a place") {
  auto x = a_container(1, "/docker/web");
  l7_durations took{made(l7_protocol::http), {}};
  took.durations.observe(700'000);
  took.durations.observe(3'000'000);
  x.l7_durations_of.push_back(took);
  x.l7_durations_of.push_back({made(l7_protocol::redis), {}}); // Nothing was ever answered.
  took.place.inbound = true;
  x.l7_durations_of.push_back(took);
  const auto text = text_of(x);
  const std::string name = "container_http_requests_duration_seconds_total";
  CHECK(has_line(text, "# TYPE " + name + " histogram"));
  CHECK(has_line(text, name + "_bucket" + there + R"(,le="0.001"} 1)"));
  CHECK(has_line(text, name + "_count" + there + "} 2"));
  CHECK(has_line(text, name + "_sum" + there + "} 0.0037"));
  CHECK(text.find("container_http_inbound_requests_duration_seconds_total_count")
        != std::string::npos);
  CHECK(text.find("redis") == std::string::npos);
}

TEST_CASE("l7 exposition: HTTP's versions at one address are one series, gRPC by its status") {
  auto x = a_container(1, "/docker/web");
  for (const auto protocol : {l7_protocol::grpc, l7_protocol::http, l7_protocol::http2}) {
    const auto* status = protocol == l7_protocol::grpc ? "grpc:0" : "200";
    x.l7_requests_made.push_back({made(protocol), status, "", "", 10});
    l7_durations took{made(protocol), {}};
    took.durations.observe(1);
    x.l7_durations_of.push_back(took);
  }
  const auto text = text_of(x);
  CHECK(has_line(text, "container_http_requests_total" + there + R"(,status="200"} 20)"));
  CHECK(has_line(text, "container_http_requests_total" + there + R"(,status="grpc:0"} 10)"));
  CHECK(has_line(text, "container_http_requests_duration_seconds_total_count" + there + "} 3"));
  CHECK(lines_with(text, "container_http_requests_total{") == 2);
}

TEST_CASE("l7 exposition: labels that are the same once escaped are added up, none is lost") {
  auto x = a_container(1, "/docker/web");
  for (const auto* domain : {"a\xff", "a\xfe", "b"})
    x.l7_requests_made.push_back({made(l7_protocol::dns), "ok", "A", domain, 1});
  const auto text = text_of(x);
  CHECK(lines_with(text, "container_dns_requests_total{") == 2);
  CHECK(has_line(text, "container_dns_requests_total" + there
                           + ",request_type=\"A\",domain=\"a\xef\xbf\xbd\",status=\"ok\"} 2"));
}

TEST_CASE("l7 exposition: the rows of one container do not mix with those of another") {
  std::string text;
  series_writer out{text};
  l7_exposition requests;
  for (const auto* name : {"b", "a"}) {
    auto x = a_container(1, name);
    x.l7_requests_made = {{made(l7_protocol::http), "500", "", "", 1},
                          {made(l7_protocol::http), "200", "", "", 2}};
    requests.add("container_id=\"" + std::string{name} + "\"", x);
  }
  requests.render(out);
  CHECK(out.series() == 4);
  CHECK(text.find(R"(id="b",destination="db:1",actual_destination="10.0.0.7:1",status="200"} 2)")
        < text.find(R"(status="500"} 1)"));
  CHECK(text.find(R"(id="b")") < text.find(R"(id="a")"));
}

TEST_CASE("l7 exposition: a container that says nothing costs nothing") {
  CHECK(text_of(a_container(1, "/docker/web")).empty());
}

TEST_CASE("l7 exposition: what was captured and what was not understood of it") {
  std::string text;
  series_writer out{text};
  const auto scrape = a_full_scrape();
  render_agent(out, {scrape, false, {}, 0, 0});
  const auto machine = machine_labels(scrape.node);
  CHECK(has_line(text, R"(troupe_payload_bytes_total{protocol="http",)" + machine + "} 1000"));
  CHECK(has_line(text, R"(troupe_payload_bytes_total{protocol="redis",)" + machine + "} 50"));
  const std::string unparsed = R"(troupe_payload_unparsed_bytes_total{protocol="http",reason=)";
  CHECK(has_line(text, unparsed + R"("not_captured",)" + machine + "} 1"));
  CHECK(has_line(text, unparsed + R"("out_of_sync",)" + machine + "} 2"));
  CHECK(has_line(text, unparsed + R"("unanswered",)" + machine + "} 3"));
  CHECK(has_line(text, unparsed + R"("too_large",)" + machine + "} 4"));
}

TEST_CASE("l7 exposition: requests that went to ~other are counted under their own family's name") {
  std::string text;
  series_writer out{text};
  auto scrape = a_full_scrape();
  scrape.l7_understood.push_back({l7_protocol::http2, 0, {}, 2}); // HTTP's versions share one.
  scrape.l7_understood.push_back({l7_protocol::http, 0, {}, 3});
  render_agent(out, {scrape, false, {}, 0, 0});
  const auto machine = machine_labels(scrape.node);
  const std::string family = "troupe_series_overflow_total{family=";
  CHECK(has_line(text, family + R"("container_net_tcp",)" + machine + "} 9"));
  CHECK(has_line(text, family + R"("container_redis",)" + machine + "} 7"));
  CHECK(has_line(text, family + R"("container_http",)" + machine + "} 5"));
}

TEST_CASE("l7 families: every protocol has four of its own; only HTTP's versions share") {
  std::set<std::string> names;
  for (const auto& row : l7_families())
    for (const auto& x : row) {
      CHECK(names.insert(x.name).second);
      CHECK(metrics_markdown().find("| `" + x.name + "` | ") != std::string::npos);
    }
  CHECK(names.size() == 4 * l7_row_count);
  for (const auto& x : family_table::all)
    CHECK_FALSE(names.contains(std::string{x.name}));
  CHECK_FALSE(l7_row_of(l7_protocol::opaque));
  CHECK(l7_row_of(l7_protocol::http) == l7_row_of(l7_protocol::grpc));
  CHECK(l7_row_of(l7_protocol::http) == l7_row_of(l7_protocol::http2));
  CHECK(l7_row_of(l7_protocol::dns) != l7_row_of(l7_protocol::http));
}
