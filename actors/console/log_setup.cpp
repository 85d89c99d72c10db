// SPDX-License-Identifier: Apache-2.0
#include "actors/console/log_setup.hpp"

#include "actors/console/escape.hpp"
#include "actors/console/json_writer.hpp"
#include "actors/console/time_format.hpp"

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string>

namespace troupe {

namespace {

std::string_view next_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

/// Both forms are made here rather than by spdlog's patterns: what is logged may hold a container's
/// name, and a name may hold anything.
class log_formatter final : public spdlog::formatter {
public:
  explicit log_formatter(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto level = spdlog::level::to_string_view(message.level);
    const std::string_view level_text{level.data(), level.size()};
    const std::string_view text{message.payload.data(), message.payload.size()};
    const auto unix_ns = std::chrono::nanoseconds{message.time.time_since_epoch()}.count();
    const auto line =
        json_ ? json_log_line(unix_ns, level_text, text)
              : rfc3339(unix_ns) + " " + std::string{level_text} + " " + escape_for_terminal(text);
    out.append(line.data(), line.data() + line.size());
    out.push_back('\n');
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<log_formatter>(json_);
  }

private:
  bool json_;
};

} // namespace

std::string json_log_line(int64_t unix_ns, std::string_view level, std::string_view message) {
  std::string line;
  json_writer json{line};
  json.begin_object();
  json.member("time", rfc3339(unix_ns));
  json.member("level", level);
  json.member("component", next_word(message));
  json.member("event", next_word(message));
  json.member("text", message);
  json.end_object();
  return line;
}

void set_up_log(const configuration& config, std::string_view default_level) {
  const auto level = config.log_level.empty() ? std::string{default_level} : config.log_level;
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("troupe", std::move(sink));
  logger->set_formatter(std::make_unique<log_formatter>(config.log_format == "json"));
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

} // namespace troupe
