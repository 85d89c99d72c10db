// SPDX-License-Identifier: Apache-2.0
#include "actors/kubernetes_workloads/pod_fetch.hpp"

#include <curl/curl.h>

#include <array>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {

namespace {

using std::chrono::milliseconds;

constexpr size_t head_bytes_max = 64U << 10;
constexpr size_t token_bytes_max = 16U << 10;

bool curl_ready() {
  // runtime_metadata may have been first, without TLS: OpenSSL then sets itself up.
  static const bool ready = curl_global_init(CURL_GLOBAL_SSL) == CURLE_OK;
  return ready;
}

struct easy_deleter {
  void operator()(CURL* x) const { curl_easy_cleanup(x); }
};
struct multi_deleter {
  void operator()(CURLM* x) const { curl_multi_cleanup(x); }
};
struct list_deleter {
  void operator()(curl_slist* x) const { curl_slist_free_all(x); }
};

/// A token is one line of printable characters: nothing else may get into a header.
std::optional<std::string> read_token(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return {};
  std::array<char, token_bytes_max> text{};
  struct stat status {};
  const bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = regular ? read(fd, text.data(), text.size()) : -1;
  close(fd);
  if (size <= 0 || static_cast<size_t>(size) == text.size())
    return {};
  std::string_view token{text.data(), static_cast<size_t>(size)};
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' '))
    token.remove_suffix(1);
  for (const char c : token)
    if (c <= ' ' || c > '~')
      return {};
  return token.empty() ? std::nullopt : std::optional{std::string{token}};
}

} // namespace

class pod_fetch::transfer {
public:
  explicit transfer(const pod_source& source) : source_(source) {}
  ~transfer() {
    if (attached_)
      curl_multi_remove_handle(multi_.get(), easy_.get());
  }
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  bool begin(const std::string& token) {
    if (!curl_ready())
      return false;
    easy_.reset(curl_easy_init());
    multi_.reset(curl_multi_init());
    attached_ = easy_ && multi_ && set_up() && set_headers(token) && set_trust()
                && curl_multi_add_handle(multi_.get(), easy_.get()) == CURLM_OK;
    return attached_;
  }

  bool step(milliseconds longest) {
    int running = 0;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK || running == 0)
      return false;
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(longest.count()), nullptr);
    return true;
  }

  std::variant<std::string, fetch_failure> take() {
    int left = 0;
    const auto* message = curl_multi_info_read(multi_.get(), &left);
    const auto what = "cannot get the pod list from " + source_.url + ": ";
    if (too_large_)
      return fetch_failure{what
                           + "the answer is larger than troupe accepts; restrict it to the "
                             "pods of this node"};
    if (message == nullptr || message->msg != CURLMSG_DONE)
      return fetch_failure{what + "it failed within curl"};
    if (message->data.result != CURLE_OK)
      return fetch_failure{what
                           + (error_[0] != 0 ? std::string{error_.data()}
                                             : curl_easy_strerror(message->data.result))};
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status == 401 || status == 403)
      return fetch_failure{what + "forbidden (HTTP " + std::to_string(status)
                           + "); give a token that may list pods"};
    if (status != 200)
      return fetch_failure{what + "HTTP " + std::to_string(status)};
    return std::move(body_);
  }

private:
  template <class Value>
  bool set(CURLoption option, Value value) {
    return curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  }

  bool set_up() {
    return set(CURLOPT_URL, source_.url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http,https")
           && set(CURLOPT_FOLLOWLOCATION, 0L) // A token is for one address.
           && set(CURLOPT_NOSIGNAL, 1L)       // No SIGALRM in a program with threads.
           && set(CURLOPT_PROXY, "")          // http_proxy in the environment is not for this.
           && set(CURLOPT_QUICK_EXIT, 1L)     // Nobody waits for a resolver that hangs.
           && set(CURLOPT_TIMEOUT_MS, static_cast<long>(source_.timeout.count()))
           && set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(source_.timeout.count()))
           && set(CURLOPT_ACCEPT_ENCODING, nullptr) // A small answer may unpack to a large one.
           && set(CURLOPT_ERRORBUFFER, error_.data())
           && set(CURLOPT_WRITEFUNCTION, &transfer::on_body) && set(CURLOPT_WRITEDATA, this)
           && set(CURLOPT_HEADERFUNCTION, &transfer::on_head) && set(CURLOPT_HEADERDATA, this);
  }

  bool set_headers(const std::string& token) {
    add_header("Accept: application/json");
    if (!token.empty())
      add_header(("Authorization: Bearer " + token).c_str());
    return headers_ && set(CURLOPT_HTTPHEADER, headers_.get());
  }

  void add_header(const char* text) {
    if (auto* longer = curl_slist_append(headers_.get(), text); longer != nullptr) {
      static_cast<void>(headers_.release());
      headers_.reset(longer);
    }
  }

  bool set_trust() {
    if (source_.ca_file == "insecure")
      return set(CURLOPT_SSL_VERIFYPEER, 0L) && set(CURLOPT_SSL_VERIFYHOST, 0L);
    return source_.ca_file.empty() || set(CURLOPT_CAINFO, source_.ca_file.c_str());
  }

  // Called through curl's C code, which no exception may cross: a short count makes curl fail.
  static size_t on_body(char* data, size_t, size_t size, void* user) noexcept {
    auto& self = *static_cast<transfer*>(user);
    if (self.body_.size() + size > pod_list_bytes_max) {
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

  static size_t on_head(char*, size_t, size_t size, void* user) noexcept {
    auto& self = *static_cast<transfer*>(user);
    self.head_bytes_ += size;
    self.too_large_ = self.too_large_ || self.head_bytes_ > head_bytes_max;
    return self.too_large_ ? 0 : size;
  }

  pod_source source_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<curl_slist, list_deleter> headers_;
  std::string body_;
  size_t head_bytes_ = 0;
  bool too_large_ = false;
  bool attached_ = false;
  std::unique_ptr<CURL, easy_deleter> easy_;
  std::unique_ptr<CURLM, multi_deleter> multi_; ///< ends before what it uses
};

pod_fetch::pod_fetch(const pod_source& source) {
  std::string token;
  if (!source.token_file.empty()) {
    // In the clear it would be everybody's.
    if (!source.url.starts_with("https://")) {
      problem_ = "a token is not sent over plain http; give workloads_url with https";
      return;
    }
    auto text = read_token(source.token_file);
    if (!text) {
      problem_ = "cannot read a token from " + source.token_file
                 + "; is the service account's token mounted there?";
      return;
    }
    token = std::move(*text);
  }
  transfer_ = std::make_unique<transfer>(source);
  if (transfer_->begin(token))
    return;
  transfer_.reset();
  problem_ = "curl does not take " + source.url;
}

pod_fetch::~pod_fetch() = default;

bool pod_fetch::step(milliseconds longest) {
  return transfer_ && transfer_->step(longest);
}

std::variant<std::string, fetch_failure> pod_fetch::take() {
  if (!transfer_)
    return fetch_failure{problem_};
  return transfer_->take();
}

} // namespace troupe
