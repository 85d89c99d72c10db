// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/actors_page.hpp"
#include "tests/exporter/synthetic_scrape.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

actor_row a_row(std::string name, actor_state state) {
  actor_row row;
  row.actor = std::move(name);
  row.state = state;
  row.gauge.messages = 12;
  row.gauge.mailbox = 3;
  row.gauge.last_message = "route_cgroup";
  row.gauge.last_message_age_ns = 1'234'000'000;
  row.gauge.waiting_ns = 1'234'000'000;
  return row;
}

board_reading a_board() {
  board_reading board;
  board.read_at_ns = 5;
  board.actors = {a_row("registry", actor_state::no_answer), a_row("host", actor_state::idle)};
  board.containers = 31;
  board.all_containers = a_row("containers", actor_state::idle);
  board.busiest = {a_row("container", actor_state::busy)};
  board.busiest[0].container = 9;
  board.busiest[0].gauge.label = "/docker/\x1b[31m\"web";
  board.busiest[0].gauge.batches = 7;
  board.busiest[0].gauge.credit_used = 2;
  board.busiest[0].gauge.credit_granted = 8;
  return board;
}

} // namespace

TEST_CASE("actors page: what may be asked for") {
  CHECK(parse_actors_query("")->containers_max == busiest_containers);
  CHECK_FALSE(parse_actors_query("")->json);
  CHECK(parse_actors_query("format=json")->json);
  CHECK(parse_actors_query("format=json&containers=all")->containers_max == all_containers_max);
  CHECK(parse_actors_query("containers=all&")->containers_max == all_containers_max);
  CHECK_FALSE(parse_actors_query("format=xml"));
  CHECK_FALSE(parse_actors_query("&&"));
  CHECK_FALSE(parse_actors_query("containers=all%20"));
}

TEST_CASE("actors page: who does not answer stands there, with its last message") {
  const auto text = render_actors_text(a_board(), nullptr);
  CHECK(has(text, "no answer for 1.2 s"));
  CHECK(has(text, "route_cgroup"));
  CHECK(has(text, "2/8"));
  CHECK(has(text, "the exporter does not answer"));
  CHECK(has(text, "of 31 containers"));
}

TEST_CASE("actors page: names actors, features and containers, without control characters") {
  auto scrape = a_full_scrape();
  scrape.containers.push_back(freeze(a_container(9, "/docker/\x1b[31m")));
  const auto text = render_actors_text(a_board(), &scrape);
  CHECK(text.starts_with("ready\n"));
  CHECK(has(text, "registry"));
  CHECK(has(text, "the kernel said"));
  CHECK_FALSE(has(text, "\x1b"));
}

TEST_CASE("actors page: JSON has the same, escaped") {
  const auto text = render_actors_json(a_board());
  CHECK(has(text, R"({"read_at_ns":5,"actors":[{"actor":"registry","label":"",)"
                  R"("state":"no_answer","messages":12,"batches":0,"mailbox":3,"credit_used":0,)"
                  R"("credit_granted":0,"restarts":0,"last_message":"route_cgroup",)"
                  R"("last_message_age_ns":1234000000,"waiting_ns":1234000000},)"));
  CHECK(has(text, R"("containers":31,"all_containers":{"actor":"containers",)"));
  CHECK(has(text, R"("label":"/docker/\u001b[31m\"web","container_key":9,"state":"busy",)"));
}
