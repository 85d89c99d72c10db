// SPDX-License-Identifier: Apache-2.0
#include "actors/console/loopback_http.hpp"

#include "actors/console/escape.hpp"
#include "actors/exporter/listen_address.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <exception>
#include <memory>

namespace troupe {

namespace {

struct easy_deleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

struct body {
  std::string text;
  size_t bytes_max = 0;
  bool too_large = false;
};

// Called through curl's C code, which no exception may cross: a short count makes curl fail.
size_t on_body(char* data, size_t, size_t size, void* user) noexcept {
  auto& into = *static_cast<body*>(user);
  into.too_large = size > into.bytes_max - into.text.size();
  if (into.too_large)
    return 0;
  try {
    into.text.append(data, size);
  } catch (const std::exception&) {
    return 0;
  }
  return size;
}

bool set_up(CURL* easy, const std::string& url, std::chrono::milliseconds timeout, body& into) {
  const auto set = [&](auto option, auto value) {
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  return set(CURLOPT_URL, url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http")
         && set(CURLOPT_PROXY, "")    // http_proxy in the environment is not for this
         && set(CURLOPT_NOSIGNAL, 1L) // no SIGALRM in a program with threads
         && set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()))
         && set(CURLOPT_WRITEFUNCTION, &on_body) && set(CURLOPT_WRITEDATA, &into);
}

std::string describe(const std::string& agent, CURLcode code, const body& got,
                     std::chrono::milliseconds timeout) {
  if (got.too_large)
    return fmt::format("{} sends more than a troupe agent would: look what listens there "
                       "(ss -ltnp)",
                       agent);
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      return fmt::format("no agent answers at {}: start one with 'troupe agent', or say where it "
                         "listens with --agent",
                         agent);
    case CURLE_OPERATION_TIMEDOUT:
      return fmt::format(
          "{} accepts connections and did not answer within {} ms: look what it does "
          "(docs/debugging.md), or say where the agent listens with --agent",
          agent, timeout.count());
    default:
      return fmt::format("cannot read from {}: {}; is it a troupe agent?", agent,
                         curl_easy_strerror(code));
  }
}

std::string describe_status(const std::string& agent, long status) {
  if (status == 403)
    return fmt::format("the agent at {} shows its actors only to its own machine: run this there, "
                       "with --agent 127.0.0.1:PORT",
                       agent);
  return fmt::format("{} answered with HTTP status {}: is it a troupe agent of this version?",
                     agent, status);
}

} // namespace

http_document get_from_agent(const std::string& agent, const std::string& target,
                             std::chrono::milliseconds timeout, size_t bytes_max) {
  const auto shown = escape_for_terminal(agent);
  const auto where = parse_listen_address(agent);
  if (!where || where->port() == 0)
    return {false, fmt::format("--agent '{}': write IP:PORT, like 127.0.0.1:9912", shown)};
  const std::unique_ptr<CURL, easy_deleter> easy{curl_easy_init()};
  body got{{}, bytes_max, false};
  // Who listens everywhere is reached here, too.
  const auto url = "http://" + (where->every_family ? "127.0.0.1" + agent : agent) + target;
  if (!easy || !set_up(easy.get(), url, timeout, got))
    return {false, "curl has no memory for a transfer"};
  if (const auto code = curl_easy_perform(easy.get()); code != CURLE_OK)
    return {false, describe(shown, code, got, timeout)};
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200)
    return {false, describe_status(shown, status)};
  return {true, std::move(got.text)};
}

} // namespace troupe
