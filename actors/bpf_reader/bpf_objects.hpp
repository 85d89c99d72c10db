// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console
//
// Loads and attaches the kernel side: one object a feature, each by itself, so that one that this
// kernel refuses turns one feature off and nothing else.

#include "messages/agent_status.hpp"
#include "messages/identity.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct bpf_link;
struct bpf_map;
struct bpf_object;
struct kernel_config;

namespace troupe {

class kernel_btf;

struct kernel_options {
  uint32_t ring_bytes = 1U << 20; ///< rounded up to a power of two, a page at least
  uint32_t wakeup_bytes = 64U << 10;
  /// The controller whose v1 hierarchy holds the containers; "" for the unified hierarchy.
  std::string cgroup_controller;
  /// For tests: no other cgroup's events; 0 for all.
  cgroup_id only_cgroup = 0;
  /// Capture what is said on connections.
  bool l7 = false;
  /// And count simple turns without telling each; see bpf/l7_turns.h.
  bool l7_turns = false;
  /// For tests: the one way to learn an accepted socket's owner that may be taken.
  std::string socket_owner_hook;
  /// For tests: the one way to capture that may be taken.
  std::string l7_hook;
};

/// An object in the kernel and what it is attached to; both end with this.
class bpf_feature {
public:
  bpf_feature(std::string name, bpf_object* object);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bpf_object* object() const { return object_.get(); }

  /// How long it took to verify, load and attach it.
  [[nodiscard]] std::chrono::nanoseconds load_time() const { return load_time_; }
  void took(std::chrono::nanoseconds x) { load_time_ = x; }

  /// The link of an iterator's program, to make iterators of; -1 when there is none.
  [[nodiscard]] int iterator_link_fd() const;

  /// Attaches every program. The reason why not, or nothing.
  std::string attach(int sockets_fd);
  /// Another feature's programs do its work from now on.
  void detach() { links_.clear(); }

private:
  struct close_object {
    void operator()(bpf_object* x) const;
  };
  struct destroy_link {
    void operator()(bpf_link* x) const;
  };

  std::string name_;
  std::unique_ptr<bpf_object, close_object> object_;
  std::vector<std::unique_ptr<bpf_link, destroy_link>> links_; // Detached before the object goes.
  bool iterator_ = false;
  std::chrono::nanoseconds load_time_{};
};

class bpf_objects {
public:
  explicit bpf_objects(const kernel_options& options);

  /// All features, on or off and why, in words for a user.
  [[nodiscard]] const std::vector<feature_status>& statuses() const { return statuses_; }

  /// Those that are on.
  [[nodiscard]] const std::vector<bpf_feature>& features() const { return features_; }

  [[nodiscard]] const bpf_feature* find(std::string_view feature) const;

  /// A map that several objects share ("events", "losses", ...); -1 when nothing could be loaded.
  [[nodiscard]] int map_fd(const char* name) const;

  /// A map of one feature; -1 when that is off.
  [[nodiscard]] int map_fd_of(std::string_view feature, const char* name) const;

  /// The shared maps, for their sizes.
  [[nodiscard]] std::vector<bpf_map*> shared_maps() const;

private:
  std::string load_maps(const kernel_options& options);
  std::string load(bpf_feature& feature, const kernel_config& config, const kernel_btf& types);
  [[nodiscard]] bool is_owner_by_kprobe() const;
  void leave_owners_to_l7();

  std::unique_ptr<bpf_feature> maps_;
  std::vector<bpf_feature> features_;
  std::vector<feature_status> statuses_;
};

/// Every feature, loaded and attached for a moment: what `troupe doctor` shows.
std::vector<feature_status> probe_features(const std::string& cgroup_controller);

} // namespace troupe
