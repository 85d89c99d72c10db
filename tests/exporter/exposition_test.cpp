// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/exposition.hpp"
#include "actors/exporter/families.hpp"
#include "actors/exporter/l7_families.hpp"
#include "actors/exporter/metrics_page.hpp"
#include "actors/exporter/series_writer.hpp"
#include "tests/exporter/synthetic_scrape.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <set>
#include <sstream>

using namespace troupe;

namespace {

/// The container families alone, as text.
std::string containers_text(const scrape_result& scrape, bool pod_labels = false,
                            duplicates* left_out = nullptr) {
  std::string text;
  series_writer out{text};
  const auto result = render_containers(out, {scrape, pod_labels, {}, 0, 0});
  if (left_out)
    *left_out = result;
  return text;
}

std::string full_text(const scrape_result& scrape) {
  own_metrics own;
  return render_exposition({scrape, true, read_process_usage(), uptime_ns(), 0}, own);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

/// The value of the only series that begins with `start`.
std::string value_of(const std::string& text, const std::string& start) {
  std::string found;
  for (const auto& line : lines_of(text))
    if (line.starts_with(start)) {
      CHECK(found.empty());
      found = line.substr(line.rfind(' ') + 1);
    }
  return found;
}

} // namespace

TEST_CASE("exposition: a small container's families are exactly this text") {
  scrape_result scrape;
  scrape.node = {"host", "6.18", "m1", "u1"};
  auto x = a_container(1, "/docker/web");
  x.metadata.id = "abc";
  x.restarts = 2;
  x.listens.push_back({"0.0.0.0:80", ""});
  destination_stats to;
  to.destination = "db:5432";
  to.actual_destination = "10.0.0.7:5432";
  to.successful_connects = 100;
  to.failed_connects = 10;
  to.connection_time_ns = 1'500'000;
  to.bytes_sent = 100'000;
  to.bytes_received = 18'446'744'073'709'551'615ULL;
  x.outbound.push_back(to);
  x.latencies.push_back({"10.0.0.7", 250'000});
  scrape.containers.push_back(freeze(x));

  const std::string ids =
      R"(container_id="/docker/web",app_id="/docker/web",machine_id="m1",system_uuid="u1")";
  const std::string db = ids + R"(,destination="db:5432",actual_destination="10.0.0.7:5432")";
  std::string expected;
  const auto add = [&](family_id id, const std::string& labels, const std::string& value) {
    const auto& family = describe(id);
    const std::string name{family.name};
    expected += "# HELP " + name + " " + std::string{family.help} + "\n# TYPE " + name + " "
                + std::string{to_string(family.type)} + "\n" + name + "{" + labels + "} " + value
                + "\n";
  };
  add(family_id::container_info,
      ids + R"(,image="nginx:1.25",runtime="docker",runtime_id="abc",state="running",systemd_type="",systemd_triggered_by="")",
      "1");
  add(family_id::container_restarts, ids, "2");
  add(family_id::container_oom_kills, ids, "0");
  add(family_id::tcp_listen_info, ids + R"(,listen_addr="0.0.0.0:80",proxy="")", "1");
  add(family_id::tcp_successful_connects, db, "100");
  add(family_id::tcp_failed_connects, db, "10");
  add(family_id::tcp_connection_time, db, "0.0015");
  add(family_id::tcp_active_connections, db, "0");
  add(family_id::tcp_retransmits, db, "0");
  add(family_id::tcp_resets, db, "0");
  add(family_id::tcp_bytes_sent, db, "100000");
  add(family_id::tcp_bytes_received, db, "18446744073709551615");
  add(family_id::net_latency, ids + R"(,destination_ip="10.0.0.7")", "0.00025");
  CHECK(containers_text(scrape) == expected);
}

TEST_CASE("exposition: a name that several containers were told for an address is one series") {
  scrape_result scrape;
  scrape.node = {"host", "6.18", "m1", "u1"};
  for (const container_key key : {1, 2}) {
    auto x = a_container(key, "/docker/web" + std::to_string(key));
    x.names.push_back({"10.0.0.7", "db.example"});
    if (key == 2)
      x.names.push_back({"10.0.0.8", "db.example"});
    scrape.containers.push_back(freeze(x));
  }
  const auto text = containers_text(scrape);
  const std::string behind = R"(fqdn="db.example",machine_id="m1",system_uuid="u1"} 1)";
  const auto first = text.find("ip_to_fqdn{");
  REQUIRE(first != std::string::npos);
  CHECK(text.substr(first)
        == "ip_to_fqdn{ip=\"10.0.0.7\"," + behind + "\nip_to_fqdn{ip=\"10.0.0.8\"," + behind
               + "\n");
}

TEST_CASE("exposition: a histogram is cumulative and ends with +Inf, sum and count") {
  scrape_result scrape;
  auto x = a_container(1, "/docker/web");
  destination_stats to;
  to.destination = to.actual_destination = "d";
  to.rtt.observe(500'000);        // exactly the first bound
  to.rtt.observe(700'000);        // the second bucket
  to.rtt.observe(20'000'000'000); // above all bounds
  x.outbound.push_back(to);
  scrape.containers.push_back(freeze(x));
  const auto text = containers_text(scrape);
  const std::string labels =
      R"({container_id="/docker/web",app_id="/docker/web",machine_id="",system_uuid="",destination="d",actual_destination="d")";
  const std::string name = "container_net_tcp_rtt_seconds";
  CHECK(has_line(text, "# TYPE " + name + " histogram"));
  CHECK(has_line(text, name + "_bucket" + labels + R"(,le="0.0005"} 1)"));
  CHECK(has_line(text, name + "_bucket" + labels + R"(,le="0.001"} 2)"));
  CHECK(has_line(text, name + "_bucket" + labels + R"(,le="2.5"} 2)"));
  CHECK(has_line(text, name + "_bucket" + labels + R"(,le="10"} 2)"));
  CHECK(has_line(text, name + "_bucket" + labels + R"(,le="+Inf"} 3)"));
  CHECK(has_line(text, name + "_sum" + labels + "} 20.0012"));
  CHECK(has_line(text, name + "_count" + labels + "} 3"));
}

TEST_CASE("exposition: pod labels come when they are asked for") {
  scrape_result scrape;
  scrape.node = a_node();
  auto x = a_container(1, "/k8s/shop/cart-0/app");
  x.identity.name_space = "shop";
  x.identity.pod = "cart-0";
  x.identity.container = "app";
  scrape.containers.push_back(freeze(x));
  const std::string pod = R"(,namespace="shop",pod="cart-0",container="app",node="host-1",)";
  CHECK(containers_text(scrape, true).find(pod) != std::string::npos);
  CHECK(containers_text(scrape, false).find("namespace=") == std::string::npos);
}

TEST_CASE("exposition: a container without a name is not exported") {
  scrape_result scrape;
  auto x = a_busy_container(1, "/docker/web", 1, 1);
  x.exported = false;
  scrape.containers = {freeze(x), nullptr};
  CHECK(containers_text(scrape).empty());
}

TEST_CASE("exposition: of two containers with one id the named, then the older is exported") {
  scrape_result scrape;
  auto provisional = a_container(1, "/docker/web");
  provisional.identity.provisional = true;
  provisional.restarts = 1;
  auto older = a_container(2, "/docker/web");
  older.restarts = 2;
  auto newer = a_container(3, "/docker/web");
  newer.restarts = 3;
  scrape.containers = {freeze(newer), freeze(provisional), freeze(older)};
  duplicates left_out;
  const auto text = containers_text(scrape, false, &left_out);
  CHECK(left_out.containers == 2);
  CHECK(value_of(text, "container_restarts_total{") == "2");
}

TEST_CASE("exposition: rows that escape to the same labels are exported once and counted") {
  scrape_result scrape;
  auto x = a_container(1, "/docker/web");
  for (const auto* destination : {"a\xff", "a\xfe", "b"}) {
    destination_stats to;
    to.destination = to.actual_destination = destination;
    to.successful_connects = 1;
    x.outbound.push_back(to);
  }
  scrape.containers.push_back(freeze(x));
  duplicates left_out;
  containers_text(scrape, false, &left_out);
  CHECK(left_out.rows == 1);

  own_metrics own;
  const auto text = render_exposition({scrape, false, {}, 0, 0}, own);
  CHECK(value_of(text, R"(troupe_series_dropped_total{reason="duplicate_labels")") == "1");
  CHECK(value_of(text, R"(troupe_series_dropped_total{reason="duplicate_container")") == "0");
}

TEST_CASE("exposition: a full scrape has every family once, in the table's order") {
  auto scrape = a_full_scrape();
  own_metrics own;
  own.http_error(404);
  const auto text = render_exposition({scrape, false, read_process_usage(), uptime_ns(), 0}, own);
  std::vector<std::string> types;
  for (const auto& line : lines_of(text))
    if (line.starts_with("# TYPE "))
      types.push_back(line);
  std::vector<std::string> expected;
  const auto expect = [&](std::string_view name, metric_type type) {
    expected.push_back("# TYPE " + std::string{name} + " " + std::string{to_string(type)});
  };
  for (const auto& x : family_table::all) {
    if (x.id == family_id::node_info) // behind the families of containers
      for (const auto& row : l7_families())
        for (const auto& one : row)
          expect(one.name, one.type);
    expect(x.name, x.type);
  }
  // prometheus-cpp keeps its own order for what it collects: the last four.
  std::sort(types.end() - 4, types.end());
  std::sort(expected.end() - 4, expected.end());
  CHECK(types == expected);
}

TEST_CASE("exposition: every line is a comment or name{labels} value, whatever the labels hold") {
  for (const auto& line : lines_of(full_text(a_hostile_scrape()))) {
    if (line.starts_with("# "))
      continue;
    CAPTURE(line.substr(0, 200));
    const auto brace = line.find('{');
    REQUIRE(brace != std::string::npos);
    CHECK(line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == brace);
    bool quoted = false;
    size_t end = brace;
    for (size_t i = brace; i < line.size(); ++i) {
      if (quoted && line[i] == '\\')
        ++i;
      else if (line[i] == '"')
        quoted = !quoted;
      else if (!quoted && line[i] == '}')
        end = i;
    }
    CHECK_FALSE(quoted);
    CHECK(line.compare(end, 2, "} ") == 0);
    CHECK(line.find_first_not_of("0123456789.e+-InfNa", end + 2) == std::string::npos);
  }
}

TEST_CASE("exposition: no two series have the same name and labels, hostile or not") {
  std::set<std::string> seen;
  for (const auto& line : lines_of(full_text(a_hostile_scrape())))
    if (!line.starts_with("# "))
      CHECK(seen.insert(line.substr(0, line.rfind(' '))).second);
}

TEST_CASE("exposition: what endpoints of one runtime count is added up") {
  auto scrape = a_full_scrape();
  auto second = scrape.runtimes.front();
  second.endpoint.socket = "/run/docker-2.sock";
  scrape.runtimes.push_back(second);
  const auto text = full_text(scrape);
  CHECK(value_of(text, R"(troupe_metadata_lookups_total{runtime="docker",result="ok")") == "14");
}

TEST_CASE(
    "exposition: a loss that did not happen is there as a zero, one that did with its count") {
  const auto lost = [](const std::string& text, std::string_view kind, std::string_view reason,
                       std::string_view stage) {
    return value_of(text, "troupe_events_lost_total{stage=\"" + std::string{stage} + "\",reason=\""
                              + std::string{reason} + "\",kind=\"" + std::string{kind} + "\"");
  };
  const auto text = full_text(a_full_scrape());
  CHECK(lost(text, "tcp_closed", "ring_full", "kernel") == "5");
  CHECK(lost(text, "process_exited", "ring_full", "kernel") == "0");
  CHECK(lost(text, "process_exited", "ring_share", "kernel").empty()); // It has the whole ring.
  CHECK(lost(text, "tcp_closed", "ring_share", "kernel") == "0");
  CHECK(lost(text, "l7_chunk", "undecided", "kernel") == "0");
  CHECK(lost(text, "tcp_progress", "no_credit", "reader") == "0");
  CHECK(lost(text, "record", "invalid_record", "container") == "2");
}

TEST_CASE("exposition: what lookups took, by runtime") {
  auto scrape = a_full_scrape();
  auto second = scrape.runtimes.front();
  second.endpoint.socket = "/run/docker-2.sock";
  scrape.runtimes.push_back(second);
  const auto text = full_text(scrape);
  CHECK(value_of(text, R"(troupe_metadata_lookup_seconds_count{runtime="docker")") == "2");
  CHECK(value_of(text, R"(troupe_metadata_lookup_seconds_sum{runtime="docker")") == "0.006");
}

TEST_CASE("exposition: every actor's mailbox and restarts, those of all containers together") {
  const auto text = full_text(a_full_scrape());
  CHECK(value_of(text, R"(troupe_mailbox_messages{actor="registry")") == "1");
  CHECK(value_of(text, R"(troupe_mailbox_messages{actor="host")") == "0");
  CHECK(value_of(text, R"(troupe_mailbox_messages{actor="container")") == "9");
  CHECK(value_of(text, R"(troupe_actor_restarts_total{actor="container")") == "4");
  CHECK(value_of(text, R"(troupe_actor_restarts_total{actor="host")") == "0");
}

TEST_CASE("series writer: numbers that are not finite are written as Prometheus reads them") {
  std::string text;
  series_writer out{text};
  out.begin(family_id::node_uptime);
  out.sample("a=\"1\"", std::numeric_limits<double>::infinity());
  out.sample("a=\"2\"", -std::numeric_limits<double>::infinity());
  out.sample("a=\"3\"", std::numeric_limits<double>::quiet_NaN());
  out.sample("a=\"4\"", 0.1);
  CHECK(has_line(text, "node_uptime_seconds{a=\"1\"} +Inf"));
  CHECK(has_line(text, "node_uptime_seconds{a=\"2\"} -Inf"));
  CHECK(has_line(text, "node_uptime_seconds{a=\"3\"} NaN"));
  CHECK(has_line(text, "node_uptime_seconds{a=\"4\"} 0.1"));
  CHECK(out.series() == 4);
}

TEST_CASE("series writer: a family without series leaves nothing") {
  std::string text;
  series_writer out{text};
  out.begin(family_id::node_uptime);
  out.begin(family_id::node_info);
  CHECK(text.empty());
}

TEST_CASE("metrics page: scrapes of one gathering share one text, the next has its own") {
  metrics_page page{false};
  auto scrape = a_full_scrape();
  const auto now = std::chrono::steady_clock::now();
  const auto first = page.render(scrape, now);
  CHECK(page.render(scrape, now) == first);
  ++scrape.generation;
  CHECK(page.render(scrape, now) != first);
}
