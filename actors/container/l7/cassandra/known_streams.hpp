// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::l7::cassandra {

/// On which streams every request was heard of. Clients use a stream again and again: where a
/// request is missing, an answer that nobody seems to have asked for may be its answer, and not an
/// early one to the next. A client uses no stream again before it has been answered there, so that
/// the next request that is heard of makes the stream known again.
class known_streams {
public:
  /// Nobody knows which ones.
  void requests_lost() { asked_since_.assign(most, false); }

  /// The connection begins: nothing waits. Until then it may be in its midst.
  void begin() { asked_since_ = {}; }

  void asked(uint16_t stream) {
    if (!asked_since_.empty())
      asked_since_.at(stream) = true;
  }

  [[nodiscard]] bool has(uint16_t stream) const {
    return asked_since_.empty() || asked_since_.at(stream);
  }

private:
  static constexpr size_t most = size_t{1} << 15; // Negative ones are the server's.

  std::vector<bool> asked_since_ = std::vector<bool>(most); ///< empty: nothing is missing
};

} // namespace troupe::l7::cassandra
