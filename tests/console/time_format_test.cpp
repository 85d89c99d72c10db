// SPDX-License-Identifier: Apache-2.0
#include "actors/console/time_format.hpp"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("rfc3339: nanoseconds in UTC, also before 1970") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00.000000000Z");
  CHECK(rfc3339(1'700'000'000'123'456'789) == "2023-11-14T22:13:20.123456789Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999999999Z");
}

TEST_CASE("duration: a few digits and a unit") {
  CHECK(duration_text(0) == "0ns");
  CHECK(duration_text(999) == "999ns");
  CHECK(duration_text(4'250) == "4.25us");
  CHECK(duration_text(17'000'000) == "17ms");
  CHECK(duration_text(1'250'000'000) == "1.25s");
  CHECK(duration_text(200'000'000'000) == "3m20s");
  CHECK(duration_text(18'720'000'000'000) == "5h12m");
  CHECK(duration_text(273'600'000'000'000) == "3d4h");
}

TEST_CASE("duration: three digits, cut and not rounded up to the next unit") {
  CHECK(duration_text(999'999) == "999us");
  CHECK(duration_text(999'999'999) == "999ms");
  CHECK(duration_text(42'550) == "42.5us");
  CHECK(duration_text(1'050'000) == "1.05ms");
  CHECK(duration_text(59'999'999'999) == "59.9s");
}

TEST_CASE("bytes: binary units") {
  CHECK(bytes_text(0) == "0B");
  CHECK(bytes_text(1023) == "1023B");
  CHECK(bytes_text(1024) == "1.0KiB");
  CHECK(bytes_text(UINT64_MAX) == "16.0EiB");
}

TEST_CASE("boot time: the offset leads to now") {
  const auto offset = unix_minus_boottime_ns();
  CHECK(offset <= unix_now_ns());
  CHECK(offset > 0);
}
