// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/systemd_client.hpp"

#include "tests/runtime_metadata/fake_systemd.hpp"

#include <condition_variable>
#include <deque>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const std::string web = "/system.slice/web.service";

/// A watch in a thread of its own.
class watching {
public:
  explicit watching(const runtime_endpoint& endpoint)
      : client_(endpoint), thread_([this](const std::stop_token& stop) { run(stop); }) {
    wait([this] { return opened_ || ended_; });
    REQUIRE(opened_);
  }

  runtime_event next() {
    wait([this] { return !events_.empty(); });
    const std::lock_guard lock{mutex_};
    REQUIRE_FALSE(events_.empty());
    auto event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  call_error stop() {
    thread_.request_stop();
    return end();
  }

  /// Why it ended by itself.
  call_error end() {
    wait([this] { return ended_; });
    REQUIRE(ended_);
    return error_;
  }

private:
  template <class Condition>
  void wait(Condition condition) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, 10s, condition);
  }

  template <class Change>
  void change(Change apply) {
    const std::lock_guard lock{mutex_};
    apply();
    changed_.notify_all();
  }

  void run(const std::stop_token& stop) {
    const event_observer observer{[this] { change([this] { opened_ = true; }); },
                                  [this](runtime_event event) {
                                    change([&] { events_.push_back(std::move(event)); });
                                  }};
    auto error = client_.watch(observer, {2s, stop});
    change([&] {
      error_ = error;
      ended_ = true;
    });
  }

  systemd_client client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<runtime_event> events_;
  bool opened_ = false;
  bool ended_ = false;
  call_error error_;
  std::jthread thread_; ///< ends first
};

} // namespace

TEST_CASE("systemd: version, list and a service") {
  fake_systemd systemd;
  systemd.put("web.service", {.control_group = web, .pid = 77, .triggered_by = {"web.socket"}});
  systemd.put("stopped.service", {.active = "inactive", .pid = 0});
  systemd.put("user@1000.service",
              {.control_group = "/user.slice/user-1000.slice/user@1000.service"});
  systemd_client client{systemd.endpoint()};
  CHECK(client.version({}).value_or("") == "252.1-test");

  auto listed = client.list({});
  REQUIRE(listed);
  REQUIRE(listed->size() == 1);
  const auto& answer = listed->front();
  CHECK(answer.complete);
  CHECK(answer.metadata.id == web);
  CHECK(answer.metadata.name == "web.service");
  CHECK(answer.metadata.pid == 77);
  CHECK(answer.metadata.systemd_type == "notify");
  CHECK(answer.metadata.systemd_triggered_by == "web.socket");
  CHECK(answer.metadata.restarts == 0); // Of a type that it should not have.
  CHECK(answer.metadata.details->command == std::vector<std::string>{"web", "--all"});
  CHECK(answer.metadata.details->limits.memory_bytes == 0);

  auto inspected = client.inspect({web, ""}, {});
  REQUIRE(inspected);
  CHECK(inspected->metadata == answer.metadata);
}

TEST_CASE("systemd: who is not known, and what is no service of the system") {
  fake_systemd systemd;
  systemd.put("web.service", {.control_group = "/other.slice/web.service"});
  systemd_client client{systemd.endpoint()};
  const auto code = [&](const std::string& id) {
    auto answer = client.inspect({id, ""}, {});
    return answer ? ec::none : answer.error().code;
  };
  CHECK(code("/system.slice/none.service") == ec::unknown_container);
  CHECK(code("/system.slice/web.service") == ec::unknown_container); // It is in another slice.
  CHECK(code("/other.slice/web.service") == ec::none);
  CHECK(systemd.gets_of_units == 3);
  CHECK(code("web") == ec::unknown_container);
  CHECK(code("/user.slice/user-1.slice/web.service") == ec::unknown_container);
  CHECK(systemd.gets_of_units == 3); // Nobody need be asked about these.
}

TEST_CASE("systemd: a call ends by its deadline, and when a stop is requested") {
  fake_systemd systemd;
  systemd.silent = true;
  systemd_client client{systemd.endpoint()};
  auto begun = std::chrono::steady_clock::now();
  auto late = client.version({50ms, {}});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ec::runtime_timeout);
  CHECK(std::chrono::steady_clock::now() - begun < 5s);

  std::stop_source source;
  std::jthread stopper{[&] {
    source.request_stop();
  }};
  begun = std::chrono::steady_clock::now();
  auto stopped = client.version({60s, source.get_token()});
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ec::shutting_down);
  CHECK(std::chrono::steady_clock::now() - begun < 30s);
}

TEST_CASE("systemd: a socket that is not there, and one of somebody else") {
  const scratch_folder folder;
  auto absent = systemd_client{{runtime_kind::systemd, folder / "private"}}.version({});
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == ec::runtime_absent);

  const fake_socket other{folder / "other", [](fake_connection& x) {
                            x.write("HTTP/1.1 400 Bad Request\r\n\r\n");
                            x.hang();
                          }};
  auto strange = systemd_client{{runtime_kind::systemd, folder / "other"}}.version({2s, {}});
  REQUIRE_FALSE(strange);
  CHECK(strange.error().code != ec::runtime_absent);
  CHECK_FALSE(strange.error().message.empty());
}

TEST_CASE("systemd: what happens to services comes as events") {
  fake_systemd systemd;
  systemd.put("web.service", {.control_group = web, .pid = 77});
  watching watch{systemd.endpoint()};

  const auto soon_us = static_cast<uint64_t>(time(nullptr) + 5) * 1'000'000;
  systemd.put("web.service", {.control_group = web, .pid = 78, .started_us = soon_us});
  systemd.signal_change("web.service");
  auto event = watch.next();
  CHECK(event.kind == runtime_event_kind::started);
  CHECK(event.metadata.id == web);
  CHECK(event.metadata.pid == 78);
  CHECK(event.time_ns == static_cast<int64_t>(soon_us) * 1000);

  // It has no control group any more.
  systemd.put("web.service",
              {.active = "failed", .sub = "failed", .pid = 0, .code = 2, .status = 9});
  systemd.signal_change("user.slice"); // No service.
  systemd.signal_change("unloaded.service");
  systemd.signal_change("web.service");
  event = watch.next();
  CHECK(event.kind == runtime_event_kind::exited);
  CHECK(event.metadata.id == web);
  CHECK(event.metadata.exit_code == 137);

  systemd.drop("web.service");
  systemd.signal_removal("web.service");
  CHECK(watch.next().kind == runtime_event_kind::removed);
  CHECK(watch.stop().code == ec::shutting_down);
}

TEST_CASE("systemd: a watch ends when systemd does") {
  auto systemd = std::make_unique<fake_systemd>();
  watching watch{systemd->endpoint()};
  systemd.reset();
  CHECK(watch.end().code == ec::runtime_unreachable);
}
