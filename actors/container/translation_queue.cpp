// SPDX-License-Identifier: Apache-2.0
#include "actors/container/translation_queue.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr uint64_t second_ns = 1'000'000'000;

} // namespace

bool destination_tally::is_worth_asking(const endpoint& dialled, uint64_t now_ns) {
  if (known_.size() >= destinations_max && !known_.contains(dialled))
    known_.clear();
  auto& x = known_[dialled];
  const auto second = now_ns / second_ns;
  if (x.second != second) {
    const bool was_direct = x.second + 1 == second && (x.is_direct() || x.was_direct);
    x = {second, 0, 0, false, was_direct && !x.translated};
  }
  if (x.is_direct() || (x.was_direct && !x.translated && x.asked >= asked_enough))
    return false;
  ++x.asked;
  return true;
}

void destination_tally::answered(const endpoint& dialled, bool translated) {
  const auto known = known_.find(dialled);
  if (known == known_.end())
    return;
  auto& x = known->second;
  x.direct += translated ? 0 : 1;
  x.translated = x.translated || translated;
}

bool translation_queue::is_about(uint64_t cookie, const tcp_endpoint_pair& ends) const {
  const auto found = waiting_.find(cookie);
  return found != waiting_.end() && remote_end(found->second.question.ends) == remote_end(ends)
         && found->second.question.ends.local_port == ends.local_port;
}

bool translation_queue::begin(const nat_question& question, std::string_view comm,
                              uint64_t now_ns) {
  if (waiting_.size() >= waiting_max || bytes_ >= bytes_max) {
    ++counts_.unanswered;
    return false;
  }
  if (!tally_.is_worth_asking(remote_end(question.ends), now_ns)) {
    ++counts_.skipped;
    return false;
  }
  const auto cookie = question.socket_cookie;
  waiting_.insert_or_assign(cookie,
                            waiting{question, std::string{comm}, {}, ++last_number_, std::nullopt});
  to_ask_.push_back({cookie, last_number_});
  return true;
}

translation_queue::waiting* translation_queue::find(const ticket& x) {
  const auto found = waiting_.find(x.cookie);
  return found != waiting_.end() && found->second.number == x.number ? &found->second : nullptr;
}

bool translation_queue::keep(uint64_t cookie, std::span<const std::byte> record) {
  const auto found = waiting_.find(cookie);
  if (found == waiting_.end() || bytes_ + record.size() > bytes_max)
    return false;
  auto& kept = found->second.records;
  kept.insert(kept.end(), record.begin(), record.end());
  bytes_ += record.size();
  return true;
}

std::optional<nat_questions> translation_queue::next_questions() {
  if (!asked_.empty() || to_ask_.empty() || !open_)
    return std::nullopt;
  nat_questions result;
  const auto count = std::min(to_ask_.size(), questions_max);
  for (size_t i = 0; i < count; ++i)
    if (const auto* found = find(to_ask_[i])) {
      asked_.push_back(to_ask_[i]);
      result.asked.push_back(found->question);
    }
  to_ask_.erase(to_ask_.begin(), to_ask_.begin() + static_cast<std::ptrdiff_t>(count));
  if (result.asked.empty())
    return std::nullopt;
  return result;
}

std::optional<translation_queue::waiting> translation_queue::release(uint64_t cookie) {
  const auto found = waiting_.find(cookie);
  if (found == waiting_.end())
    return std::nullopt;
  auto result = std::move(found->second);
  bytes_ -= result.records.size();
  waiting_.erase(found);
  ++counts_.unanswered;
  return result;
}

std::vector<translation_queue::waiting> translation_queue::take_asked() {
  std::vector<waiting> result;
  result.reserve(asked_.size());
  for (const auto& x : std::exchange(asked_, {}))
    if (find(x) != nullptr)
      result.push_back(std::move(*release(x.cookie)));
  counts_.unanswered -= result.size(); // Whoever calls says what became of them.
  return result;
}

std::vector<translation_queue::waiting> translation_queue::answered(const nat_answers& answers) {
  std::unordered_map<uint64_t, const nat_answer*> translated;
  for (const auto& x : answers.translated)
    translated.emplace(x.socket_cookie, &x);
  auto result = take_asked();
  uint64_t direct = 0;
  for (auto& x : result) {
    const auto found = translated.find(x.question.socket_cookie);
    if (found != translated.end())
      x.answer = *found->second;
    direct += x.answer ? 0 : 1;
    tally_.answered(remote_end(x.question.ends), x.answer.has_value());
  }
  const auto unknown = std::min(direct, answers.unanswered);
  counts_.add({result.size() - direct, direct - unknown, 0, unknown});
  return result;
}

std::vector<translation_queue::waiting> translation_queue::unanswered() {
  auto result = take_asked();
  counts_.unanswered += result.size();
  return result;
}

std::vector<translation_queue::waiting> translation_queue::release_all() {
  std::vector<waiting> result;
  result.reserve(waiting_.size());
  for (auto& [cookie, x] : waiting_)
    result.push_back(std::move(x));
  counts_.unanswered += result.size();
  waiting_.clear();
  to_ask_.clear();
  asked_.clear();
  bytes_ = 0;
  return result;
}

void translation_queue::absorb(translation_queue&& other) {
  for (auto& [cookie, theirs] : other.waiting_) {
    bytes_ += theirs.records.size();
    if (const auto mine = waiting_.find(cookie); mine != waiting_.end()) {
      // What the other one saw came first.
      auto& kept = mine->second.records;
      kept.insert(kept.begin(), theirs.records.begin(), theirs.records.end());
      continue;
    }
    theirs.number = ++last_number_;
    waiting_.emplace(cookie, std::move(theirs));
    to_ask_.push_back({cookie, last_number_});
  }
  counts_.add(other.counts_);
  other = translation_queue{};
}

} // namespace troupe
