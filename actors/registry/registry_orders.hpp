// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/control.hpp"

namespace troupe {

/// What the registry's table wants to be done. The actor makes messages of it; orders are carried
/// out in the order in which they come.
class registry_orders {
public:
  /// Starts the container actor of this key.
  virtual void start(container_key key) = 0;
  /// Ends it, after all that was sent to it before.
  virtual void end(container_key key) = 0;
  /// Tells the container something.
  virtual void tell(container_key key, const cgroup_joined& joined) = 0;
  virtual void tell(container_key key, const cgroup_left& left) = 0;
  virtual void tell(container_key key, const container_named& named) = 0;
  /// Tells `to` to wait for the state of `from`.
  virtual void announce(container_key from, container_key to) = 0;
  /// `from` gives its state to `to` and ends.
  virtual void hand_over(container_key from, container_key to) = 0;
  /// Tells `to` that from `from` nothing comes any more.
  virtual void release(container_key from, container_key to) = 0;

  /// To bpf_reader.
  virtual void route(cgroup_id cgroup, container_key key) = 0;
  virtual void ignore(cgroup_id cgroup, bool standalone) = 0;
  virtual void unroute(cgroup_id cgroup) = 0;

  /// To runtime_metadata.
  virtual void ask(container_key question, const cgroup_identity& identity) = 0;
  virtual void abandon(container_key question) = 0;

  /// To the host: the path of a cgroup.
  virtual void look_up(cgroup_id cgroup) = 0;

protected:
  ~registry_orders() = default;
};

} // namespace troupe
