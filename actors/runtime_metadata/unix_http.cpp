// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/unix_http.hpp"

#include "actors/runtime_metadata/endpoints.hpp"

#include <algorithm>
#include <curl/curl.h>
#include <exception>

namespace troupe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t head_bytes_max = 64U << 10;
constexpr milliseconds longest_wait{60'000}; // a stop wakes the wait up; this bounds nothing

bool curl_ready() {
  // Nothing global is wanted: no TLS, no name resolution. The first call is the only one: static
  // initialisation holds other threads back.
  static const bool ready = curl_global_init(CURL_GLOBAL_NOTHING) == CURLE_OK;
  return ready;
}

struct easy_deleter {
  void operator()(CURL* x) const { curl_easy_cleanup(x); }
};

struct multi_deleter {
  void operator()(CURLM* x) const { curl_multi_cleanup(x); }
};

// One GET. curl's multi interface is used for one transfer because only it can be woken up from
// another thread.
class transfer {
public:
  transfer(const runtime_endpoint& endpoint, const std::string& target, size_t body_max)
      : endpoint_(endpoint), body_max_(body_max) {
    if (!curl_ready())
      return;
    easy_.reset(curl_easy_init());
    multi_.reset(curl_multi_init());
    if (easy_ && multi_)
      attached_ = set_up("http://localhost" + target)
                  && curl_multi_add_handle(multi_.get(), easy_.get()) == CURLM_OK;
  }

  ~transfer() {
    if (attached_)
      curl_multi_remove_handle(multi_.get(), easy_.get());
  }

  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  [[nodiscard]] bool usable() const { return attached_; }
  [[nodiscard]] bool head_complete() const { return head_complete_; }
  [[nodiscard]] std::string& body() { return body_; }
  void wake() { curl_multi_wakeup(multi_.get()); }

  // Moves bytes; false when the transfer is over.
  bool perform() {
    int running = 0;
    return curl_multi_perform(multi_.get(), &running) == CURLM_OK && running > 0;
  }

  void wait(milliseconds longest) {
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(longest.count()), nullptr);
  }

  [[nodiscard]] long status() const {
    long code = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  // How the finished transfer ended; ec::none when well.
  call_error outcome() {
    int left = 0;
    const auto* message = curl_multi_info_read(multi_.get(), &left);
    if (message == nullptr || message->msg != CURLMSG_DONE)
      return {ec::runtime_unreachable, "talking to " + endpoint_.socket + " failed within curl"};
    return message->data.result == CURLE_OK ? call_error{} : error_of(message->data.result);
  }

private:
  bool set_up(const std::string& url) {
    auto set = [&](auto option, auto value) {
      return curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
    };
    return set(CURLOPT_URL, url.c_str()) && set(CURLOPT_UNIX_SOCKET_PATH, endpoint_.socket.c_str())
           && set(CURLOPT_NOSIGNAL, 1L) // no SIGALRM in a program with threads
           && set(CURLOPT_PROXY, "")    // http_proxy in the environment is not for this
           && set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1})
           && set(CURLOPT_WRITEFUNCTION, &transfer::on_body) && set(CURLOPT_WRITEDATA, this)
           && set(CURLOPT_HEADERFUNCTION, &transfer::on_head) && set(CURLOPT_HEADERDATA, this);
  }

  // Called through curl's C code, which no exception may cross: a short count makes curl fail.
  static size_t on_body(char* data, size_t, size_t size, void* user) noexcept {
    auto& self = *static_cast<transfer*>(user);
    if (self.body_.size() + size > self.body_max_) {
      self.too_large_ = true;
      return 0;
    }
    try {
      self.body_.append(data, size);
    } catch (const std::exception&) {
      return 0;
    }
    return size;
  }

  static size_t on_head(char* data, size_t, size_t size, void* user) noexcept {
    auto& self = *static_cast<transfer*>(user);
    self.head_bytes_ += size;
    if (self.head_bytes_ > head_bytes_max) {
      self.too_large_ = true;
      return 0;
    }
    const bool ends =
        std::string_view{data, size} == "\r\n" || std::string_view{data, size} == "\n";
    self.head_complete_ =
        self.head_complete_ || (ends && self.status() >= 200); // not "100 Continue"
    return size;
  }

  call_error error_of(CURLcode code) const {
    if (too_large_)
      return {ec::runtime_garbage, "the answer from " + endpoint_.socket
                                       + " is larger than troupe accepts; is it "
                                       + std::string{to_string(endpoint_.kind)} + "'s socket?"};
    if (code == CURLE_COULDNT_CONNECT) {
      auto again = try_connect(endpoint_); // curl does not tell why
      return again ? call_error{ec::runtime_unreachable,
                                "cannot connect to " + endpoint_.socket + "; trying again"}
                   : again.error();
    }
    const auto text = endpoint_.socket + ": " + curl_easy_strerror(code);
    switch (code) {
      case CURLE_GOT_NOTHING:
      case CURLE_PARTIAL_FILE:
      case CURLE_RECV_ERROR:
      case CURLE_SEND_ERROR:
        return {ec::runtime_unreachable,
                text + "; " + std::string{to_string(endpoint_.kind)} + " may be restarting"};
      default:
        return {ec::runtime_garbage, text + "; does another program listen on this socket?"};
    }
  }

  const runtime_endpoint& endpoint_;
  size_t body_max_;
  std::unique_ptr<CURL, easy_deleter> easy_;
  std::unique_ptr<CURLM, multi_deleter> multi_;
  std::string body_;
  size_t head_bytes_ = 0;
  bool attached_ = false;
  bool head_complete_ = false;
  bool too_large_ = false;
};

call_error stopped() {
  return {ec::shutting_down, "troupe is ending"};
}

call_error timed_out(const runtime_endpoint& endpoint, milliseconds timeout) {
  return {ec::runtime_timeout, endpoint.socket + " did not answer within "
                                   + std::to_string(timeout.count()) + " ms; does "
                                   + std::string{to_string(endpoint.kind)} + " hang?"};
}

call_error no_curl() {
  return {ec::runtime_unreachable, "curl has no memory for a transfer; trying again"};
}

milliseconds left_until(steady_clock::time_point end) {
  return std::chrono::ceil<milliseconds>(end - steady_clock::now());
}

// Hands the complete lines of the body out; false when the observer has seen enough.
bool drain_lines(std::string& body, const http_stream_observer& observer) {
  size_t begin = 0;
  bool wanted = true;
  for (auto end = body.find('\n'); wanted && end != std::string::npos;
       end = body.find('\n', begin)) {
    auto line = std::string_view{body}.substr(begin, end - begin);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    wanted = line.empty() || observer.line(line);
    begin = end + 1;
  }
  body.erase(0, begin);
  return wanted;
}

} // namespace

call_result<http_reply> http_get(const runtime_endpoint& endpoint, const std::string& target,
                                 size_t body_max, const call_limits& limits) {
  transfer get{endpoint, target, body_max};
  if (!get.usable())
    return no_curl();
  const auto end = steady_clock::now() + limits.timeout;
  const std::stop_callback wake{limits.stop, [&get] {
                                  get.wake();
                                }};
  while (get.perform()) {
    if (limits.stop.stop_requested())
      return stopped();
    const auto left = left_until(end);
    if (left <= milliseconds{0})
      return timed_out(endpoint, limits.timeout);
    get.wait(std::min(left, longest_wait));
  }
  if (auto error = get.outcome(); error.code != ec::none)
    return error;
  return http_reply{get.status(), std::move(get.body())};
}

call_error http_stream(const runtime_endpoint& endpoint, const std::string& target, size_t line_max,
                       const http_stream_observer& observer, const call_limits& limits) {
  // One perform() reads less than this besides the unfinished line.
  constexpr size_t read_at_once = 2U << 20;
  transfer get{endpoint, target, line_max + read_at_once};
  if (!get.usable())
    return no_curl();
  const auto end = steady_clock::now() + limits.timeout;
  const std::stop_callback wake{limits.stop, [&get] {
                                  get.wake();
                                }};
  bool opened = false;
  for (bool running = true; running;) {
    running = get.perform();
    if (limits.stop.stop_requested())
      return stopped();
    if (!opened && get.head_complete()) {
      opened = true;
      if (!observer.opened(get.status()))
        return {};
    }
    if (opened && !drain_lines(get.body(), observer))
      return {};
    if (get.body().size() > line_max)
      return {ec::runtime_garbage, "a line of " + endpoint.socket + "'s events has no end"};
    const auto left = opened ? longest_wait : left_until(end);
    if (left <= milliseconds{0})
      return timed_out(endpoint, limits.timeout);
    if (running)
      get.wait(std::min(left, longest_wait));
  }
  if (auto error = get.outcome(); error.code != ec::none)
    return error;
  return {ec::runtime_unreachable, "the event stream of " + endpoint.socket + " ended; "
                                       + std::string{to_string(endpoint.kind)}
                                       + " may be restarting"};
}

} // namespace troupe
