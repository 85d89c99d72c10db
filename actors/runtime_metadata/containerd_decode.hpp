// SPDX-License-Identifier: Apache-2.0
#pragma once

// From containerd's messages to ours: no I/O.

#include "actors/runtime_metadata/runtime_client.hpp"

#include <containerd.pb.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

/// Unix time; 0 where it was never set.
int64_t to_ns(const containerd::timestamp& time);

/// Whose containers live in a namespace: docker has one of its own.
runtime_kind runtime_of(std::string_view name_space);

/// What containerd stores about a container, with the details. Its state comes with its task, see
/// apply_task(); without one it is created: containerd forgets an exit with the task.
container_metadata to_metadata(const containerd::container_record& record,
                               const std::string& name_space);

/// What a pod's container has from the pod's sandbox: addresses, hostname, and whether namespaces
/// are the host's.
void join_pod(container_metadata& container, const container_metadata& sandbox);

/// The state of the container's init process.
void apply_task(container_metadata& metadata, const containerd::task_process& task);

/// Empty for events that change nothing we show, and for events that cannot be decoded.
std::optional<runtime_event> to_event(const containerd::envelope& envelope);

/// containerd tells the end of an init process twice: as it ends, and as its task is deleted. The
/// second time counts only where the first was lost.
class told_exits {
public:
  /// Whether this event of the envelope is news.
  bool is_news(const containerd::envelope& envelope, const runtime_event& event);

private:
  std::set<std::pair<std::string, std::string>> told_; ///< namespace and id
};

} // namespace troupe
