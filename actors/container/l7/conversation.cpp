// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/conversation.hpp"

namespace troupe::l7 {

std::string_view to_string(unparsed reason) {
  switch (reason) {
    case unparsed::not_captured:
      return "not_captured";
    case unparsed::out_of_sync:
      return "out_of_sync";
    case unparsed::unanswered:
      return "unanswered";
    case unparsed::too_large:
      break;
  }
  return "too_large";
}

} // namespace troupe::l7
