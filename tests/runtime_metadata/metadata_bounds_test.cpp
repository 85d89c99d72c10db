// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace troupe;

TEST_CASE("rfc 3339: times of runtimes become nanoseconds") {
  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_rfc3339("2001-09-09T01:46:40Z") == 1'000'000'000'000'000'000);
  CHECK(parse_rfc3339("2001-09-09T01:46:40.5Z") == 1'000'000'000'500'000'000);
  CHECK(parse_rfc3339("2001-09-09T01:46:40.123456789123Z") == 1'000'000'000'123'456'789);
  CHECK(parse_rfc3339("2001-09-09T03:46:40.000000001+02:00") == 1'000'000'000'000'000'001);
  CHECK(parse_rfc3339("2001-09-08T20:16:40-05:30") == 1'000'000'000'000'000'000);
  CHECK(parse_rfc3339("2024-02-29T12:00:00Z"));
}

TEST_CASE("rfc 3339: never, nonsense and what does not fit are no time") {
  for (const char* text :
       {"", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Zx",
        "2024-01-01 00:00:00Z", "2024-01-01T00:00:00+2:00", "-024-01-01T00:00:00Z", "yesterday"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("rfc 3339: no prefix of a time is one") {
  const std::string time = "2001-09-09T01:46:40.123456789+02:00";
  for (size_t size = 0; size < time.size(); ++size)
    CHECK_FALSE(parse_rfc3339(time.substr(0, size)));
}

TEST_CASE("ids: what may go into a URL") {
  for (const char* good : {"a", "web", "3c31d2aa7d46", "web_1.x-y", "0"})
    CHECK(plausible_id(good));
  for (const char* bad :
       {"", "-a", ".a", "..", "a/b", "a b", "a?x=1", "a%2f", "a\r\nHost: x", "\xc3\xa4"})
    CHECK_FALSE(plausible_id(bad));
  CHECK_FALSE(plausible_id(std::string(257, 'a')));
  CHECK_FALSE(plausible_id(std::string_view{"a\0b", 3}));
}

TEST_CASE("bounds: long texts are cut, labels beyond the bound dropped") {
  container_metadata x;
  x.name = std::string(10'000, 'n');
  x.image = std::string(10'000, 'i');
  x.labels[std::string(1000, 'k')] = "key too long";
  x.labels["a"] = std::string(10'000, 'v');
  for (int i = 0; i < 1000; ++i)
    x.labels["b" + std::to_string(i)] = "";
  bound(x);
  CHECK(x.name.size() == runtime_bounds::name_bytes);
  CHECK(x.image.size() == runtime_bounds::image_bytes);
  CHECK(x.labels.size() == runtime_bounds::labels);
  CHECK(x.labels.at("a").size() == runtime_bounds::label_value_bytes);
}

TEST_CASE("bounds: details are cut, too") {
  container_details details;
  details.command.assign(2'000, std::string(10'000, 'a'));
  details.environment = details.command;
  details.mounts.assign(1'000, {"bind", std::string(10'000, 's'), std::string(10'000, 'd'), false});
  details.networks.assign(1'000, {std::string(1'000, 'n'), "", "", ""});
  details.log_path = details.cgroup_path = std::string(10'000, 'p');
  details.annotations[std::string(300, 'k')] = "too long a key";
  details.annotations["key"] = std::string(10'000, 'v');
  bound(details);
  CHECK(details.command.size() == runtime_bounds::texts);
  CHECK(details.environment.back().size() == runtime_bounds::text_bytes);
  CHECK(details.mounts.size() == runtime_bounds::mounts);
  CHECK(details.mounts.back().source.size() == runtime_bounds::text_bytes);
  CHECK(details.networks.size() == runtime_bounds::networks);
  CHECK(details.networks.back().name.size() == runtime_bounds::name_bytes);
  CHECK(details.log_path.size() == runtime_bounds::text_bytes);
  CHECK(details.annotations.size() == 1);
  CHECK(details.annotations.at("key").size() == runtime_bounds::label_value_bytes);
}

TEST_CASE("bounds: a CPU quota in thousandths; none is 0") {
  CHECK(millicores(150'000, 100'000) == 1'500);
  CHECK(millicores(0, 100'000) == 0);
  CHECK(millicores(-1, 100'000) == 0);
  CHECK(millicores(1, 0) == 0);
  CHECK(millicores(std::numeric_limits<int64_t>::max(), 1) == 0);
}
