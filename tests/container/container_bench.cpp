// SPDX-License-Identifier: Apache-2.0

// Events per second that one container takes in on one core. Prints one line a load:
//   open_close  connections that open and close, 64 at a time, to 32 destinations
//   progress    totals of 1,000 live connections
//   direct      as open_close, where somebody is asked where they go: nowhere else
//   translated  likewise: all of them elsewhere

#include "actors/container/container_account.hpp"
#include "tests/container/records.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

using namespace troupe;

namespace {

constexpr uint64_t rounds = 5;

test_connection numbered(uint64_t cookie) {
  test_connection c{.cookie = cookie};
  c.ends.remote_port = static_cast<uint16_t>(1000 + cookie % 32);
  return c;
}

std::vector<event_batch> open_close() {
  std::vector<event_batch> result;
  record_writer w;
  for (uint64_t first = 1; first < 500'000; first += 64) {
    for (uint64_t i = first; i < first + 64; ++i)
      w.opened(numbered(i));
    for (uint64_t i = first; i < first + 64; ++i)
      w.closed(numbered(i), {.sent = 1000, .received = 1000, .srtt_us = 200});
    result.push_back(w.take());
  }
  return result;
}

std::vector<event_batch> progress() {
  std::vector<event_batch> result;
  record_writer w;
  for (uint64_t step = 1; step <= 1000; ++step) {
    for (uint64_t i = 1; i <= 1000; ++i)
      w.progress(numbered(i), {.sent = step * 100, .received = step * 100, .srtt_us = 200});
    result.push_back(w.take());
  }
  return result;
}

enum class translator : uint8_t { none, knows_nothing, translates };

/// What the host would have said by the next batch.
void answer(container_account& account, translator who) {
  const auto questions = account.next_questions();
  if (!questions)
    return;
  nat_answers answers;
  if (who == translator::translates)
    for (const auto& x : questions->asked) {
      nat_address to;
      std::copy(std::begin(x.ends.remote), std::end(x.ends.remote), to.ip.begin());
      answers.translated.push_back({x.socket_cookie, {to.ip, x.ends.remote_port}, {to.ip, 80}});
    }
  account.answered(answers);
}

void measure(const char* load, const std::vector<event_batch>& batches,
             translator who = translator::none) {
  double best = 0;
  for (uint64_t round = 0; round < rounds; ++round) {
    container_account account{1, {}};
    account.open_questions(who != translator::none);
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& batch : batches) {
      account.consume(batch, 0);
      answer(account, who);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::max(best, static_cast<double>(account.snapshot().events) / took.count());
  }
  std::printf("%-12s %6.1f M events/s  %5.1f ns/event\n", load, best / 1e6, 1e9 / best);
}

} // namespace

int main() {
  measure("open_close", open_close());
  measure("progress", progress());
  measure("direct", open_close(), translator::knows_nothing);
  measure("translated", open_close(), translator::translates);
  return 0;
}
