// SPDX-License-Identifier: Apache-2.0
#include "actors/console/top_actors.hpp"

#include "actors/console/row_output.hpp"
#include "actors/console/time_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace troupe {

namespace {

constexpr std::string_view silent = "no_answer";

/// Two workers of one socket have one name: the n-th is compared with the n-th.
using actor_key = std::tuple<std::string_view, uint64_t, std::string_view, size_t>;

class numbering {
public:
  actor_key key_of(const actor_sample& x) {
    // A container gets its name while we look.
    const std::string_view label = x.container_key == 0 ? x.label : std::string_view{};
    return {x.actor, x.container_key, label, seen_[{x.actor, x.container_key, label, 0}]++};
  }

private:
  std::map<actor_key, size_t> seen_;
};

uint64_t per_second(uint64_t before, uint64_t now, uint64_t interval_ns) {
  const auto count = now >= before ? now - before : now;
  if (interval_ns == 0)
    return 0;
  return static_cast<uint64_t>(
      std::llround(static_cast<double>(count) * 1e9 / static_cast<double>(interval_ns)));
}

bool comes_first(const top_actor_row& a, const top_actor_row& b) {
  const auto rank = [](const top_actor_row& x) {
    return std::tuple{x.now.state == silent, x.messages_per_second, x.now.messages};
  };
  return rank(a) > rank(b);
}

std::string name_text(const top_actor_row& x) {
  const auto& now = x.now;
  if (now.container_key != 0)
    return fmt::format("{} {} {}", now.actor, now.container_key,
                       now.label.empty() ? "(no name yet)" : now.label);
  return now.label.empty() ? now.actor : now.actor + " " + now.label;
}

std::string credit_text(const top_actor_row& x) {
  return x.now.credit_granted == 0 ? "-"
                                   : fmt::format("{}/{}", x.now.credit_used, x.now.credit_granted);
}

field_value optional_text(const std::string& text) {
  return text.empty() ? field_value{} : field_value{text};
}

using row = top_actor_row;

std::vector<field<row>> who_fields() {
  return {
      {{"time", "TIME", 0, false, shown::structured, "when it was read"},
       [](const row& x) -> field_value {
         return rfc3339(x.unix_time_ns);
       }},
      {{"actor", "ACTOR", 30, false, shown::everywhere,
        "its name; containers have a key and an id"},
       [](const row& x) -> field_value { return x.now.actor; },
       name_text},
      {{"container_key", "KEY", 5, true, shown::structured, "of a container's actor"},
       [](const row& x) -> field_value {
         return x.now.container_key == 0 ? field_value{} : field_value{x.now.container_key};
       }},
      {{"label", "LABEL", 24, false, shown::structured, "a container's id, a helper's socket"},
       [](const row& x) {
         return optional_text(x.now.label);
       }},
      {{"state", "STATE", 9, false, shown::everywhere,
        "idle, starting, busy, blocked (as it is meant to), no_answer (for over a second), down",
        2},
       [](const row& x) -> field_value {
         return x.now.state;
       }},
  };
}

std::vector<field<row>> work_fields() {
  return {
      {{"messages_per_second", "MESSAGES/S", 10, true, shown::everywhere,
        "messages begun, over the interval"},
       [](const row& x) -> field_value {
         return x.messages_per_second;
       }},
      {{"batches_per_second", "BATCHES/S", 9, true, shown::everywhere,
        "batches of events taken in (containers) or sent (bpf_reader), over the interval"},
       [](const row& x) -> field_value {
         return x.batches_per_second;
       }},
      {{"messages", "MESSAGES", 10, true, shown::structured, "messages begun since its start"},
       [](const row& x) -> field_value {
         return x.now.messages;
       }},
      {{"batches", "BATCHES", 8, true, shown::structured, "batches since its start"},
       [](const row& x) -> field_value {
         return x.now.batches;
       }},
      {{"mailbox", "MAILBOX", 7, true, shown::everywhere, "messages that wait"},
       [](const row& x) -> field_value {
         return x.now.mailbox;
       }},
      {{"credit_used", "CREDIT", 6, true, shown::everywhere,
        "batches that a container has not given back to the reader, of how many"},
       [](const row& x) -> field_value { return x.now.credit_used; },
       credit_text},
      {{"credit_granted", "GRANTED", 7, true, shown::structured, "how many batches there may be"},
       [](const row& x) -> field_value {
         return x.now.credit_granted;
       }},
      {{"restarts", "RESTARTS", 8, true, shown::everywhere, "times that it was started again", 1},
       [](const row& x) -> field_value {
         return x.now.restarts;
       }},
  };
}

std::vector<field<row>> last_fields() {
  return {
      {{"last_message", "LAST", 20, false, shown::everywhere, "type of the last message begun"},
       [](const row& x) -> field_value {
         return x.now.last_message ? field_value{*x.now.last_message} : field_value{};
       }},
      {{"last_message_age_ns", "AGE", 7, true, shown::everywhere, "how long ago it was begun"},
       [](const row& x) -> field_value {
         return x.now.last_message ? field_value{x.now.last_message_age_ns} : field_value{};
       },
       [](const row& x) {
         return x.now.last_message ? duration_text(x.now.last_message_age_ns) : std::string{"-"};
       }},
      {{"waiting_ns", "WAITING", 7, true, shown::structured,
        "for so long there is something to do and nothing was begun"},
       [](const row& x) -> field_value {
         return x.now.waiting_ns;
       }},
  };
}

} // namespace

std::vector<top_actor_row> rates_between(const actors_answer& before, const actors_answer& now,
                                         int64_t unix_time_ns) {
  std::map<actor_key, const actor_sample*> earlier;
  numbering of_earlier;
  for (const auto& x : before.actors)
    earlier.emplace(of_earlier.key_of(x), &x);
  const auto interval_ns = now.read_at_ns - std::min(now.read_at_ns, before.read_at_ns);
  const actor_sample nobody;
  std::vector<top_actor_row> rows;
  numbering of_now;
  for (const auto& x : now.actors) {
    const auto found = earlier.find(of_now.key_of(x));
    const auto& old = found != earlier.end() ? *found->second : nobody;
    rows.push_back({x, unix_time_ns, per_second(old.messages, x.messages, interval_ns),
                    per_second(old.batches, x.batches, interval_ns)});
  }
  std::stable_sort(rows.begin(), rows.end(), comes_first);
  return rows;
}

const std::vector<field<top_actor_row>>& top_actor_fields() {
  static const auto fields = joined_fields({who_fields(), work_fields(), last_fields()});
  return fields;
}

std::string render_top(const std::vector<top_actor_row>& rows, const output_options& output,
                       std::optional<unsigned> terminal, size_t rows_max) {
  return render_documents(top_actor_fields(), rows, output, terminal, rows_max);
}

} // namespace troupe
