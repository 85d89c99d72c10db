// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/errors.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

namespace troupe {

struct http_response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body; ///< shared: several clients may be sent the same text
};

/// A response with a short text; a newline is added.
http_response plain_response(int status, std::string text);

struct http_request {
  std::stop_token stop;   ///< the server is stopping
  std::string_view query; ///< what follows the "?", as it was sent
};

struct http_route {
  /// Answers GET and HEAD, in an HTTP thread. May wait, within bounds; must return soon when the
  /// token says so.
  std::function<http_response(const http_request&)> answer;
  bool loopback_only = false; ///< others get 403
  /// Called when the response is on its way (`sent`) or the client was too slow or went away.
  std::function<void(int status, bool sent)> finished = {};
};

struct http_options {
  std::string listen;    ///< see parse_listen_address(); port 0 takes a free one
  uint16_t threads = 12; ///< each serves one client at a time; idle ones cost a few kB
  std::chrono::milliseconds request_timeout{
      5000}; ///< to receive a request, or for one stalled write
  std::chrono::milliseconds write_deadline{10'000}; ///< for a whole response
  std::map<std::string, http_route> routes;         ///< by path
  /// Called for every response of 400 and above that this class makes.
  std::function<void(int status)> on_error = {};
};

/// Why the server did not start: one line for the user, with what to do.
struct listen_error {
  ec code = ec::none;
  std::string message;
};

/// A small HTTP/1.1 server: GET and HEAD on fixed paths, no keep-alive, so that a connection holds
/// a thread for a bounded time whatever its client does.
class http_server {
public:
  [[nodiscard]] static std::variant<std::unique_ptr<http_server>, listen_error>
  start(http_options options);

  /// Cuts every connection and waits for the threads: as long as the handlers need to notice their
  /// stop token, and some milliseconds.
  ~http_server();

  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  [[nodiscard]] uint16_t port() const;

private:
  struct impl;
  explicit http_server(std::unique_ptr<impl> state);
  std::unique_ptr<impl> impl_;
};

} // namespace troupe
