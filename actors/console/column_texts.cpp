// SPDX-License-Identifier: Apache-2.0
#include "actors/console/column_texts.hpp"

#include <cstring>

namespace troupe {

std::string short_id(const std::string& id) {
  if (id.empty())
    return "-";
  const bool digits = id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return id.size() == 64 && digits ? id.substr(0, 12) : id;
}

std::string signal_name(int signal) {
  if (signal == 0)
    return "-";
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? name : std::to_string(signal);
}

} // namespace troupe
