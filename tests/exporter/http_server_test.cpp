// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/http_server.hpp"
#include "tests/exporter/http_client.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include <zlib.h>

using namespace troupe;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

const std::string large_body(16U << 20, 'x'); // More than both socket buffers hold.

http_options small_options() {
  http_options options;
  options.listen = "127.0.0.1:0";
  options.routes["/metrics"] = {[](const auto&) {
    return http_response{200, "text/plain; version=0.0.4; charset=utf-8",
                         std::make_shared<const std::string>("node_info 1\n")};
  }};
  options.routes["/large"] = {[](const auto&) {
    static const auto body = std::make_shared<const std::string>(large_body);
    return http_response{200, "text/plain", body};
  }};
  return options;
}

std::unique_ptr<http_server> start(http_options options) {
  auto result = http_server::start(std::move(options));
  if (const auto* error = std::get_if<listen_error>(&result))
    FAIL(error->message);
  return std::move(std::get<std::unique_ptr<http_server>>(result));
}

listen_error start_error(const std::string& listen) {
  http_options options;
  options.listen = listen;
  auto result = http_server::start(std::move(options));
  const auto* error = std::get_if<listen_error>(&result);
  REQUIRE(error);
  return *error;
}

std::string gunzip(const std::string& packed, size_t bytes) {
  std::string out(bytes, '\0');
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

} // namespace

TEST_CASE("http server: GET answers with status, type, length and body") {
  const auto server = start(small_options());
  const auto reply = get(server->port(), "/metrics");
  CHECK(reply.status == 200);
  CHECK(reply.has_header("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  CHECK(reply.has_header("Content-Length: 12"));
  CHECK(reply.has_header("Connection: close"));
  CHECK(reply.body == "node_info 1\n");
}

TEST_CASE("http server: a query string does not matter") {
  const auto server = start(small_options());
  CHECK(get(server->port(), "/metrics?x=y&z").status == 200);
}

TEST_CASE("http server: HEAD answers like GET, without the body") {
  const auto server = start(small_options());
  const auto reply = request_to(server->port(), "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(reply.status == 200);
  CHECK(reply.has_header("Content-Length: 12"));
  CHECK(reply.body.empty());
}

TEST_CASE("http server: an unknown path is 404, another method 405 with Allow") {
  auto options = small_options();
  std::atomic<int> errors = 0;
  options.on_error = [&](int status) {
    errors += status;
  };
  const auto server = start(std::move(options));
  CHECK(get(server->port(), "/nothing").status == 404);
  CHECK(get(server->port(), "/../../etc/passwd").status == 404);
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    CAPTURE(method);
    const auto reply = request_to(server->port(), std::string{method}
                                                      + " /metrics HTTP/1.1\r\nHost: x\r\n"
                                                        "Content-Length: 3\r\n\r\nabc");
    CHECK(reply.status == 405);
    CHECK(reply.has_header("Allow: GET, HEAD"));
  }
  CHECK(errors == 2 * 404 + 5 * 405);
}

TEST_CASE("http server: a page for the machine itself answers on loopback") {
  auto options = small_options();
  options.routes["/debug"] = {[](const auto&) { return plain_response(200, "inside"); }, true};
  const auto server = start(std::move(options));
  CHECK(get(server->port(), "/debug").body == "inside\n");
}

TEST_CASE("http server: who accepts gzip gets it for large bodies") {
  const auto server = start(small_options());
  const auto reply = get(server->port(), "/large", "Accept-Encoding: gzip\r\n");
  CHECK(reply.status == 200);
  CHECK(reply.has_header("Content-Encoding: gzip"));
  CHECK(reply.body.size() < large_body.size() / 10);
  CHECK((gunzip(reply.body, large_body.size() + 1) == large_body));
  const auto small = get(server->port(), "/metrics", "Accept-Encoding: gzip\r\n");
  CHECK(small.body == "node_info 1\n");
  CHECK((get(server->port(), "/large").body == large_body));
}

TEST_CASE("http server: a handler that throws costs one response") {
  auto options = small_options();
  options.routes["/throw"] = {[](const auto&) -> http_response {
    throw std::runtime_error("no memory, say");
  }};
  const auto server = start(std::move(options));
  CHECK(get(server->port(), "/throw").status == 500);
  CHECK(get(server->port(), "/metrics").status == 200);
}

TEST_CASE("http server: garbage and requests without end are turned away") {
  const auto server = start(small_options());
  for (const std::string& request :
       {std::string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}, std::string(64, '\0'),
        "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n", std::string{"GET\r\n\r\n"},
        "GET /metrics HTTP/1.1\r\nX: " + std::string(100'000, 'b') + "\r\n\r\n"}) {
    http_client client{server->port()};
    client.send_text(request);
    CHECK(client.read_all().find(" 200 ") == std::string::npos);
  }
  CHECK(get(server->port(), "/metrics").status == 200);
}

TEST_CASE("http server: a dozen clients are served at the same time") {
  auto options = small_options();
  std::mutex mutex;
  std::condition_variable all_here;
  int inside = 0;
  options.routes["/meet"] = {[&](const auto&) {
    std::unique_lock lock{mutex};
    ++inside;
    all_here.notify_all();
    const bool met = all_here.wait_for(lock, 10s, [&] { return inside == 12; });
    return plain_response(met ? 200 : 503, "");
  }};
  const auto server = start(std::move(options));
  std::vector<std::future<int>> clients;
  clients.reserve(12);
  for (int i = 0; i < 12; ++i)
    clients.push_back(std::async(std::launch::async,
                                 [port = server->port()] { return get(port, "/meet").status; }));
  for (auto& status : clients)
    CHECK(status.get() == 200);
}

TEST_CASE("http server: a client that does not read is cut off, and others are served meanwhile") {
  auto options = small_options();
  options.request_timeout = 200ms;
  options.write_deadline = 500ms;
  std::atomic<int> aborted = 0;
  options.routes["/large"].finished = [&](int, bool sent) {
    aborted += sent ? 0 : 1;
  };
  const auto server = start(std::move(options));
  http_client sleeper{server->port(), 4096};
  sleeper.send_text("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(sleeper.readable(10'000)); // It is being sent.
  for (int i = 0; i < 20; ++i)
    CHECK(get(server->port(), "/metrics").status == 200);
  CHECK(aborted == 0);
  CHECK(eventually([&] { return aborted == 1; }));
}

TEST_CASE("http server: a client that reads a byte now and then is cut off at the deadline") {
  auto options = small_options();
  options.request_timeout = 200ms;
  options.write_deadline = 500ms;
  std::atomic<int> aborted = 0;
  options.routes["/large"].finished = [&](int, bool sent) {
    aborted += sent ? 0 : 1;
  };
  const auto server = start(std::move(options));
  const auto start_time = steady::now();
  http_client dribbler{server->port(), 4096};
  dribbler.send_text("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(eventually([&] {
    dribbler.read_some(100);
    return aborted == 1;
  }));
  CHECK(steady::now() - start_time < 10s);
}

TEST_CASE("http server: a client that sends nothing loses its connection") {
  auto options = small_options();
  options.request_timeout = 200ms;
  const auto server = start(std::move(options));
  http_client silent{server->port()};
  CHECK(silent.readable(10'000));
}

TEST_CASE("http server: stops at once, whatever its clients are doing") {
  auto options = small_options();
  options.request_timeout = 60s;
  options.write_deadline = 60s;
  std::atomic<bool> waiting = false;
  options.routes["/wait"] = {[&](const http_request& request) {
    waiting = true;
    eventually([&] { return request.stop.stop_requested(); });
    return plain_response(503, "stopping");
  }};
  auto server = start(std::move(options));
  const auto port = server->port();
  http_client silent{port};
  http_client half{port};
  half.send_text("GET /met");
  http_client sleeper{port, 4096};
  sleeper.send_text("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(sleeper.readable(10'000));
  http_client waiter{port};
  waiter.send_text("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(eventually([&] { return waiting.load(); }));

  const auto began = steady::now();
  server.reset();
  const auto took = steady::now() - began;
  CHECK(took < 500ms);
  CHECK_FALSE(http_client{port}.connected());

  auto again = small_options();
  again.listen = "127.0.0.1:" + std::to_string(port);
  CHECK(get(start(std::move(again))->port(), "/metrics").status == 200);
}

TEST_CASE("http server: a port that is taken is an error that says what to do") {
  const auto server = start(small_options());
  const auto listen = "127.0.0.1:" + std::to_string(server->port());
  const auto error = start_error(listen);
  CHECK(error.code == ec::address_in_use);
  CHECK(error.message
        == "cannot listen on " + listen + ": address already in use; choose another with --listen");
}

TEST_CASE("http server: an address that is none, or not ours, is an error that says so") {
  const auto none = start_error("here:http");
  CHECK(none.code == ec::invalid_configuration);
  CHECK(none.message
        == "cannot listen on here:http: not an address; use IP:PORT, :PORT or [IPV6]:PORT");
  const auto foreign = start_error("192.0.2.1:9912"); // TEST-NET-1, RFC 5737
  CHECK(foreign.code == ec::address_in_use);
  CHECK(foreign.message.find("this machine does not have the address") != std::string::npos);
}

TEST_CASE("http server: without a host it listens on every address") {
  auto options = small_options();
  options.listen = ":" + std::to_string(free_port());
  const auto server = start(std::move(options));
  CHECK(get(server->port(), "/metrics").status == 200);
}
