// SPDX-License-Identifier: Apache-2.0

#include "actors/registry/registry.hpp"

#include "actors/registry/registry_table.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <utility>

namespace troupe {

namespace {

using pointer = gauged_pointer<registry_actor, registry_state>;
using heir_actor = caf::typed_actor<caf::reacts_to<container_inheritance>>;

/// The host reads cgroupfs for one question after the other.
constexpr std::chrono::seconds walk_timeout{60};
constexpr std::chrono::seconds lookup_timeout{30};
constexpr size_t lookups_max = 64;

bool is(const caf::error& error, ec code) {
  return error.category() == caf::atom("troupe") && error.code() == static_cast<uint8_t>(code);
}

} // namespace

/// Carries out the table's orders: the only part that knows actors.
class registry_work final : public registry_orders {
public:
  registry_work(pointer self, const settings& options, container_factory make_container)
      : table(options, *this),
        self_(self),
        make_container_(std::move(make_container)),
        translate_(options.nat),
        fallback_name_after_(options.fallback_name_after) {}

  ~registry_work();
  registry_work(const registry_work&) = delete;
  registry_work& operator=(const registry_work&) = delete;

  void start(container_key key) override;
  void end(container_key key) override;
  void tell(container_key key, const cgroup_joined& x) override { send_to(key, x); }
  void tell(container_key key, const cgroup_left& x) override { send_to(key, x); }
  void tell(container_key key, const container_named& x) override { send_to(key, x); }
  void announce(container_key from, container_key to) override {
    send_to(to, inheritance_announced{from});
  }
  void hand_over(container_key from, container_key to) override;
  void release(container_key from, container_key to) override {
    send_to(to, container_inheritance{from, nullptr});
  }
  void route(cgroup_id cgroup, container_key key) override;
  void ignore(cgroup_id cgroup, bool standalone) override;
  void unroute(cgroup_id cgroup) override;
  void ask(container_key question, const cgroup_identity& identity) override;
  void abandon(container_key question) override;
  void look_up(cgroup_id cgroup) override;

  void set_reader(const bpf_reader_actor& reader);
  void set_metadata(const runtime_metadata_actor& metadata);
  void set_host(const host_actor& host);
  void down(const caf::down_msg& down);
  void tick();
  void fallback_due();
  uint64_t collect_all(const collect& asked, const snapshot_sink_actor& sink);
  registry_status status() const;
  auto now() const { return self_->clock().now(); }

  registry_table table;

private:
  template <class Message>
  void send_to(container_key key, const Message& message) {
    if (auto i = containers_.find(key); i != containers_.end())
      self_->send(i->second, message);
  }
  void arm_fallback(std::chrono::nanoseconds wait);
  void walk();
  void looked_up(cgroup_id cgroup);

  pointer self_;
  container_factory make_container_;
  bool translate_;
  host_actor host_;
  translator_actor translator_; ///< the host, where containers may ask it
  runtime_metadata_actor metadata_;
  bpf_reader_actor reader_;
  std::unordered_map<container_key, container_actor> containers_;
  std::unordered_map<caf::actor_addr, container_key> keys_;
  std::unordered_set<cgroup_id> asking_host_;
  uint64_t reader_generation_ = 0; ///< a walk counts for the reader that gave rise to it
  std::chrono::milliseconds fallback_name_after_;
  bool fallback_armed_ = false;
  bool walk_wanted_ = false;
  bool walking_ = false;
  bool walked_ = false;
};

registry_work::~registry_work() {
  for (const auto& [key, handle] : containers_)
    caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
}

void registry_work::start(container_key key) {
  auto handle = make_container_(self_->system(), key);
  if (!handle)
    return; // Orders for it go nowhere.
  self_->monitor(handle);
  if (translator_) // Before its first batch.
    self_->send(handle, translator_);
  keys_.insert_or_assign(handle.address(), key);
  containers_.insert_or_assign(key, std::move(handle));
  if (!fallback_armed_)
    arm_fallback(fallback_name_after_);
}

void registry_work::end(container_key key) {
  const auto found = containers_.find(key);
  if (found == containers_.end())
    return;
  self_->demonitor(found->second.address());
  keys_.erase(found->second.address());
  // An exit message waits its turn behind the batches that are in the mailbox already.
  self_->send_exit(found->second, caf::exit_reason::user_shutdown);
  containers_.erase(found);
}

void registry_work::hand_over(container_key from, container_key to) {
  const auto old = containers_.find(from);
  const auto heir = containers_.find(to);
  if (old == containers_.end())
    return table.handed_over(from); // It was given up.
  if (heir != containers_.end())
    self_->send(old->second, route_changed{0, to}, heir_actor{heir->second});
}

void registry_work::route(cgroup_id cgroup, container_key key) {
  const auto found = containers_.find(key);
  if (reader_ && found != containers_.end())
    self_->send(reader_, route_cgroup{cgroup, key}, found->second);
}

void registry_work::ignore(cgroup_id cgroup, bool standalone) {
  if (reader_)
    self_->send(reader_, ignore_cgroup{cgroup, standalone});
}

void registry_work::unroute(cgroup_id cgroup) {
  if (reader_)
    self_->send(reader_, unroute_cgroup{cgroup});
}

void registry_work::ask(container_key question, const cgroup_identity& identity) {
  if (metadata_)
    self_->send(metadata_, resolve_container{question, identity}, metadata_sink_actor{self_});
}

void registry_work::abandon(container_key question) {
  if (metadata_)
    self_->send(metadata_, abandon_container{question});
}

void registry_work::look_up(cgroup_id cgroup) {
  // What is not asked now, a later tick or the last answer asks.
  if (!host_ || asking_host_.size() >= lookups_max || !asking_host_.insert(cgroup).second)
    return;
  self_->request(host_, lookup_timeout, cgroup_unknown{cgroup})
      .then(
          [this, cgroup](const cgroup_found& found) {
            table.found(found, now());
            looked_up(cgroup);
          },
          [this, cgroup](const caf::error& error) {
            if (is(error, ec::unknown_cgroup))
              table.not_found(cgroup, now());
            else
              spdlog::warn("registry lookup-failed path of cgroup {}: {}", cgroup, describe(error));
            asking_host_.erase(cgroup); // Without an answer the next tick asks again.
          });
}

void registry_work::looked_up(cgroup_id cgroup) {
  asking_host_.erase(cgroup);
  if (asking_host_.empty())
    table.replay_lookups();
}

void registry_work::walk() {
  if (!host_ || walking_ || !walk_wanted_)
    return;
  walking_ = true;
  walk_wanted_ = false;
  table.walk_begins();
  self_->request(host_, walk_timeout, scan_cgroups{})
      .then(
          [this, generation = reader_generation_](const cgroup_listing& listing) {
            walking_ = false;
            table.listed(listing, now());
            walked_ = walked_ || generation == reader_generation_;
            walk();
          },
          [this](const caf::error& error) {
            walking_ = false;
            walk_wanted_ = true;
            spdlog::warn("registry walk-failed {}; tried again at the next tick", describe(error));
          });
}

void registry_work::set_reader(const bpf_reader_actor& reader) {
  if (!reader)
    return;
  walk_wanted_ = true;
  if (reader != reader_) {
    reader_ = reader;
    self_->monitor(reader_);
    ++reader_generation_;
    walked_ = false;
    table.reader_replaced(now());
    table.replay_routes();
  }
  walk();
}

void registry_work::set_metadata(const runtime_metadata_actor& metadata) {
  metadata_ = metadata;
  table.replay_questions();
}

void registry_work::set_host(const host_actor& host) {
  host_ = host;
  if (translate_ && host_) {
    // Known here by another part of its interface.
    translator_ = caf::actor_cast<translator_actor>(host_);
    for (const auto& [key, handle] : containers_)
      self_->send(handle, translator_);
  }
  table.replay_lookups();
  walk();
}

void registry_work::down(const caf::down_msg& down) {
  if (reader_ && reader_.address() == down.source) {
    reader_ = bpf_reader_actor{};
    walked_ = false;
    return;
  }
  const auto found = keys_.find(down.source);
  if (found == keys_.end())
    return;
  const auto key = found->second;
  keys_.erase(found);
  containers_.erase(key);
  if (!down.reason)
    return table.handed_over(key);
  spdlog::warn("registry container-failed container {}: {}", key, describe(down.reason));
  table.container_failed(key);
}

/// The common tick would be late by up to its interval, and a trace waits for the name.
void registry_work::arm_fallback(std::chrono::nanoseconds wait) {
  fallback_armed_ = true;
  self_->delayed_send(registry_actor{self_}, wait, troupe::tick{});
}

void registry_work::fallback_due() {
  fallback_armed_ = false;
  table.tick(now());
  if (auto next = table.next_fallback(now()))
    arm_fallback(*next - now());
}

void registry_work::tick() {
  table.tick(now());
  walk();
  for (const auto& [key, handle] : containers_)
    self_->send(handle, troupe::tick{});
}

uint64_t registry_work::collect_all(const collect& asked, const snapshot_sink_actor& sink) {
  uint64_t count = 0;
  for (auto key : table.containers(now()))
    if (auto i = containers_.find(key); i != containers_.end()) {
      self_->send(i->second, asked, sink);
      ++count;
    }
  return count;
}

registry_status registry_work::status() const {
  auto result = table.status();
  result.walked = walked_;
  return result;
}

registry_state::registry_state() = default;
registry_state::~registry_state() = default;

registry_actor::behavior_type registry(pointer self, const settings& options,
                                       const host_actor& host,
                                       const runtime_metadata_actor& metadata,
                                       container_factory make_container) {
  install_defaults(self, "registry");
  self->state.work = std::make_unique<registry_work>(self, options, std::move(make_container));
  auto* work = self->state.work.get(); // Lives as long as the behavior.
  work->set_host(host);
  work->set_metadata(metadata);
  self->set_down_handler([work](const caf::down_msg& down) { work->down(down); });
  return {
      [work](const cgroup_found& x) { work->table.found(x, work->now()); },
      [work](const cgroup_listing& x) { work->table.listed(x, work->now()); },
      [work](const cgroup_unknown& x) { work->table.unknown(x.cgroup); },
      [work](const cgroup_removed& x) { work->table.removed(x, work->now()); },
      [work](const route_changed& x) { work->table.route_confirmed(x); },
      [work](const container_resolved& x) { work->table.resolved(x, work->now()); },
      [work](const pod_workloads& x) { work->table.set_workloads(x); },
      [work](const bpf_reader_actor& reader) { work->set_reader(reader); },
      [work](const runtime_metadata_actor& x) { work->set_metadata(x); },
      [work](const host_actor& x) { work->set_host(x); },
      [self, work](const tick&) {
        if (self->current_sender() == self->ctrl())
          work->fallback_due();
        else
          work->tick();
      },
      [work](const collect& asked, const snapshot_sink_actor& sink) {
        return work->collect_all(asked, sink);
      },
      [work](const get_status&) { return work->status(); },
  };
}

} // namespace troupe
