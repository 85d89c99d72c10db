// SPDX-License-Identifier: Apache-2.0
#include "actors/console/loopback_http.hpp"
#include "actors/console/top_actors.hpp"
#include "actors/exporter/actors_page.hpp"
#include "actors/exporter/http_server.hpp"
#include "tests/console/field_choices.hpp"

#include <doctest/doctest.h>

#include <simdjson.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr uint64_t second = 1'000'000'000;

actor_sample a_sample(std::string actor, uint64_t messages, uint64_t batches = 0) {
  actor_sample x;
  x.actor = std::move(actor);
  x.state = "idle";
  x.messages = messages;
  x.batches = batches;
  return x;
}

actor_sample a_container(uint64_t key, std::string label, uint64_t messages) {
  auto x = a_sample("container", messages, messages);
  x.container_key = key;
  x.label = std::move(label);
  x.credit_used = 2;
  x.credit_granted = 8;
  x.last_message = "event_batch";
  x.last_message_age_ns = 20'000'000;
  return x;
}

const auto columns = usual_fields(top_actor_fields());

/// What an agent would send of one row, in which a part may be replaced.
std::string an_answer(const std::string& from = "", const std::string& to = "") {
  board_reading board;
  board.read_at_ns = 7;
  actor_row row;
  row.actor = "registry";
  row.state = actor_state::busy;
  row.gauge.messages = 5;
  row.gauge.last_message = "tick";
  row.gauge.last_message_age_ns = 3;
  board.actors = {row};
  row.actor = "container";
  row.container = 9;
  row.gauge.label = "/docker/web";
  board.busiest = {row};
  board.containers = 1;
  auto text = render_actors_json(board);
  if (!from.empty()) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  return text;
}

std::unique_ptr<http_server> serve(http_response response) {
  http_options options;
  options.listen = "127.0.0.1:0";
  options.routes["/x"] = {[=](const auto&) {
    return response;
  }};
  auto started = http_server::start(std::move(options));
  REQUIRE(std::holds_alternative<std::unique_ptr<http_server>>(started));
  return std::move(std::get<std::unique_ptr<http_server>>(started));
}

http_document get_from(const http_server& server, size_t bytes_max = 1000) {
  return get_from_agent("127.0.0.1:" + std::to_string(server.port()), "/x", 5s, bytes_max);
}

} // namespace

TEST_CASE("top actors: reads what an agent writes") {
  const auto answer = parse_actors_answer(an_answer());
  REQUIRE(answer);
  CHECK(answer->read_at_ns == 7);
  REQUIRE(answer->actors.size() == 2);
  CHECK(answer->actors[0].actor == "registry");
  CHECK(answer->actors[0].messages == 5);
  CHECK(answer->actors[0].last_message == "tick");
  CHECK(answer->actors[1].container_key == 9);
  CHECK(answer->actors[1].label == "/docker/web");
}

TEST_CASE("top actors: what no agent sends is refused, whatever it is") {
  for (const auto* text : {"", "{}", "[]", "null", "\xff\xfe", "{\"read_at_ns\":1}",
                           "{\"read_at_ns\":1,\"actors\":{},\"busiest_containers\":[]}",
                           "{\"read_at_ns\":1,\"actors\":[1],\"busiest_containers\":[]}"})
    CHECK_FALSE(parse_actors_answer(text));
  CHECK_FALSE(parse_actors_answer(an_answer("\"messages\":5", "\"messages\":-5")));
  CHECK_FALSE(parse_actors_answer(an_answer("\"messages\":5", "\"messages\":\"5\"")));
  CHECK_FALSE(parse_actors_answer(an_answer("\"messages\":5,", "")));
  CHECK_FALSE(parse_actors_answer(an_answer("\"last_message_age_ns\":3", "\"x\":3")));
  CHECK_FALSE(parse_actors_answer(std::string(100'000, '[')));
  CHECK_FALSE(parse_actors_answer(std::string(answer_bytes_max + 1, ' ') + an_answer()));
}

TEST_CASE("top actors: rows are bounded, texts are cut") {
  const auto long_name =
      parse_actors_answer(an_answer("\"registry\"", "\"" + std::string(5000, 'x') + "\""));
  REQUIRE(long_name);
  CHECK(long_name->actors[0].actor.size() == 512);
  const auto one = an_answer();
  const auto begin = one.find("{\"actor\"");
  const auto row = one.substr(begin, one.find('}', begin) + 1 - begin);
  std::string many = row;
  for (int i = 0; i < 20'001; ++i)
    many += "," + row;
  CHECK_FALSE(parse_actors_answer(an_answer(row, many)));
}

TEST_CASE("top actors: rates are over the agent's own time, the busiest first") {
  const actors_answer before{
      10 * second,
      {a_sample("registry", 100), a_sample("bpf_reader", 1000, 400), a_container(1, "", 50)}};
  auto silent = a_sample("host", 3);
  silent.state = "no_answer";
  const actors_answer now{12 * second,
                          {a_sample("registry", 101), a_sample("bpf_reader", 1200, 440), silent,
                           a_container(1, "/docker/web", 90), a_container(2, "", 7)}};
  const auto rows = rates_between(before, now, 0);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].now.actor == "host"); // Who does not answer comes before all.
  CHECK(rows[1].now.actor == "bpf_reader");
  CHECK(rows[1].messages_per_second == 100);
  CHECK(rows[1].batches_per_second == 20);
  CHECK(rows[2].now.container_key == 1); // Named meanwhile: the same one.
  CHECK(rows[2].messages_per_second == 20);
  CHECK(rows[3].now.container_key == 2); // New: all that it did was in this interval.
  CHECK(rows[3].batches_per_second == 4);
  CHECK(rows[4].messages_per_second == 1); // 0.5, rounded up.
}

TEST_CASE("top actors: one that was started anew has counted from zero; no time, no rate") {
  const actors_answer before{second, {a_sample("registry", 1000)}};
  const actors_answer now{2 * second, {a_sample("registry", 30)}};
  CHECK(rates_between(before, now, 0)[0].messages_per_second == 30);
  CHECK(rates_between(now, now, 0)[0].messages_per_second == 0);
  CHECK(rates_between(now, before, 0)[0].messages_per_second == 0);
}

TEST_CASE("top actors: two helpers of one name are two") {
  const actors_answer before{0, {a_sample("runtime_worker", 10), a_sample("runtime_worker", 20)}};
  const actors_answer now{second, {a_sample("runtime_worker", 11), a_sample("runtime_worker", 23)}};
  const auto rows = rates_between(before, now, 0);
  CHECK(rows[0].messages_per_second == 3);
  CHECK(rows[1].messages_per_second == 1);
}

TEST_CASE("top actors: a table has names without control characters, and credit of how much") {
  const auto rows = rates_between({}, {second, {a_container(3, "/docker/\x1b[2Jweb", 9)}}, 0);
  const auto text = render_top(rows, columns, std::nullopt, 100);
  CHECK(text.starts_with("ACTOR "));
  CHECK(text.find("container 3 /docker/\\x1b[2Jweb") != std::string::npos);
  CHECK(text.find(" 2/8 ") != std::string::npos);
  CHECK(text.find(" event_batch ") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(render_top(rows, columns, std::nullopt, 0).find('\n')
        == render_top(rows, columns, std::nullopt, 0).size() - 1);
}

TEST_CASE("top actors: JSON is one object a row, whole whatever a name holds") {
  const auto rows = rates_between(
      {}, {second, {a_container(3, "/docker/\x1b\"\n\xff", 9), a_sample("host", 0)}}, 1);
  const auto text = render_top(rows, all_fields(top_actor_fields(), output_format::json), 20, 2);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  simdjson::dom::parser parser;
  const auto first = parser.parse(text.substr(0, text.find('\n')));
  REQUIRE(first.error() == simdjson::SUCCESS);
  CHECK(uint64_t{first["messages_per_second"]} == 9);
  CHECK(uint64_t{first["batches"]} == 9);
  CHECK(uint64_t{first["credit_granted"]} == 8);
  CHECK(std::string_view{first["time"]} == "1970-01-01T00:00:00.000000001Z");
}

TEST_CASE("loopback http: reads a document of an address in numbers") {
  const auto server = serve(plain_response(200, "hello"));
  const auto document = get_from(*server);
  CHECK(document.ok);
  CHECK(document.text == "hello\n");
  CHECK_FALSE(get_from_agent("example.org:80", "/x", 1s, 10).ok);
  CHECK(get_from_agent("127.0.0.1:1@example.org:80", "/x", 1s, 10).text.find("write IP:PORT")
        != std::string::npos);
}

TEST_CASE("loopback http: what is wrong is said with the next step") {
  const auto refused = get_from(*serve(plain_response(403, "no")));
  CHECK_FALSE(refused.ok);
  CHECK(refused.text.find("only to its own machine") != std::string::npos);
  const auto other = get_from(*serve(plain_response(404, "no")));
  CHECK(other.text.find("HTTP status 404") != std::string::npos);
  const auto large = get_from(*serve(plain_response(200, std::string(5000, 'x'))));
  CHECK_FALSE(large.ok);
  CHECK(large.text.find("sends more than") != std::string::npos);
  CHECK(get_from(*serve(plain_response(200, std::string(999, 'x')))).ok);
  const auto nobody = get_from_agent("127.0.0.1:1", "/x", 5s, 10);
  CHECK(nobody.text.find("no agent answers at 127.0.0.1:1") != std::string::npos);
}

TEST_CASE("loopback http: one that never answers does not keep us") {
  http_options options;
  options.listen = "127.0.0.1:0";
  options.routes["/x"] = {[](const http_request& request) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!request.stop.stop_requested() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    return plain_response(200, "late");
  }};
  auto started = http_server::start(std::move(options));
  const auto server = std::move(std::get<std::unique_ptr<http_server>>(started));
  const auto began = std::chrono::steady_clock::now();
  const auto document =
      get_from_agent("127.0.0.1:" + std::to_string(server->port()), "/x", 200ms, 9);
  CHECK_FALSE(document.ok);
  CHECK(document.text.find("did not answer within 200 ms") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - began < 5s);
}
