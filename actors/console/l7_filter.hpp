// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/l7.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Whether the protocol told a code; `status` of an exchange means nothing else.
[[nodiscard]] bool has_code(const l7_exchange& exchange);

/// One of several that a status may fulfil.
struct l7_status_condition {
  std::optional<l7_outcome> outcome; ///< or a code within:
  int least = 0;
  int most = 0;
  bool http_only = false; ///< a class of HTTP's codes
};

/// Which requests a trace shows.
struct l7_filter {
  std::vector<l7_protocol> protocols; ///< empty: all
  std::vector<l7_status_condition> statuses;
  uint64_t min_duration_ns = 0;

  [[nodiscard]] bool matches(const l7_exchange& exchange) const;
};

/// What --protocol takes, in the order of messages/l7.hpp.
[[nodiscard]] std::vector<std::string> protocol_names();

/// As they were given.
struct l7_filter_texts {
  const std::vector<std::string>& protocols;
  const std::vector<std::string>& statuses;
  std::string_view min_duration;
};

/// Nothing, and one line in `error`, when a text cannot be used.
[[nodiscard]] std::optional<l7_filter> read_l7_filter(const l7_filter_texts& texts,
                                                      std::string& error);

} // namespace troupe
