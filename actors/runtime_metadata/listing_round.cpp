// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/listing_round.hpp"

#include <map>
#include <string>
#include <utility>

namespace troupe {

namespace {

constexpr size_t long_id_bytes = 64;

/// Who knows most comes first.
int rank_of(runtime_kind endpoint, const container_metadata& metadata) {
  switch (endpoint) {
    case runtime_kind::unknown: // The disk.
      return 3;
    case runtime_kind::containerd:
      return metadata.runtime == runtime_kind::docker ? 2 : 0;
    case runtime_kind::crio:
      return 1;
    default:
      return 0;
  }
}

/// A long id is nobody else's; a short one only within its runtime and namespace.
std::string key_of(const container_metadata& x) {
  if (x.id.size() == long_id_bytes)
    return x.id;
  return std::string{to_string(x.runtime)} + '/' + x.name_space + '/' + x.id;
}

} // namespace

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
    const auto rank = rank_of(status.endpoint.kind, answer.metadata);
    containers_.emplace(rank, std::move(answer.metadata));
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
  // Two podmans may have a container of one id each, so nothing is dropped within a rank.
  std::map<std::string, int> known;
  runtime_listing result;
  for (auto& [rank, metadata] : containers_)
    if (known.emplace(key_of(metadata), rank).first->second == rank)
      result.containers.push_back(std::move(metadata));
  result.endpoints = std::move(statuses_);
  return result;
}

} // namespace troupe
