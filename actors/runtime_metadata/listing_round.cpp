// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/listing_round.hpp"

#include <set>
#include <string>
#include <utility>

namespace troupe {

listing_round::listing_round(std::vector<runtime_status> known)
    : statuses_(std::move(known)), answered_(statuses_.size()), pending_(statuses_.size()) {}

void listing_round::add(size_t endpoint, call_result<std::vector<container_answer>> result) {
  if (endpoint >= answered_.size() || answered_[endpoint])
    return;
  answered_[endpoint] = true;
  --pending_;
  auto& status = statuses_[endpoint];
  status.answering = static_cast<bool>(result);
  if (!result) {
    status.error = result.error().code;
    status.message = result.error().message;
    status.present = status.error != ec::runtime_absent;
    return;
  }
  status.present = true;
  status.error = ec::none;
  status.message.clear();
  for (auto& answer : *result) {
    auto& metadata = answer.metadata;
    const bool dockers = status.endpoint.kind == runtime_kind::containerd
                         && metadata.runtime == runtime_kind::docker;
    (dockers ? dockers_in_containerd_ : containers_).push_back(std::move(metadata));
  }
}

runtime_listing listing_round::take() {
  for (size_t i = 0; i < statuses_.size(); ++i)
    if (!answered_[i]) {
      statuses_[i].answering = false;
      statuses_[i].error = ec::runtime_timeout;
      statuses_[i].message = statuses_[i].endpoint.socket + " did not answer in time; does "
                             + std::string{to_string(statuses_[i].endpoint.kind)} + " hang?";
    }
  std::set<std::string> known;
  for (const auto& metadata : containers_)
    if (metadata.runtime == runtime_kind::docker)
      known.insert(metadata.id);
  for (auto& metadata : dockers_in_containerd_)
    if (known.insert(metadata.id).second)
      containers_.push_back(std::move(metadata));
  return {std::move(containers_), std::move(statuses_)};
}

} // namespace troupe
