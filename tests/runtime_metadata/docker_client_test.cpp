// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_client.hpp"

#include "tests/runtime_metadata/fake_socket.hpp"
#include "tests/runtime_metadata/recorded.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>

using namespace troupe;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto web_id = "56e82cbd1d8f868bf7bb85774a26972f3c387d538b5a9271821feb1654694513";

struct docker_test {
  scratch_folder folder;
  std::string path = folder / "docker.sock";
  docker_client client{{runtime_kind::docker, path}};
  std::stop_source stop;
  call_limits limits{5s, stop.get_token()};

  ec inspect_error(const char* id = web_id) {
    auto answer = client.inspect({id, ""}, limits);
    REQUIRE_FALSE(answer);
    CHECK_FALSE(answer.error().message.empty());
    return answer.error().code;
  }
};

// How long a call lasts after a stop was requested, which is when it has reached the runtime.
template <class Call>
std::chrono::nanoseconds time_to_stop(std::stop_source& stop, const fake_socket& runtime,
                                      Call call) {
  steady_clock::time_point begun;
  std::thread stopper{[&] {
    while (runtime.accepted() == 0)
      std::this_thread::yield();
    begun = steady_clock::now();
    stop.request_stop();
  }};
  call();
  const auto ended = steady_clock::now();
  stopper.join();
  return ended - begun;
}

std::string chunk(const std::string& text) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

constexpr auto chunked_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr auto create_line =
    R"({"Type":"container","Action":"create","Actor":{"ID":"a1","Attributes":{"name":"web"}}})";

} // namespace

TEST_CASE_FIXTURE(docker_test, "docker client: asks for what it wants and reads the answer") {
  std::string requests;
  {
    fake_socket docker{path, [&](fake_connection& peer) {
                         const auto request = peer.read_request();
                         requests += request.substr(0, request.find('\r')) + '\n';
                         if (request.starts_with("GET /version "))
                           peer.answer(recorded("docker_version.json"));
                         else if (request.starts_with("GET /containers/json?all=1 "))
                           peer.answer(recorded("docker_list.json"));
                         else
                           peer.answer(recorded("docker_inspect_running.json"));
                       }};
    auto version = client.version(limits);
    REQUIRE(version);
    CHECK(*version == "20.10.24+dfsg1");
    auto list = client.list(limits);
    REQUIRE(list);
    CHECK(list->size() == 2);
    auto web = client.inspect({web_id, ""}, limits);
    REQUIRE(web);
    CHECK(web->metadata.name == "web");
    // docker answers to the beginning of an id and to names: that is another container then.
    CHECK(inspect_error("56e82cbd1d8f") == ec::unknown_container);
    CHECK(inspect_error("../version") == ec::unknown_container);
  }
  CHECK(requests
        == "GET /version HTTP/1.1\nGET /containers/json?all=1 HTTP/1.1\nGET /containers/"
               + std::string{web_id}
               + "/json HTTP/1.1\nGET /containers/56e82cbd1d8f/json HTTP/1.1\n");
}

TEST_CASE_FIXTURE(docker_test, "docker client: every way to misbehave has its error") {
  std::atomic<const char*> answer{""}; // Read by the socket's threads.
  fake_socket docker{path, [&](fake_connection& peer) {
                       peer.read_request();
                       peer.write(answer.load());
                     }};
  const std::pair<const char*, ec> cases[] = {
      {"", ec::runtime_unreachable},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\n{\"message\":\"no\"}",
       ec::unknown_container},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ec::runtime_garbage},
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", ec::runtime_forbidden},
      {"HTTP/1.1 500 Oh\r\nContent-Length: 16\r\n\r\n{\"message\":\"no\"}", ec::runtime_garbage},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Id\":", ec::runtime_unreachable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull", ec::runtime_garbage},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", ec::runtime_unreachable},
      {"SSH-2.0-OpenSSH\r\n", ec::runtime_garbage},
      {"\x16\x03\x01\xff\xff\xff\r\n\r\n", ec::runtime_garbage},
  };
  for (const auto& x : cases) {
    answer = x.first;
    CAPTURE(x.first);
    CHECK(inspect_error() == x.second);
  }
}

TEST_CASE_FIXTURE(docker_test, "docker client: an answer of 100 MB is refused, not kept") {
  const std::string megabyte(1U << 20, ' ');
  std::atomic<int> written = 0;
  fake_socket docker{path, [&](fake_connection& peer) {
                       peer.read_request();
                       peer.write("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
                       while (written < 100 && peer.write(megabyte))
                         ++written;
                     }};
  CHECK(inspect_error() == ec::runtime_garbage);
  CHECK(written < 20);
  written = 0;
  auto list = client.list(limits);
  REQUIRE_FALSE(list);
  CHECK(list.error().message.find("larger") != std::string::npos);
  CHECK(written < 40);
}

TEST_CASE_FIXTURE(docker_test, "docker client: a head without end is refused") {
  fake_socket docker{path, [](fake_connection& peer) {
                       peer.read_request();
                       peer.write("HTTP/1.1 200 OK\r\n");
                       const auto line = "X: " + std::string(1000, 'x') + "\r\n";
                       for (int i = 0; i < 1'000'000 && peer.write(line);)
                         ++i;
                     }};
  CHECK(inspect_error() == ec::runtime_garbage);
}

TEST_CASE_FIXTURE(docker_test, "docker client: a socket that never answers costs the time limit") {
  fake_socket docker{path, [](fake_connection& peer) {
                       peer.hang();
                     }};
  limits.timeout = 200ms;
  const auto begun = steady_clock::now();
  CHECK(inspect_error() == ec::runtime_timeout);
  const auto took = steady_clock::now() - begun;
  CHECK(took >= 200ms);
  CHECK(took < 1s);
  CHECK(client
            .watch({[] {},
                    [](const runtime_event&) {
                    }},
                   limits)
            .code
        == ec::runtime_timeout);
}

TEST_CASE_FIXTURE(docker_test,
                  "docker client: an answer byte by byte costs no more than the limit") {
  fake_socket docker{path, [](fake_connection& peer) {
                       peer.read_request();
                       peer.write(chunked_head);
                       while (peer.write(chunk(" ")))
                         std::this_thread::sleep_for(1ms);
                     }};
  limits.timeout = 200ms;
  const auto begun = steady_clock::now();
  CHECK(inspect_error() == ec::runtime_timeout);
  CHECK(steady_clock::now() - begun < 1s);
}

TEST_CASE_FIXTURE(docker_test, "docker client: a stop ends a call at once, whatever it waits for") {
  fake_socket docker{path, [](fake_connection& peer) {
                       peer.hang();
                     }};
  limits.timeout = 30s;
  const auto took =
      time_to_stop(stop, docker, [&] { CHECK(inspect_error() == ec::shutting_down); });
  CHECK(took < 100ms);
}

TEST_CASE_FIXTURE(docker_test, "docker client: without a socket, without a listener") {
  CHECK(inspect_error() == ec::runtime_absent);
  {
    fake_socket gone{path, [](fake_connection&) {
                     }};
  }
  CHECK(inspect_error() == ec::runtime_absent);
}

TEST_CASE_FIXTURE(docker_test, "docker client: events come one by one, however they are cut") {
  fake_socket docker{path, [](fake_connection& peer) {
                       peer.read_request();
                       peer.write(chunked_head);
                       std::istringstream lines{recorded("docker_events.jsonl")};
                       for (std::string line; std::getline(lines, line);) {
                         line += '\n';
                         peer.write(chunk(line.substr(0, 10)) + chunk(line.substr(10)));
                       }
                       peer.write("0\r\n\r\n");
                     }};
  int opened = 0;
  std::vector<std::string> names;
  const auto ended = client.watch({[&] { ++opened; },
                                   [&](const runtime_event& event) {
                                     names.push_back(event.metadata.name);
                                   }},
                                  limits);
  CHECK(ended.code == ec::runtime_unreachable);
  CHECK(opened == 1);
  CHECK(names
        == std::vector<std::string>{"short", "short", "short", "short", "web2", "web", "web", "web",
                                    "web", "web", "web"});
}

TEST_CASE_FIXTURE(docker_test, "docker client: a stop ends the event stream at once") {
  fake_socket docker{path, [](fake_connection& peer) {
                       peer.read_request();
                       peer.write(chunked_head + chunk(std::string{create_line} + "\n"));
                       peer.hang();
                     }};
  int events = 0;
  const auto took = time_to_stop(stop, docker, [&] {
    CHECK(client
              .watch({[] {},
                      [&](const runtime_event&) {
                        ++events;
                      }},
                     limits)
              .code
          == ec::shutting_down);
  });
  CHECK(took < 100ms);
  CHECK(events <= 1);
}

TEST_CASE_FIXTURE(docker_test, "docker client: a broken or endless event ends the stream") {
  const std::string broken = "{\"Type\":\n";
  const std::string endless(1000, 'x'); // never a line's end
  std::atomic<const std::string*> text{&broken};
  fake_socket docker{path, [&](fake_connection& peer) {
                       peer.read_request();
                       peer.write(chunked_head);
                       while (peer.write(chunk(*text)))
                         continue;
                     }};
  const event_observer nobody{[] {},
                              [](const runtime_event&) {
                              }};
  CHECK(client.watch(nobody, limits).code == ec::runtime_garbage);
  text = &endless;
  CHECK(client.watch(nobody, limits).code == ec::runtime_garbage);
}

TEST_CASE_FIXTURE(docker_test, "docker client: a refused event stream says so") {
  fake_socket docker{path, [](fake_connection& peer) {
                       peer.read_request();
                       peer.answer("{}", "500 Internal Server Error");
                     }};
  const auto ended = client.watch({[] { FAIL("opened"); },
                                   [](const runtime_event&) {
                                   }},
                                  limits);
  CHECK(ended.code == ec::runtime_garbage);
  CHECK(ended.message.find("500") != std::string::npos);
}

TEST_CASE_FIXTURE(docker_test,
                  "docker client: a runtime that vanishes and returns is found again") {
  const auto serve = [](fake_connection& peer) {
    peer.read_request();
    peer.answer(recorded("docker_version.json"));
  };
  for (int i = 0; i < 3; ++i) {
    {
      fake_socket docker{path, serve};
      CHECK(client.version(limits));
    }
    CHECK_FALSE(client.version(limits));
  }
}

TEST_CASE_FIXTURE(docker_test, "listing in full: each container is inspected, who is gone stays as "
                               "it was listed") {
  fake_socket docker{path, [](fake_connection& peer) {
                       const auto request = peer.read_request();
                       if (request.starts_with("GET /containers/json"))
                         peer.answer(recorded("docker_list.json"));
                       else if (request.find(web_id) != std::string::npos)
                         peer.answer(recorded("docker_inspect_running.json"));
                       else
                         peer.answer(R"({"message":"gone"})", "404 Not Found");
                     }};
  auto listed = list_in_full(client, limits);
  REQUIRE(listed);
  REQUIRE(listed->size() == 2);
  CHECK_FALSE(listed->at(0).complete);
  CHECK(listed->at(0).metadata.name == "done");
  CHECK(listed->at(1).complete);
  CHECK(listed->at(1).metadata.pid == 24784);
}
