// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/generator.hpp"
#include "actors/recorder/recorder.hpp"
#include "actors/recorder/recording_reader.hpp"
#include "actors/recorder/replay_actors.hpp"
#include "actors/recorder/taps.hpp"
#include "tests/deterministic_system.hpp"
#include "tests/recorder/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <map>

namespace troupe {

namespace {

using namespace std::chrono_literals;

struct recorder_fixture : deterministic_system {
  temporary_folder folder;
  std::string path = folder.file("recording");
  std::shared_ptr<chunk_window> window = std::make_shared<chunk_window>(4);
  std::optional<recorder_status> end;
  generator made{{.records = 1'000}};
  /// It only has to live and to end.
  bpf_reader_actor reader = spawn([](bpf_reader_actor::pointer) -> bpf_reader_actor::behavior_type {
    return {
        [](const drain&) {},
        [](const tick&) {},
        [](const credit&) {},
        [](const route_cgroup&, const container_actor&) {},
        [](const ignore_cgroup&) {},
        [](const unroute_cgroup&) {},
        [](const get_status&) { return reader_status{}; },
    };
  });

  recorder_actor start(const std::string& file) {
    recorder_options options;
    options.path = file;
    options.on_end = [this](const recorder_status& x) {
      end = x;
    };
    auto handle = spawn(recorder, options, window);
    self->send(handle, recording_started{});
    self->send(handle, reader);
    run();
    return handle;
  }

  void send_chunk(const recorder_actor& to) {
    REQUIRE(window->try_take());
    recording_chunk chunk;
    made.next(chunk.records, 10'000);
    self->send(to, std::move(chunk));
    run();
  }

  std::map<frame_kind, int> frames() {
    recording_reader in;
    REQUIRE(in.open(path).empty());
    std::map<frame_kind, int> counts;
    while (const auto frame = in.next())
      ++counts[frame->kind];
    CHECK(in.complete());
    return counts;
  }
};

} // namespace

TEST_CASE_FIXTURE(recorder_fixture, "recorder: ends when it is told to and its reader has ended") {
  auto writer = start(path);
  self->send(writer, cgroup_listing{made.cgroups(), true});
  send_chunk(writer);
  self->send_exit(writer, caf::exit_reason::user_shutdown);
  run();
  CHECK_FALSE(ended(writer));
  send_chunk(writer); // The reader's last.
  self->send_exit(reader, caf::exit_reason::user_shutdown);
  run();
  CHECK(ended(writer));
  REQUIRE(end);
  CHECK(end->error.empty());
  CHECK(end->records > 150);
  CHECK(frames()[frame_kind::records] == 2);
}

TEST_CASE_FIXTURE(recorder_fixture, "recorder: does not wait for ever for a reader that hangs") {
  auto writer = start(path);
  self->send(writer, cgroup_listing{made.cgroups(), true});
  send_chunk(writer);
  self->send_exit(writer, caf::exit_reason::user_shutdown);
  run();
  CHECK_FALSE(ended(writer));
  advance(1s);
  CHECK(ended(writer));
  CHECK(frames()[frame_kind::records] == 1);
}

TEST_CASE_FIXTURE(recorder_fixture, "recorder: a reader that failed is followed by another one") {
  auto writer = start(path);
  self->send_exit(reader, caf::exit_reason::kill);
  run();
  CHECK_FALSE(ended(writer));
  CHECK_FALSE(end);
}

TEST_CASE_FIXTURE(recorder_fixture, "recorder: the window is full until the first walk has come") {
  auto writer = start(path);
  for (int i = 0; i < 4; ++i)
    send_chunk(writer);
  CHECK_FALSE(window->try_take());
  self->send(writer, cgroup_listing{made.cgroups(), true});
  run();
  for (int i = 0; i < 4; ++i)
    CHECK(window->try_take());
  CHECK_FALSE(window->try_take());
}

TEST_CASE_FIXTURE(recorder_fixture, "recorder: without a walk it begins after five seconds") {
  auto writer = start(path);
  for (int i = 0; i < 4; ++i)
    send_chunk(writer);
  advance(4s);
  CHECK_FALSE(window->try_take());
  advance(1s);
  CHECK(window->try_take());
}

TEST_CASE_FIXTURE(recorder_fixture,
                  "recorder: a full disk is told once, and gives everything back") {
  auto writer = start("/dev/full");
  REQUIRE(end);
  CHECK(end->error.find("No space left on device") != std::string::npos);
  end.reset();
  self->send(writer, cgroup_listing{made.cgroups(), true});
  for (int i = 0; i < 10; ++i)
    send_chunk(writer);
  CHECK_FALSE(end);
}

TEST_CASE_FIXTURE(recorder_fixture, "taps: pass everything on, and copy the answers") {
  auto writer = start(path);
  const cgroup_found found{7, "/docker/x", 1, false};
  auto host = spawn([found](host_actor::pointer) -> host_actor::behavior_type {
    return {
        [](const get_node_info&) {
          node_info x;
          x.hostname = "node7";
          return x;
        },
        [found](const scan_cgroups&) {
          return cgroup_listing{{found}, true};
        },
        [found](const cgroup_unknown& x) -> caf::result<cgroup_found> {
          if (x.cgroup == 7)
            return found;
          return make_error(ec::unknown_cgroup, "8");
        },
    };
  });
  auto tap = spawn(host_tap, host, writer);
  CHECK(ask<node_info>(tap, get_node_info{})->hostname == "node7");
  const auto listing = ask<cgroup_listing>(tap, scan_cgroups{});
  REQUIRE(listing);
  CHECK(listing->complete);
  CHECK(ask<cgroup_found>(tap, cgroup_unknown{7})->path == "/docker/x");
  CHECK_FALSE(ask<cgroup_found>(tap, cgroup_unknown{8}));
  self->send_exit(host, caf::exit_reason::kill);
  run();
  CHECK(ended(tap)); // The supervisor starts both anew.
  self->send_exit(reader, caf::exit_reason::user_shutdown);
  self->send_exit(writer, caf::exit_reason::user_shutdown);
  run();
  CHECK(frames()[frame_kind::cgroups] == 2);
}

TEST_CASE_FIXTURE(deterministic_system, "a replay's runtimes answer when they learn, and again") {
  auto metadata = spawn(replay_metadata);
  std::vector<std::string> names;
  auto sink = spawn([&](metadata_sink_actor::pointer) -> metadata_sink_actor::behavior_type {
    return {[&](const container_resolved& x) {
      names.push_back(std::to_string(x.key) + " " + x.metadata.name + (x.removed ? " gone" : ""));
    }};
  });
  recorded_metadata said;
  said.asked = {cgroup_kind::container, runtime_kind::docker, "c0ffee", "", ""};
  said.answer.name = "web";
  self->send(metadata, resolve_container{1, said.asked}, sink);
  run();
  CHECK(names.empty());
  self->send(metadata, said);
  run();
  said.answer.name = "web2";
  self->send(metadata, said);
  said.removed = true;
  self->send(metadata, said);
  self->send(metadata, abandon_container{1});
  self->send(metadata, resolve_container{2, said.asked}, sink); // A fast replay asks late.
  run();
  CHECK(names == std::vector<std::string>{"1 web", "1 web2", "1 web2 gone", "2 web2 gone"});
}

TEST_CASE_FIXTURE(deterministic_system, "a replay's host knows what the recording has told of") {
  auto host = spawn(replay_host, node_info{"node7", "6.18", "m", "u"});
  self->send(host, cgroup_listing{{{7, "/docker/x", 1, false}}, false});
  CHECK(ask<node_info>(host, get_node_info{})->hostname == "node7");
  CHECK(ask<cgroup_listing>(host, scan_cgroups{})->cgroups.size() == 1);
  CHECK_FALSE(ask<cgroup_listing>(host, scan_cgroups{})->complete);
  CHECK(ask<cgroup_found>(host, cgroup_unknown{7})->path == "/docker/x");
  CHECK_FALSE(ask<cgroup_found>(host, cgroup_unknown{8}));
}

} // namespace troupe
