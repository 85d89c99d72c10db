// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/probe.hpp"

#include "actors/runtime_metadata/endpoints.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <future>

namespace troupe {
namespace {

constexpr std::chrono::milliseconds probe_timeout{1000};

runtime_status probe(const runtime_endpoint& endpoint) {
  runtime_status status;
  status.endpoint = endpoint;
  auto version = make_runtime_client(endpoint)->version({probe_timeout, {}});
  status.answering = static_cast<bool>(version);
  status.present = status.answering || version.error().code != ec::runtime_absent;
  if (version) {
    status.version = std::move(*version);
  } else {
    status.error = version.error().code;
    status.message = version.error().message;
  }
  return status;
}

} // namespace

std::vector<runtime_status> probe_runtimes(const settings& config) {
  std::vector<std::future<runtime_status>> probes;
  for (const auto& endpoint : runtime_endpoints(config))
    // Deferred is what is left when no thread can be made: slower, but it tells as much.
    probes.push_back(std::async(std::launch::async | std::launch::deferred, probe, endpoint));
  std::vector<runtime_status> result;
  for (auto& x : probes)
    result.push_back(x.get());
  return result;
}

} // namespace troupe
