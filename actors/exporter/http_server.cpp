// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/http_server.hpp"

#include "actors/exporter/gzip.hpp"
#include "actors/exporter/listen_address.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include <civetweb.h>

namespace troupe {

namespace {

using steady = std::chrono::steady_clock;

constexpr size_t write_chunk_bytes = 64 * 1024; // Between two looks at the clock.
constexpr size_t gzip_min_bytes = 1024;

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

struct request {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  bool from_loopback = false;
  bool gzip = false;
};

request read_request(const mg_connection* connection) {
  const auto text = [](const char* from) {
    return from ? std::string_view{from} : "";
  };
  const auto* info = mg_get_request_info(connection);
  return {text(info->request_method), text(info->local_uri), text(info->query_string),
          is_loopback(text(info->remote_addr)),
          accepts_gzip(text(mg_get_header(connection, "Accept-Encoding")))};
}

/// Writes all of it or gives up: mg_write() by itself is content with any progress.
bool write_all(mg_connection* connection, std::string_view text, steady::time_point deadline,
               const std::stop_token& stop) {
  while (!text.empty()) {
    if (stop.stop_requested() || steady::now() > deadline)
      return false;
    const auto chunk = text.substr(0, write_chunk_bytes);
    const auto written = mg_write(connection, chunk.data(), chunk.size());
    if (written <= 0)
      return false;
    text.remove_prefix(std::min(static_cast<size_t>(written), text.size()));
  }
  return true;
}

std::string response_head(const http_response& response, size_t body_bytes, bool gzipped) {
  std::string head = "HTTP/1.1 ";
  head.append(std::to_string(response.status)).append(1, ' ');
  head.append(reason_phrase(response.status)).append("\r\nContent-Type: ");
  head.append(response.content_type).append("\r\nContent-Length: ");
  head.append(std::to_string(body_bytes)).append("\r\nConnection: close\r\n");
  if (response.status == 405)
    head.append("Allow: GET, HEAD\r\n");
  if (gzipped)
    head.append("Content-Encoding: gzip\r\n");
  return head.append("Vary: Accept-Encoding\r\n\r\n");
}

listen_error bind_error(const std::string& listen, int error) {
  const auto message = [&](std::string_view cause, std::string_view advice) {
    return std::string{"cannot listen on "}.append(listen).append(": ").append(cause).append(
        advice);
  };
  switch (error) {
    case EADDRINUSE:
      return {ec::address_in_use,
              message("address already in use", "; choose another with --listen")};
    case EADDRNOTAVAIL:
      return {ec::address_in_use,
              message("this machine does not have the address", "; choose another with --listen")};
    case EACCES:
      return {
          ec::address_in_use,
          message("permission denied", "; choose a port above 1023 with --listen or run as root")};
    default:
      return {ec::address_in_use, message(std::strerror(error), "; choose another with --listen")};
  }
}

/// As civetweb writes it: "+" is every address of both families.
std::string civetweb_port(const std::string& listen, const listen_address& where) {
  const auto port = std::to_string(where.port());
  if (where.every_family)
    return (mg_check_feature(MG_FEATURES_IPV6) != 0 ? "+" : "0.0.0.0:") + port;
  if (listen.starts_with("localhost:"))
    return "127.0.0.1:" + port;
  return listen;
}

} // namespace

http_response plain_response(int status, std::string text) {
  text += '\n';
  return {status, "text/plain; charset=utf-8",
          std::make_shared<const std::string>(std::move(text))};
}

struct http_server::impl {
  http_options options;
  std::stop_source stopping;
  mg_context* context = nullptr;
  uint16_t port = 0;

  ~impl();

  /// The error of the start, ec::none when it runs.
  listen_error listen();
  int serve(mg_connection* connection);
  http_response answer(const request& from, const http_route* route);
  bool send(mg_connection* connection, const request& to, const http_response& response);

  static int begin_request(mg_connection* connection);
  static int log_message(const mg_connection*, const char* message);
};

http_server::impl::~impl() {
  if (!context)
    return;
  stopping.request_stop();
  // civetweb looks at its stop flag every two seconds; a closed socket wakes its threads at once.
  shut_down_sockets(port);
  mg_stop(context);
}

listen_error http_server::impl::listen() {
  const auto where = parse_listen_address(options.listen);
  if (!where)
    return {ec::invalid_configuration, "cannot listen on " + options.listen
                                           + ": not an address; use IP:PORT, :PORT or [IPV6]:PORT"};
  // civetweb says only that it failed.
  if (const int error = try_to_bind(*where); error != 0)
    return bind_error(options.listen, error);

  const auto ports = civetweb_port(options.listen, *where);
  const auto threads = std::to_string(options.threads);
  const auto timeout = std::to_string(options.request_timeout.count());
  std::array<const char*, 17> settings{"listening_ports",
                                       ports.c_str(),
                                       "num_threads",
                                       threads.c_str(),
                                       "request_timeout_ms",
                                       timeout.c_str(),
                                       "max_request_size",
                                       "8192",
                                       "enable_keep_alive",
                                       "no",
                                       "connection_queue",
                                       "64",
                                       "tcp_nodelay",
                                       "1",
                                       "enable_auth_domain_check",
                                       "no",
                                       nullptr};
  mg_callbacks callbacks{};
  callbacks.begin_request = begin_request;
  callbacks.log_message = log_message;
  context = mg_start(&callbacks, this, settings.data());
  if (!context)
    return bind_error(options.listen, EADDRINUSE); // Somebody took it just now.
  mg_server_port bound{};
  if (mg_get_server_ports(context, 1, &bound) == 1)
    port = static_cast<uint16_t>(bound.port);
  return {};
}

int http_server::impl::begin_request(mg_connection* connection) {
  auto* self = static_cast<impl*>(mg_get_user_data(mg_get_context(connection)));
  mg_disable_connection_keep_alive(connection); // Else it would read the rest of a long body first.
  try {
    return self->serve(connection);
  } catch (const std::exception& e) { // An exception must not pass through C.
    spdlog::error("exporter response-failed {}", e.what());
    return 500;
  }
}

int http_server::impl::log_message(const mg_connection*, const char* message) {
  spdlog::debug("exporter http {}", message); // Mostly about what clients send: not worth more.
  return 1;                                   // Do not print it.
}

int http_server::impl::serve(mg_connection* connection) {
  const auto from = read_request(connection);
  const auto found = options.routes.find(std::string{from.path});
  const auto* route = found != options.routes.end() ? &found->second : nullptr;
  const auto response = answer(from, route);
  if (response.status >= 400 && options.on_error)
    options.on_error(response.status);
  const bool sent = send(connection, from, response);
  if (route && route->finished)
    route->finished(response.status, sent);
  return response.status;
}

http_response http_server::impl::answer(const request& from, const http_route* route) {
  if (!route)
    return plain_response(404, "not found; see /");
  if (from.method != "GET" && from.method != "HEAD")
    return plain_response(405, "only GET and HEAD");
  if (route->loopback_only && !from.from_loopback)
    return plain_response(403, "only from the machine itself");
  try {
    return route->answer({stopping.get_token(), from.query});
  } catch (const std::exception& e) { // Nothing of ours throws; no memory does.
    spdlog::error("exporter request-failed {}: {}", from.path, e.what());
    return plain_response(500, "internal error");
  }
}

bool http_server::impl::send(mg_connection* connection, const request& to,
                             const http_response& response) {
  const auto deadline = steady::now() + options.write_deadline;
  std::string_view body = response.body ? std::string_view{*response.body} : "";
  std::optional<std::string> packed;
  if (to.gzip && body.size() >= gzip_min_bytes && (packed = gzip(body)))
    body = *packed;
  const auto stop = stopping.get_token();
  return write_all(connection, response_head(response, body.size(), packed.has_value()), deadline,
                   stop)
         && (to.method == "HEAD" || write_all(connection, body, deadline, stop));
}

http_server::http_server(std::unique_ptr<impl> state) : impl_(std::move(state)) {}

http_server::~http_server() = default;

std::variant<std::unique_ptr<http_server>, listen_error> http_server::start(http_options options) {
  auto state = std::make_unique<impl>();
  state->options = std::move(options);
  if (auto error = state->listen(); error.code != ec::none)
    return error;
  return std::unique_ptr<http_server>{new http_server{std::move(state)}};
}

uint16_t http_server::port() const {
  return impl_->port;
}

} // namespace troupe
