// SPDX-License-Identifier: Apache-2.0
#pragma once

// Scrapes made up for tests and benchmarks.

#include "messages/control.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

inline node_info a_node() {
  return {"host-1", "6.18.5", "0123456789abcdef0123456789abcdef",
          "11111111-2222-3333-4444-555555555555"};
}

inline container_snapshot a_container(container_key key, std::string id) {
  container_snapshot x;
  x.key = key;
  x.exported = true;
  x.identity.container_id = id;
  x.identity.app_id = std::move(id);
  x.identity.provisional = false;
  x.metadata.runtime = runtime_kind::docker;
  x.metadata.id = std::string(64, 'a');
  x.metadata.image = "nginx:1.25";
  x.metadata.state = container_state::running;
  return x;
}

inline container_snapshot_ptr freeze(container_snapshot x) {
  return std::make_shared<const container_snapshot>(std::move(x));
}

/// Requests in every protocol, made and served.
inline void add_requests(container_snapshot& x, const std::string& text) {
  for (auto i = 1; i <= static_cast<int>(l7_protocol::foundationdb); ++i) {
    const auto protocol = static_cast<l7_protocol>(i);
    for (const bool inbound : {false, true}) {
      const l7_place place{protocol, inbound, text + ":80", inbound ? "" : "10.0.0.1:80"};
      x.l7_requests_made.push_back({place, "ok", text, text, 3});
      x.l7_requests_made.push_back({place, "failed", text, text, 1});
      l7_durations took{place, {}};
      took.durations.observe(700'000);
      x.l7_durations_of.push_back(std::move(took));
    }
  }
  x.l7_requests_made.push_back({{}, "ok", "", "", 1}); // of no protocol: nowhere to be seen
}

/// Every field of every kind filled in, so that every family but those of requests has a series.
inline container_snapshot a_busy_container(container_key key, const std::string& id,
                                           size_t destinations, size_t peers) {
  auto x = a_container(key, id);
  x.restarts = 1;
  x.oom_kills = 2;
  x.processes = 3;
  x.events = 1000;
  x.listens.push_back({"0.0.0.0:80", ""});
  x.listens.push_back({"[::]:443", "docker-proxy"});
  for (size_t i = 0; i < destinations; ++i) {
    destination_stats one;
    one.destination = "service-" + std::to_string(i) + ".example:443";
    one.actual_destination = "10.0.0." + std::to_string(i) + ":8443";
    one.successful_connects = 100 + i;
    one.failed_connects = i;
    one.connection_time_ns = 1'234'567'890 + i;
    one.active_connections = 2;
    one.retransmits = 3;
    one.resets = 1;
    one.bytes_sent = 123456789;
    one.bytes_received = 987654321;
    one.rtt.observe(700'000);
    one.rtt.observe(30'000'000'000);
    x.outbound.push_back(std::move(one));
    x.latencies.push_back({"10.0.0." + std::to_string(i), 1'500'000});
    x.names.push_back({"10.0.0." + std::to_string(i), "service-" + std::to_string(i) + ".example"});
  }
  for (size_t i = 0; i < peers; ++i) {
    inbound_stats one;
    one.listen_addr = "172.17.0.2:80";
    one.peer = "10.1.0." + std::to_string(i);
    one.connects = 7;
    one.active_connections = 1;
    one.bytes_sent = 4096;
    one.bytes_received = 1024;
    one.rtt.observe(2'000'000);
    x.inbound.push_back(std::move(one));
  }
  x.route_latency.observe(100'000);
  return x;
}

/// A scrape in which every family that the agent has is present.
inline scrape_result a_full_scrape() {
  scrape_result x;
  x.generation = 1;
  x.node = a_node();
  x.reader.features = {{"process", true, ""}, {"socket", false, "the kernel said: \"no\""}};
  x.reader.events = {{"process_forked", 12}, {"tcp_closed", 34}};
  x.reader.losses = {{"kernel", "ring_full", "tcp_closed", 5}};
  x.reader.maps = {{"cgroup_flags", 10, 4096}};
  x.reader.routes = 3;
  x.reader.ignored = 40;
  x.troupe.actors = {{"registry", 0, 1}, {"exporter", 2, 0}, {"host", 0, 0}, {"container", 4, 9}};
  x.troupe.ready = true;
  runtime_status docker;
  docker.endpoint = {runtime_kind::docker, "/run/docker.sock"};
  docker.present = docker.answering = true;
  docker.lookups_ok = 7;
  docker.lookup_latency.observe(3'000'000);
  x.runtimes = {docker};
  x.stale_containers = 1;
  x.series_overflow = 9;
  x.events_invalid = 2;
  x.l7_understood = {{l7_protocol::http, 1000, {1, 2, 3, 4}, 0}, {l7_protocol::redis, 50, {}, 7}};
  x.route_latency.observe(100'000);
  auto web = a_busy_container(1, "/docker/web", 3, 2);
  add_requests(web, "10.0.0.1");
  x.containers.push_back(freeze(std::move(web)));
  x.containers.push_back(freeze(a_busy_container(2, "/k8s/shop/cart-0/app", 2, 0)));
  return x;
}

/// What a hostile container, image or runtime may put into labels.
inline const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> texts{
      "quote\" backslash\\ newline\n end",
      "\"} 1\nfake_metric{a=\"b",
      std::string{"nul\0inside", 10},
      "\x1b[31mred\x1b[0m \r \t \x7f",
      "\xff\xfe\xc0\xaf latin \xe9t\xe9",
      "cut \xe2\x82",
      "surrogate \xed\xa0\x80, too big \xf4\x90\x80\x80, overlong \xe0\x80\xaf \xf0\x80\x80\xaf",
      "good \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
      std::string(100'000, 'x'),
      std::string(511, 'y') + "\xe2\x82\xac",
      "",
  };
  return texts;
}

/// Hostile texts in every label there is.
inline scrape_result a_hostile_scrape() {
  auto scrape = a_full_scrape();
  container_key key = 100;
  for (const auto& text : hostile_texts()) {
    auto x = a_busy_container(key++, "/docker/" + text, 1, 1);
    x.identity.name_space = x.identity.pod = x.identity.container = text;
    x.metadata.image = x.metadata.id = text;
    x.metadata.systemd_type = x.metadata.systemd_triggered_by = text;
    x.listens.push_back({text, text});
    x.outbound.front().destination = x.outbound.front().actual_destination = text;
    x.inbound.front().peer = x.inbound.front().listen_addr = text;
    x.latencies.front().destination_ip = text;
    x.names.front() = {text, text};
    add_requests(x, text);
    scrape.containers.push_back(freeze(std::move(x)));
    scrape.reader.features.push_back({text, true, text});
    scrape.reader.losses.push_back({text, text, text, 1});
    scrape.node.hostname = scrape.node.machine_id = text;
  }
  return scrape;
}

} // namespace troupe
