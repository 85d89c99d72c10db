// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/owner_hooks.hpp"

#include "tests/bpf/watched_kernel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace troupe {

const std::vector<std::string>& owner_hooks() {
  static const std::vector<std::string> all{"tracepoint", "fentry", "kprobe"};
  return all;
}

kernel_options options_with(const std::string& hook) {
  auto options = test_options();
  options.socket_owner_hook = hook;
  return options;
}

feature_status try_owner_hook(const std::string& hook) {
  const bpf_objects objects{options_with(hook)};
  const auto& statuses = objects.statuses();
  const auto found = std::find_if(statuses.begin(), statuses.end(),
                                  [](const auto& x) { return x.feature == "socket_owner"; });
  REQUIRE(found != statuses.end());
  return *found;
}

const std::vector<std::string>& working_owner_hooks() {
  static const auto working = [] {
    auto result = owner_hooks();
    std::erase_if(result, [](const auto& hook) { return !try_owner_hook(hook).enabled; });
    return result;
  }();
  return working;
}

std::string each_owner_hook() {
  REQUIRE_FALSE(working_owner_hooks().empty());
  std::string result;
  for (const auto& hook : working_owner_hooks())
    SUBCASE(hook.c_str()) {
      result = hook;
    }
  return result;
}

} // namespace troupe

using namespace troupe;

TEST_CASE("each way to learn an accepted socket's owner works, or says by itself why not") {
  for (const auto& hook : owner_hooks()) {
    const auto status = try_owner_hook(hook);
    MESSAGE("socket_owner by " << hook << ": " << (status.enabled ? "works" : status.reason));
    if (status.enabled) {
      CHECK(status.hook == hook);
      CHECK(status.reason.empty());
    } else {
      CHECK(status.hook.empty());
      CHECK(status.reason.starts_with(hook + ": "));
      CHECK(is_refused(status));
    }
  }
  // tests/kernels says what each kernel takes.
  const auto& working = working_owner_hooks();
  const auto list = std::accumulate(
      working.begin(), working.end(), std::string{},
      [](const auto& sum, const auto& hook) { return sum.empty() ? hook : sum + "," + hook; });
  if (const auto* promised = std::getenv("TROUPE_OWNER_HOOKS"))
    CHECK(list == promised);
}

TEST_CASE("of the ways to learn an accepted socket's owner the first that works is taken") {
  const auto status = try_owner_hook("");
  const auto& working = working_owner_hooks();
  CHECK(status.enabled == !working.empty());
  CHECK(status.hook == (working.empty() ? "" : working.front()));
  if (!status.enabled) // Each says why not.
    for (const auto& hook : owner_hooks())
      CHECK(status.reason.find(hook + ": ") != std::string::npos);
}
