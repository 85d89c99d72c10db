// SPDX-License-Identifier: Apache-2.0
#include "actors/console/log_setup.hpp"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("log: a JSON line has component, event and text, whatever a container is called") {
  CHECK(json_log_line(0, "info", "registry container-named it is \"x\n\"")
        == R"({"time":"1970-01-01T00:00:00.000000000Z","level":"info","component":"registry",)"
           R"("event":"container-named","text":"it is \"x\n\""})");
  CHECK(json_log_line(0, "warn", "lonely")
        == R"({"time":"1970-01-01T00:00:00.000000000Z","level":"warn","component":"lonely",)"
           R"("event":"","text":""})");
}
