// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/event_fields.hpp"

#include <vector>

namespace troupe {

/// What events of requests have besides what all have.
[[nodiscard]] std::vector<field<event_row>> l7_fields();

/// The same for DNS alone.
[[nodiscard]] std::vector<field<event_row>> dns_fields();

} // namespace troupe
