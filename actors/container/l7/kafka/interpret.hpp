// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/kafka/frame.hpp"
#include "messages/l7.hpp"

#include <cstdint>
#include <string_view>

namespace troupe::l7::kafka {

/// The first topic that a request names, where it is within reach and has a name: newer versions
/// say ids.
std::string_view topic_of(const request_header& x);

/// Produce with acks=0 has no answer.
bool has_answer(const request_header& x);

/// The api's name and the topic.
void tell_request(const request_header& x, l7_exchange& told);

struct answer {
  l7_outcome outcome = l7_outcome::unknown;
  int16_t error = 0;
};

/// What an answer's body says, behind its correlation id, of which perhaps only the beginning is
/// here. Failed with the first error code that it has, ok where all codes were seen and are 0.
answer read_answer(int16_t key, int16_t version, std::string_view body);

} // namespace troupe::l7::kafka
