// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace troupe {

/// The text of docs/metrics.md, made of families.hpp.
std::string metrics_markdown();

} // namespace troupe
