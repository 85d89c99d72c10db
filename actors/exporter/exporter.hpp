// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/exporter/gathering.hpp"
#include "actors/exporter/http_server.hpp"
#include "actors/supervisor/actor_board.hpp"
#include "actors/supervisor/gauged_actor.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <vector>

namespace troupe {

struct exporter_state {
  const char* name = "exporter";
  settings config;
  troupe_directory directory;
  gathering snapshots;
  scrape_result latest;      ///< what everybody said last; served again where somebody is silent
  bool node_known = false;   ///< latest.node is the host's answer
  bool in_progress = false;  ///< a gathering; all who ask meanwhile share it
  size_t open_questions = 0; ///< of this gathering, to others than containers
  std::vector<caf::typed_response_promise<scrape_result>> waiting;
  std::unique_ptr<http_server> http; ///< none when settings.listen is empty

  /// Tells all who wait, then stops the HTTP server: a new exporter can listen at once.
  ~exporter_state();
};

/// Serves /metrics, /healthz, /readyz and /debug/actors on settings.listen, and answers `scrape` to
/// whoever asks. Ends with ec::address_in_use or ec::invalid_configuration, and a line that says
/// what to do, when it cannot listen. Before it ends, its port is free again. /debug/actors reads
/// the board and asks nobody for it.
exporter_actor::behavior_type exporter(gauged_pointer<exporter_actor, exporter_state> self,
                                       settings config, troupe_directory directory,
                                       std::shared_ptr<const actor_board> board);

} // namespace troupe
