// SPDX-License-Identifier: Apache-2.0
#include "actors/console/setting_values.hpp"
#include "actors/console/settings_schema.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

using namespace troupe;
using std::chrono::milliseconds;

namespace {

struct source {
  setting_texts flags;
  std::map<std::string, std::string> variables;
  std::string file_content;

  std::optional<configuration> load(std::string& error) const {
    std::string path;
    if (!file_content.empty()) {
      path = std::filesystem::temp_directory_path()
             / ("troupe-settings-" + std::to_string(::getpid()) + ".yaml");
      std::ofstream{path} << file_content;
    }
    const auto lookup = [this](const char* name) -> const char* {
      const auto i = variables.find(name);
      return i == variables.end() ? nullptr : i->second.c_str();
    };
    auto result = load_configuration(flags, lookup, path, error);
    if (!path.empty()) {
      std::filesystem::remove(path);
      if (const auto at = error.find(path); at != std::string::npos)
        error.replace(at, path.size(), "FILE");
    }
    return result;
  }

  configuration good() const {
    std::string error;
    auto result = load(error);
    REQUIRE_MESSAGE(result, error);
    return *result;
  }

  std::string bad() const {
    std::string error;
    CHECK_FALSE(load(error));
    CHECK(error.find('\n') == std::string::npos);
    return error;
  }
};

} // namespace

TEST_CASE("settings: without anything the defaults hold") {
  const auto config = source{}.good();
  CHECK(config.agent.listen == settings{}.listen);
  CHECK(config.agent.ring_bytes == settings{}.ring_bytes);
  CHECK(config.log_level.empty());
}

TEST_CASE("settings: every default passes its own check") {
  const configuration defaults;
  for (const auto& x : settings_schema()) {
    configuration copy;
    const auto text = x.get(defaults);
    if (!text.empty())
      CHECK_MESSAGE(x.set(copy, text).empty(), x.key);
    CHECK_MESSAGE(x.get(copy) == text, x.key);
  }
}

TEST_CASE("settings: flags win over variables, those over the file, that over defaults") {
  source s;
  s.file_content = "tick_interval: 1s\ndrain_interval: 30ms\nlisten: 127.0.0.1:1\n";
  s.variables = {{"TROUPE_TICK_INTERVAL", "2s"}, {"TROUPE_LISTEN", "127.0.0.1:2"}};
  s.flags = {{"listen", "127.0.0.1:3"}};
  const auto config = s.good();
  CHECK(config.agent.drain_interval == milliseconds{30});
  CHECK(config.agent.tick_interval == milliseconds{2000});
  CHECK(config.agent.listen == "127.0.0.1:3");
}

TEST_CASE("settings: lists come with commas, or as YAML lists") {
  source s;
  s.file_content = "docker_sockets:\n  - /run/a.sock\n  - /run/b.sock\ncontainerd_sockets: /c,/d\n";
  const auto config = s.good();
  CHECK(config.agent.docker_sockets == std::vector<std::string>{"/run/a.sock", "/run/b.sock"});
  CHECK(config.agent.containerd_sockets == std::vector<std::string>{"/c", "/d"});
}

TEST_CASE("settings: a key nobody knows is named with its line") {
  source s;
  s.file_content = "# mine\nlisten: off\ntick_intervall: 1s\n";
  CHECK(s.bad() == "FILE:3: unknown key 'tick_intervall'; did you mean 'tick_interval'?");
}

TEST_CASE("settings: a bad value in a file is named with its line and what to write") {
  source s;
  s.file_content = "listen: off\ntick_interval: 5\n";
  CHECK(s.bad()
        == "FILE:2: tick_interval '5': write a duration with its unit, like 500ms, 5s or 1m");
  s.file_content = "pod_labels: [1, 2]\n";
  CHECK(s.bad() == "FILE:1: pod_labels '': write one value");
  s.file_content = "pod_labels: true\npod_labels: false\n";
  CHECK(s.bad() == "FILE:2: 'pod_labels' is set twice; remove one");
}

TEST_CASE("settings: a file that is no YAML, no map, or not there") {
  source s;
  s.file_content = "listen: [unclosed\n";
  CHECK(s.bad().starts_with("FILE:"));
  s.file_content = "listen: \"\\\x1b\"\n"; // yaml-cpp repeats the character as it is.
  CHECK(s.bad() == "FILE:1: not YAML: unknown escape character: \\x1b");
  s.file_content = "- a\n- b\n";
  CHECK(s.bad() == "FILE:1: write settings as 'key: value' lines");
  std::string error;
  CHECK_FALSE(load_configuration(
      {}, [](const char*) { return nullptr; }, "/nonexistent", error));
  CHECK(error == "cannot read /nonexistent: No such file or directory; check --config");
  CHECK_FALSE(load_configuration(
      {}, [](const char*) { return nullptr; }, "/", error));
  CHECK(error.starts_with("cannot read /: "));
}

TEST_CASE("settings: an empty file changes nothing") {
  source s;
  s.file_content = "# nothing yet\n";
  CHECK(s.good().agent.listen == settings{}.listen);
}

TEST_CASE("settings: bad values name the flag or the variable and what to write") {
  source s;
  s.flags = {{"ring_bytes", "100000"}};
  CHECK(s.bad()
        == "--ring-bytes '100000': the kernel wants a power of two of whole pages, like 256KiB or "
           "1MiB");
  s.flags = {{"listen", "nonsense"}};
  CHECK(s.bad().starts_with("--listen 'nonsense': write ADDRESS:PORT"));
  s.flags = {{"credit_batches", "0"}};
  CHECK(s.bad() == "--credit-batches '0': write a number from 1 to 1024");
  s.flags = {{"log_level", "loud"}};
  CHECK(s.bad() == "--log-level 'loud': write one of trace, debug, info, warn, error, off");
  s.flags = {};
  s.variables = {{"TROUPE_SERVICES", "maybe"}};
  CHECK(s.bad() == "TROUPE_SERVICES 'maybe': write true or false");
}

TEST_CASE("settings: values that do not fit together are refused together") {
  source s;
  s.flags = {{"ring_bytes", "64KiB"}, {"wakeup_bytes", "64KiB"}};
  CHECK(s.bad().starts_with("wakeup_bytes (65536) must be at most half of ring_bytes (65536)"));
}

TEST_CASE("settings: off means no endpoint") {
  source s;
  s.flags = {{"listen", "off"}};
  CHECK(s.good().agent.listen.empty());
}

TEST_CASE("settings: names are unique, and derived from the key") {
  std::set<std::string> keys;
  for (const auto& x : settings_schema()) {
    CHECK(keys.emplace(x.key).second);
    CHECK_FALSE(x.meaning.empty());
    CHECK(x.set != nullptr);
  }
  const auto& sockets = *std::find_if(settings_schema().begin(), settings_schema().end(),
                                      [](const setting& x) { return x.key == "docker_sockets"; });
  CHECK(sockets.flag() == "--docker-socket");
  CHECK(sockets.environment() == "TROUPE_DOCKER_SOCKETS");
}

TEST_CASE("settings: the documentation has a row for each") {
  const auto text = settings_markdown();
  for (const auto& x : settings_schema())
    CHECK(text.find("`" + x.environment() + "`") != std::string::npos);
  CHECK(text.starts_with("### Where to look\n\n| flag |"));
}

TEST_CASE("setting values: durations") {
  CHECK(parse_duration("20ms") == milliseconds{20});
  CHECK(parse_duration("1.5s") == milliseconds{1500});
  CHECK(parse_duration("5m") == milliseconds{300'000});
  CHECK(parse_duration("0s") == milliseconds{0});
  for (const auto* text : {"", "5", "s", "-1s", "1 s", "1d", "nan", "infs", "1e9s", "99999999999h"})
    CHECK_FALSE_MESSAGE(parse_duration(text), text);
  CHECK(duration_setting(milliseconds{90'000}) == "90s");
  CHECK(duration_setting(milliseconds{60'000}) == "1m");
  CHECK(duration_setting(milliseconds{1500}) == "1500ms");
}

TEST_CASE("setting values: sizes, numbers, lists") {
  CHECK(parse_bytes("65536") == 65536);
  CHECK(parse_bytes("64KiB") == 65536);
  CHECK(parse_bytes("1GiB") == 1U << 30U);
  for (const auto* text :
       {"", "KiB", "1kb", "-1", "1.5MiB", "99999999999999999999", "99999999999999999GiB"})
    CHECK_FALSE_MESSAGE(parse_bytes(text), text);
  CHECK(bytes_setting(65536) == "64KiB");
  CHECK(bytes_setting(1000) == "1000");
  CHECK(parse_list("a,,b,") == std::vector<std::string>{"a", "b"});
  CHECK(parse_list("").empty());
}
