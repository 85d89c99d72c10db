// SPDX-License-Identifier: Apache-2.0
#include "actors/console/endpoint_check.hpp"

#include "actors/exporter/listen_address.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace troupe {

std::string check_endpoint(const std::string& listen) {
  const auto where = parse_listen_address(listen);
  if (listen.empty() || !where)
    return {};
  switch (const int error = try_to_bind(*where)) {
    case 0:
      return {};
    case EADDRINUSE:
      return fmt::format("cannot listen on {}: the port is in use; choose another with --listen, "
                         "or end who has it (ss -ltnp)",
                         listen);
    default:
      return fmt::format("cannot listen on {}: {}; choose another with --listen", listen,
                         std::strerror(error));
  }
}

std::string local_metrics_url(const std::string& listen) {
  // Who listens everywhere is reached here, too.
  const auto port = listen.substr(listen.rfind(':') + 1);
  const bool everywhere =
      listen.starts_with("0.0.0.0:") || listen.starts_with("[::]:") || listen.starts_with(':');
  return fmt::format("http://{}/metrics", everywhere ? "127.0.0.1:" + port : listen);
}

} // namespace troupe
