// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/foundationdb/interpret.hpp"

#include "actors/container/l7/foundationdb/flat_table.hpp"

#include <algorithm>
#include <string>

namespace troupe::l7::foundationdb {
namespace {

struct named_type {
  uint32_t type;
  std::string_view name;
};
// By their file_identifier, which stays the same from version to version.
constexpr std::array<named_type, 34> requests{{{838566, "GetReadVersion"},
                                               {8454530, "GetValue"},
                                               {10457870, "GetKey"},
                                               {6795746, "GetKeyValues"},
                                               {6795747, "GetMappedKeyValues"},
                                               {93948, "CommitTransaction"},
                                               {14747733, "WatchValue"},
                                               {9144680, "GetKeyServerLocations"},
                                               {214727, "GetLeader"},
                                               {214728, "OpenDatabaseCoord"},
                                               {2828131, "GlobalConfigRefresh"},
                                               {13290999, "GetStorageMetrics"},
                                               {4150141, "BlobGranuleFile"},
                                               {2508597, "GetBlobGranuleLocations"},
                                               {14419140, "Status"},
                                               {4707015, "Ping"},
                                               {10624019, "Echo"},
                                               {4146513, "NetworkTest"},
                                               {7554186, "Set"},
                                               {8500026, "Clear"},
                                               {4022206, "TLogCommit"},
                                               {11001131, "TLogPeek"},
                                               {10072821, "TLogPeekStream"},
                                               {14332605, "RegisterWorker"},
                                               {1254174, "GetWorkers"},
                                               {9467439, "GetServerDBInfo"},
                                               {9467438, "UpdateServerDBInfo"},
                                               {905920, "RecruitStorage"},
                                               {16665642, "InitializeStorage"},
                                               {15604392, "InitializeTLog"},
                                               {10344153, "InitializeCommitProxy"},
                                               {8265613, "InitializeGrvProxy"},
                                               {923040, "ConfigTransactionGet"},
                                               {103841, "ConfigTransactionCommit"}}};

// Answers of storage servers that may carry an error besides a value: in the fields behind the
// penalty that says how busy the server is.
constexpr std::array<uint32_t, 4> answers_with_errors{1378929, 11226513, 1783066, 1783067};

constexpr uint32_t error_or = 2; ///< in the highest byte of an answer's type
constexpr uint8_t is_error = 1;
constexpr uint8_t is_value = 2;

const named_type* find_request(uint32_t type) {
  const auto* const found = std::find_if(requests.begin(), requests.end(),
                                         [type](const named_type& x) { return x.type == type; });
  return found == requests.end() ? nullptr : found;
}

void fail(const std::optional<flat_table>& error, l7_exchange& told) {
  told.outcome = l7_outcome::failed;
  if (error)
    told.status = error->number16(0).value_or(0);
}

} // namespace

bool answer_tokens::has(const token& x) const {
  return std::find(tokens.begin(), tokens.begin() + count, x) != tokens.begin() + count;
}

answer_tokens find_answer_tokens(std::string_view message) {
  answer_tokens result;
  const auto root = flat_table::root(message);
  const auto request = root ? root->table(0) : std::nullopt;
  if (!request)
    return result;
  for (size_t field = 0; field < request->fields() && result.count < answer_tokens::most; ++field) {
    const auto candidate = request->table(field);
    if (!candidate || candidate->fields() != 1 || candidate->bytes() != 4 + token::bytes)
      continue;
    const auto bytes = candidate->inlined(0, token::bytes);
    if (!bytes.empty())
      result.tokens.at(result.count++) = read_token(bytes);
  }
  return result;
}

bool is_known_request(uint32_t type) {
  return find_request(type) != nullptr;
}

void tell_request(uint32_t type, l7_exchange& told) {
  told.protocol = l7_protocol::foundationdb;
  const auto* const known = find_request(type);
  told.operation = known != nullptr ? std::string{known->name} : "#" + std::to_string(type);
}

void tell_answer(const packet& answer, l7_exchange& told) {
  const auto root = flat_table::root(answer.message);
  const auto kind = root ? root->number8(0) : std::nullopt;
  if (answer.type >> 24U != error_or || !kind)
    return;
  if (*kind == is_error)
    return fail(root->table(1), told);
  if (*kind != is_value)
    return;
  const auto base = answer.type & 0xff'ffffU;
  if (std::find(answers_with_errors.begin(), answers_with_errors.end(), base)
      == answers_with_errors.end()) {
    told.outcome = l7_outcome::ok;
    return;
  }
  const auto value = root->table(1);
  const auto has_error = value ? value->number8(1) : std::nullopt;
  if (has_error == uint8_t{1})
    fail(value->table(2), told);
  else if (has_error == uint8_t{0})
    told.outcome = l7_outcome::ok;
}

token missing_endpoint(std::string_view message) {
  const auto root = flat_table::root(message);
  return root ? read_token(root->inlined(0, token::bytes)) : token{};
}

} // namespace troupe::l7::foundationdb
