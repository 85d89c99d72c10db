// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/bundle_client.hpp"

#include "actors/host/bounded_file.hpp"
#include "actors/runtime_metadata/bundle_metadata.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <algorithm>
#include <condition_variable>

namespace troupe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Who is found is read anew; who is not may have come since, but a search costs milliseconds.
constexpr milliseconds search_again{200};
constexpr milliseconds search_for_list{0};

const found_bundle* find(const std::vector<found_bundle>& bundles, const container_query& query) {
  const auto i = std::find_if(bundles.begin(), bundles.end(), [&](const found_bundle& x) {
    return x.claim.id == query.id
           && (query.name_space.empty() || x.claim.name_space.empty()
               || x.claim.name_space == query.name_space);
  });
  return i == bundles.end() ? nullptr : &*i;
}

call_error unknown(const std::string& id) {
  return {ec::unknown_container, "no bundle of a container " + id + " was found"};
}

} // namespace

call_result<std::string> bundle_client::version(const call_limits&) {
  return std::string{};
}

call_result<std::vector<container_answer>> bundle_client::list(const call_limits& limits) {
  const auto all = search(search_for_list);
  std::vector<container_answer> result;
  for (const auto& bundle : *all) {
    if (limits.stop.stop_requested())
      return call_error{ec::shutting_down, "troupe is ending"};
    if (auto answer = describe(bundle, *all))
      result.push_back(std::move(*answer));
  }
  return result;
}

call_result<container_answer> bundle_client::inspect(const container_query& query,
                                                     const call_limits&) {
  if (!plausible_id(query.id))
    return unknown(query.id);
  // A bundle that was found may be gone since, with its monitor.
  const auto last = search(milliseconds::max());
  if (const auto* bundle = find(*last, query))
    if (auto answer = describe(*bundle, *last))
      return answer;
  const auto all = search(search_again);
  const auto* bundle = find(*all, query);
  return bundle != nullptr ? describe(*bundle, *all) : unknown(query.id);
}

call_error bundle_client::watch(const event_observer& observer, const call_limits& limits) {
  observer.opened();
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock{mutex};
  stopped.wait(lock, limits.stop, [] { return false; });
  return {ec::shutting_down, "troupe is ending"};
}

// The last search, or a new one if that is too old. Who comes meanwhile waits for it.
std::shared_ptr<const bundle_client::bundles> bundle_client::search(milliseconds oldest) {
  const std::lock_guard lock{mutex_};
  if (!found_ || steady_clock::now() - searched_at_ > oldest) {
    searched_at_ = steady_clock::now();
    found_ = std::make_shared<const bundles>(find_bundles(host_root_));
  }
  return found_;
}

call_result<container_answer> bundle_client::describe(const found_bundle& bundle,
                                                      const bundles& all) const {
  const auto process = init_process(host_root_, bundle);
  // A monitor starts before its container: its word counts once it has a child to show.
  if (bundle.monitor_pid != 0 && !process.vouched)
    return call_error{ec::runtime_unreachable,
                      "container " + bundle.claim.id + " is not known as its monitor's yet"};
  const auto text = read_bounded(bundle.folder + "/config.json", runtime_bounds::inspect_bytes);
  if (!text)
    return unknown(bundle.claim.id);
  auto answer = read_bundle(bundle, *text, process);
  if (!answer)
    return call_error{ec::runtime_garbage, bundle.folder + "/config.json is no OCI spec"};
  if (answer->metadata.runtime == runtime_kind::podman && !answer->metadata.sandbox_id.empty())
    if (const auto* infra = find(all, {answer->metadata.sandbox_id, {}}))
      if (const auto spec =
              read_bounded(infra->folder + "/config.json", runtime_bounds::inspect_bytes))
        apply_infra(*infra, *spec, init_process(host_root_, *infra), answer->metadata);
  return std::move(*answer);
}

} // namespace troupe
