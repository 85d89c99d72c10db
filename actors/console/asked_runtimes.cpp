// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it asks an actor.

#include "actors/console/asked_runtimes.hpp"

#include "actors/runtime_metadata/runtime_metadata.hpp"
#include "actors/supervisor/actor_defaults.hpp"

namespace troupe {

namespace {

/// The actor bounds its calls itself; this is for its own way there and back.
constexpr std::chrono::milliseconds margin{1'000};

} // namespace

asked_runtimes::asked_runtimes(const settings& config)
    : patience_(config.runtime_timeout + margin),
      system_(config_),
      self_(system_),
      metadata_(system_.spawn(runtime_metadata, config, nullptr)) {}

asked_runtimes::~asked_runtimes() {
  self_->send_exit(metadata_, caf::exit_reason::user_shutdown);
  metadata_ = observable_metadata_actor{};
}

std::optional<runtime_listing> asked_runtimes::list(std::string& error) {
  std::optional<runtime_listing> listing;
  self_->request(metadata_, patience_, list_all{})
      .receive([&](runtime_listing& x) { listing = std::move(x); },
               [&](const caf::error& reason) { error = describe(reason); });
  return listing;
}

void asked_runtimes::tell(const container_observer_actor& observer) {
  self_->send(metadata_, observe_containers{}, observer);
}

} // namespace troupe
