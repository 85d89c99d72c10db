// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/recording_source.hpp"

#include <utility>

namespace troupe {

namespace {

constexpr size_t chunk_bytes = 256U << 10;

} // namespace

class recording_source::tee final : public record_sink {
public:
  tee(recording_source& recorder, record_sink& sink) : recorder_(recorder), sink_(sink) {}

  void take(const event_header& record) override {
    recorder_.keep(record);
    sink_.take(record);
  }

private:
  recording_source& recorder_;
  record_sink& sink_;
};

recording_source::recording_source(std::unique_ptr<event_source> inner, chunk_sink chunks,
                                   loss_sink losses)
    : inner_(std::move(inner)), chunks_(std::move(chunks)), losses_(std::move(losses)) {
  chunk_.reserve(chunk_bytes);
}

recording_source::~recording_source() {
  hand_on();
  report_losses();
}

void recording_source::keep(const event_header& record) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&record);
  if (chunk_.size() + record.size > chunk_bytes)
    hand_on();
  chunk_.insert(chunk_.end(), bytes, bytes + record.size);
  ++chunk_records_;
}

void recording_source::hand_on() {
  if (chunk_.empty())
    return;
  const auto records = std::exchange(chunk_records_, 0);
  if (!chunks_(std::exchange(chunk_, {})))
    dropped_ += records;
  chunk_.reserve(chunk_bytes);
}

void recording_source::poll(std::chrono::milliseconds wait, record_sink& sink) {
  tee both{*this, sink};
  inner_->poll(wait, both);
}

bool recording_source::walk_processes(record_sink& sink) {
  tee both{*this, sink};
  return inner_->walk_processes(both);
}

void recording_source::scan_sockets(record_sink& sink) {
  tee both{*this, sink};
  inner_->scan_sockets(both);
}

void recording_source::walk_sockets(record_sink& sink) {
  tee both{*this, sink};
  inner_->walk_sockets(both);
  hand_on(); // At least once a tick what there is goes to the file.
  report_losses();
}

void recording_source::report_losses() {
  const auto now = losses();
  uint64_t sum = 0;
  for (const auto& x : now)
    sum += x.count;
  if (sum > std::exchange(reported_, sum))
    losses_(now);
}

void recording_source::set_ignored(cgroup_id cgroup, bool ignored) {
  inner_->set_ignored(cgroup, ignored);
}

std::vector<feature_status> recording_source::features() const {
  return inner_->features();
}

std::vector<loss_count> recording_source::losses() {
  auto result = inner_->losses();
  if (dropped_ != 0)
    result.push_back({"recorder", "no_credit", "any", dropped_});
  return result;
}

bool recording_source::lost_lifecycle() {
  return inner_->lost_lifecycle();
}

std::vector<map_usage> recording_source::map_usages() {
  return inner_->map_usages();
}

} // namespace troupe
