// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/zookeeper/interpret.hpp"

#include "actors/container/l7/zookeeper/frame.hpp"

#include <algorithm>
#include <iterator>

namespace troupe::l7::zookeeper {

namespace {

struct opcode_rule {
  int32_t opcode;
  std::string_view name;
  bool path = false;
};

constexpr opcode_rule rules[] = {
    {-11, "closeSession"},
    {1, "create", true},
    {2, "delete", true},
    {3, "exists", true},
    {4, "getData", true},
    {5, "setData", true},
    {6, "getACL", true},
    {7, "setACL", true},
    {8, "getChildren", true},
    {9, "sync", true},
    {11, "ping"},
    {12, "getChildren2", true},
    {13, "check", true},
    {14, "multi"},
    {15, "create2", true},
    {16, "reconfig"},
    {17, "checkWatches", true},
    {18, "removeWatches", true},
    {19, "createContainer", true},
    {20, "deleteContainer", true},
    {21, "createTTL", true},
    {22, "multiRead"},
    {100, "auth"},
    {101, "setWatches"},
    {102, "sasl"},
    {103, "getEphemerals", true},
    {104, "getAllChildrenNumber", true},
    {105, "setWatches2"},
    {106, "addWatch", true},
    {107, "whoAmI"},
};

const opcode_rule* find_rule(int32_t opcode) {
  const auto* const found = std::find_if(std::begin(rules), std::end(rules),
                                         [&](const auto& x) { return x.opcode == opcode; });
  return found == std::end(rules) ? nullptr : found;
}

// The error of a transaction that was refused is in its results: one for each operation, all of
// them errors, 0 or -2 for those that were well but not done.
void read_multi_reply(std::string_view frame, l7_exchange& exchange) {
  constexpr size_t header_bytes = 9; // Type, done, error.
  constexpr size_t result_bytes = header_bytes + 4;
  constexpr int32_t type_error = -1;
  constexpr int32_t not_done = -2;
  for (size_t at = reply_head_bytes; at + header_bytes <= frame.size(); at += result_bytes) {
    const bool is_last = frame[at + 4] != 0;
    if (is_last || number32(frame, at) != type_error)
      return;
    exchange.outcome = l7_outcome::failed;
    if (at + result_bytes > frame.size())
      return;
    const auto error = number32(frame, at + header_bytes);
    if (error != 0)
      exchange.status = error;
    if (error != 0 && error != not_done)
      return;
  }
}

} // namespace

std::string_view opcode_name(int32_t opcode) {
  const auto* const rule = find_rule(opcode);
  return rule == nullptr ? std::string_view{} : rule->name;
}

bool has_path(int32_t opcode) {
  const auto* const rule = find_rule(opcode);
  return rule != nullptr && rule->path;
}

l7_exchange to_exchange(std::string_view frame) {
  const auto opcode = number32(frame, length_bytes + 4);
  l7_exchange result;
  result.protocol = l7_protocol::zookeeper;
  result.operation = opcode_name(opcode);
  if (result.operation.empty())
    result.operation = "opcode " + std::to_string(opcode);
  constexpr size_t path = request_head_bytes + 4;
  if (has_path(opcode) && frame.size() >= path) {
    const auto length = std::max(number32(frame, request_head_bytes), 0);
    result.detail =
        frame.substr(path, std::min<size_t>(static_cast<size_t>(length), detail_bytes_max));
  }
  return result;
}

void read_reply(std::string_view frame, l7_exchange& exchange) {
  exchange.status = number32(frame, length_bytes + 12);
  // That there is none is what was asked.
  const bool is_answer =
      exchange.status == 0 || (exchange.status == error_no_node && exchange.operation == "exists");
  exchange.outcome = is_answer ? l7_outcome::ok : l7_outcome::failed;
  if (exchange.status == 0 && exchange.operation == "multi")
    read_multi_reply(frame, exchange);
}

void read_connect_reply(std::string_view frame, l7_exchange& exchange) {
  const auto timeout_ms = number32(frame, length_bytes + 4);
  exchange.outcome = timeout_ms > 0 ? l7_outcome::ok : l7_outcome::failed;
}

} // namespace troupe::l7::zookeeper
