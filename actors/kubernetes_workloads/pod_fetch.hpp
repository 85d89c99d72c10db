// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <variant>

namespace troupe {

/// A pod list may be so long; one of 250 pods has some 5 MB.
inline constexpr size_t pod_list_bytes_max = 64U << 20;

struct pod_source {
  std::string url;
  std::string token_file; ///< read anew for each call; "" = no token
  std::string ca_file;    ///< "" = the system's, "insecure" = any certificate
  std::chrono::milliseconds timeout{10'000};
};

/// Why there is no list: for a person.
struct fetch_failure {
  std::string message;
};

/// One GET, a step at a time, so that whoever makes it can read its mailbox in between. Ends by its
/// timeout, whatever the other side, the network and the names' resolution do.
class pod_fetch {
public:
  explicit pod_fetch(const pod_source& source);
  ~pod_fetch();
  pod_fetch(const pod_fetch&) = delete;
  pod_fetch& operator=(const pod_fetch&) = delete;

  /// Goes on for at most `longest`; false when it is over.
  bool step(std::chrono::milliseconds longest);

  /// The body of an answer 200, once it is over. Can be taken once.
  [[nodiscard]] std::variant<std::string, fetch_failure> take();

private:
  class transfer;

  std::string problem_; ///< before it began
  std::unique_ptr<transfer> transfer_;
};

} // namespace troupe
