// SPDX-License-Identifier: Apache-2.0
#pragma once

// From containerd's messages to ours: no I/O.

#include "actors/runtime_metadata/runtime_client.hpp"

#include <containerd.pb.h>

#include <optional>
#include <string>

namespace troupe {

/// What containerd stores about a container. Its state comes with its task, see apply_task();
/// without one it is created: containerd forgets an exit with the task.
container_metadata to_metadata(const containerd::container_record& record,
                               const std::string& name_space);

/// The state of the container's init process.
void apply_task(container_metadata& metadata, const containerd::task_process& task);

/// Empty for events that change nothing we show, such as the exit of an exec'ed process, and for
/// events that cannot be decoded.
std::optional<runtime_event> to_event(const containerd::envelope& envelope);

} // namespace troupe
