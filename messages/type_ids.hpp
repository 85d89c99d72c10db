// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/agent_status.hpp"
#include "messages/control.hpp"
#include "messages/errors.hpp"
#include "messages/event_batch.hpp"
#include "messages/host.hpp"
#include "messages/nat.hpp"
#include "messages/recording.hpp"
#include "messages/runtime.hpp"
#include "messages/snapshot.hpp"
#include "messages/trace_event.hpp"
#include "messages/workloads.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/type_id.hpp>

namespace troupe {
struct troupe_directory; // It holds actor handles: defined in messages/actors.hpp.
}

CAF_BEGIN_TYPE_ID_BLOCK(troupe, first_custom_type_id)

CAF_ADD_TYPE_ID(troupe, (troupe::ec))
CAF_ADD_TYPE_ID(troupe, (troupe::process_id))
CAF_ADD_TYPE_ID(troupe, (troupe::cgroup_identity))
CAF_ADD_TYPE_ID(troupe, (troupe::tick))
CAF_ADD_TYPE_ID(troupe, (troupe::drain))
CAF_ADD_TYPE_ID(troupe, (troupe::get_status))
CAF_ADD_TYPE_ID(troupe, (troupe::list_all))
CAF_ADD_TYPE_ID(troupe, (troupe::get_node_info))
CAF_ADD_TYPE_ID(troupe, (troupe::scan_cgroups))
CAF_ADD_TYPE_ID(troupe, (troupe::scrape))
CAF_ADD_TYPE_ID(troupe, (troupe::credit))
CAF_ADD_TYPE_ID(troupe, (troupe::event_batch))
CAF_ADD_TYPE_ID(troupe, (troupe::trace_batch))
CAF_ADD_TYPE_ID(troupe, (troupe::route_cgroup))
CAF_ADD_TYPE_ID(troupe, (troupe::ignore_cgroup))
CAF_ADD_TYPE_ID(troupe, (troupe::unroute_cgroup))
CAF_ADD_TYPE_ID(troupe, (troupe::route_changed))
CAF_ADD_TYPE_ID(troupe, (troupe::cgroup_unknown))
CAF_ADD_TYPE_ID(troupe, (troupe::cgroup_removed))
CAF_ADD_TYPE_ID(troupe, (troupe::cgroup_joined))
CAF_ADD_TYPE_ID(troupe, (troupe::cgroup_left))
CAF_ADD_TYPE_ID(troupe, (troupe::container_named))
CAF_ADD_TYPE_ID(troupe, (troupe::capture_orders))
CAF_ADD_TYPE_ID(troupe, (troupe::inheritance_announced))
CAF_ADD_TYPE_ID(troupe, (troupe::container_inheritance))
CAF_ADD_TYPE_ID(troupe, (troupe::collect))
CAF_ADD_TYPE_ID(troupe, (troupe::collected))
CAF_ADD_TYPE_ID(troupe, (troupe::scrape_result))
CAF_ADD_TYPE_ID(troupe, (troupe::registry_status))
CAF_ADD_TYPE_ID(troupe, (troupe::resolve_container))
CAF_ADD_TYPE_ID(troupe, (troupe::abandon_container))
CAF_ADD_TYPE_ID(troupe, (troupe::container_resolved))
CAF_ADD_TYPE_ID(troupe, (troupe::observe_containers))
CAF_ADD_TYPE_ID(troupe, (troupe::container_change))
CAF_ADD_TYPE_ID(troupe, (troupe::runtime_listing))
CAF_ADD_TYPE_ID(troupe, (troupe::pod_workloads))
CAF_ADD_TYPE_ID(troupe, (std::vector<troupe::runtime_status>))
CAF_ADD_TYPE_ID(troupe, (troupe::node_info))
CAF_ADD_TYPE_ID(troupe, (troupe::cgroup_found))
CAF_ADD_TYPE_ID(troupe, (troupe::cgroup_listing))
CAF_ADD_TYPE_ID(troupe, (troupe::reader_status))
CAF_ADD_TYPE_ID(troupe, (troupe::troupe_status))
CAF_ADD_TYPE_ID(troupe, (troupe::troupe_directory))
CAF_ADD_TYPE_ID(troupe, (troupe::console_status))
CAF_ADD_TYPE_ID(troupe, (troupe::recording_started))
CAF_ADD_TYPE_ID(troupe, (troupe::recording_chunk))
CAF_ADD_TYPE_ID(troupe, (troupe::recording_losses))
CAF_ADD_TYPE_ID(troupe, (troupe::recorded_metadata))
CAF_ADD_TYPE_ID(troupe, (troupe::recorder_status))
CAF_ADD_TYPE_ID(troupe, (troupe::nat_questions))
CAF_ADD_TYPE_ID(troupe, (troupe::nat_answers))

CAF_END_TYPE_ID_BLOCK(troupe)

// These stay in the process: they are never serialised.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::event_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::trace_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::capture_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::container_named)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::container_inheritance)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::collected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::scrape_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::container_resolved)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::container_change)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::runtime_listing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::pod_workloads)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<troupe::runtime_status>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cgroup_listing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::reader_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::troupe_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::troupe_directory)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::console_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::recording_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::recording_chunk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::recording_losses)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::recorded_metadata)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::recorder_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::nat_questions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::nat_answers)

namespace troupe {

/// An error of ours as CAF carries it.
inline caf::error make_error(ec code, std::string message) {
  return {static_cast<uint8_t>(code), caf::atom("troupe"), caf::make_message(std::move(message))};
}

} // namespace troupe
