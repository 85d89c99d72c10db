// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every typed actor interface of troupe. docs/ARCHITECTURE.md has the picture.

#include "messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

/// Whoever sends batches and waits for leave to send more.
using credit_actor = caf::typed_actor<
    // The container took a batch in.
    caf::reacts_to<credit>>;

/// Whoever gathers snapshots.
using snapshot_sink_actor = caf::typed_actor<
    // A container's answer to collect.
    caf::reacts_to<collected>>;

/// Whoever knows where connections really go.
using translator_actor = caf::typed_actor<
    // Looks them up; may take its time, and may fail.
    caf::replies_to<nat_questions>::with<nat_answers>>;

/// A CONTAINER keeps all state of one container. It does no I/O, and waits for nobody: what needs
/// an answer is put aside until it comes.
using container_actor = caf::typed_actor<
    // Takes a batch in, then grants its producer one credit at high priority.
    caf::reacts_to<event_batch, credit_actor>,
    // Who it is; sent again when that changes.
    caf::reacts_to<container_named>,
    // It has a further cgroup, perhaps after a restart.
    caf::reacts_to<cgroup_joined>,
    // One of its cgroups is gone.
    caf::reacts_to<cgroup_left>,
    // Answers the sink with a snapshot.
    caf::reacts_to<collect, snapshot_sink_actor>,
    // Drops what is too old: closed connections, idle destinations.
    caf::reacts_to<tick>,
    // The reader has nothing more for it: hands its state to the container that comes along (sends
    // container_inheritance), and ends.
    caf::reacts_to<route_changed, caf::typed_actor<caf::reacts_to<container_inheritance>>>,
    // Holds batches back until that state comes.
    caf::reacts_to<inheritance_announced>,
    // Takes over the state of a provisional container that turned out to be this one.
    caf::reacts_to<container_inheritance>,
    // The console printed a batch.
    caf::reacts_to<credit>,
    // Whom to ask where its connections really go; without one they go where they say.
    caf::reacts_to<translator_actor>>;

/// The BPF_READER owns the BPF objects, the ring and the routes. It never waits for an answer.
using bpf_reader_actor = caf::typed_actor<
    // Drains the ring once and sends what came; restarts itself.
    caf::reacts_to<drain>,
    // The clock: runs the socket iterator, reads the kernel's loss counters.
    caf::reacts_to<tick>,
    // A container may get more batches.
    caf::reacts_to<credit>,
    // Events of this cgroup go to this container; what was pending for the cgroup goes first.
    // Answers the registry with route_changed.
    caf::reacts_to<route_cgroup, container_actor>,
    // Events of this cgroup are not wanted.
    caf::reacts_to<ignore_cgroup>,
    // The cgroup is gone for good.
    caf::reacts_to<unroute_cgroup>,
    // Features, counts, losses, map sizes.
    caf::replies_to<get_status>::with<reader_status>>;

/// Whoever captures what is said on connections.
using capturer_actor = caf::typed_actor<
    // A container has found out what is spoken.
    caf::reacts_to<capture_orders>>;

/// bpf_reader as its containers know it that understand what is said.
using capturing_reader_actor = bpf_reader_actor::extend_with<capturer_actor>;

/// The sink of runtime metadata.
using metadata_sink_actor = caf::typed_actor<
    // A runtime said who a container is, or that something about it changed.
    caf::reacts_to<container_resolved>>;

/// The RUNTIME_METADATA actor knows the container runtimes of this machine.
using runtime_metadata_actor = caf::typed_actor<
    // Answers the sink with container_resolved: once found, and again on every change.
    caf::reacts_to<resolve_container, metadata_sink_actor>,
    // The container is gone: no more retries, no more updates.
    caf::reacts_to<abandon_container>,
    // Every container that the runtimes list now.
    caf::replies_to<list_all>::with<runtime_listing>,
    // Health of every endpoint.
    caf::replies_to<get_status>::with<std::vector<runtime_status>>>;

/// Whoever wants to know of every change of every container.
using container_observer_actor = caf::typed_actor<
    // What happened, or what was there already.
    caf::reacts_to<container_change>,
    // How the endpoints are, at first and whenever one of them answers again or no longer.
    caf::reacts_to<std::vector<runtime_status>>>;

/// runtime_metadata as the commands know it that show what happens to containers.
using observable_metadata_actor = runtime_metadata_actor::extend<
    // Tells the observer of every container and every change, until it ends.
    caf::reacts_to<observe_containers, container_observer_actor>>;

/// The HOST reads from the machine whatever may block. Detached.
using host_actor = caf::typed_actor<
    // What the machine says of itself.
    caf::replies_to<get_node_info>::with<node_info>,
    // A walk through cgroupfs.
    caf::replies_to<scan_cgroups>::with<cgroup_listing>,
    // The path of one cgroup, or ec::unknown_cgroup.
    caf::replies_to<cgroup_unknown>::with<cgroup_found>>;

/// The host as the containers know it that ask where their connections go.
using translating_host_actor = host_actor::extend_with<translator_actor>;

/// Where the command line shows traced events. Detached: a terminal may block.
using console_actor = caf::typed_actor<
    // Prints a batch, then grants the container one credit.
    caf::reacts_to<trace_batch, credit_actor>>;

/// The console as the command that started it knows it.
using trace_console_actor = console_actor::extend<
    // What was printed so far.
    caf::replies_to<get_status>::with<console_status>>;

/// The RECORDER writes what it is sent to a file. Detached: a disk may be slow.
using recorder_actor = caf::typed_actor<
    // The source was opened (again): begins the file.
    caf::reacts_to<recording_started>,
    // Records; gives their place in the window back when they are written.
    caf::reacts_to<recording_chunk>,
    // A walk through cgroupfs. Records are kept back until the first one came.
    caf::reacts_to<cgroup_listing>,
    // What a runtime said.
    caf::reacts_to<recorded_metadata>,
    // What is missing.
    caf::reacts_to<recording_losses>,
    // Who sends the records: the recording ends when it does.
    caf::reacts_to<bpf_reader_actor>,
    // Its own deadlines: of the first walk, and of the end.
    caf::reacts_to<tick>,
    // How far it is.
    caf::replies_to<get_status>::with<recorder_status>>;

/// The host of a replay: it knows the cgroups that the recording has told of.
using replay_host_actor = host_actor::extend<
    // From the recording.
    caf::reacts_to<cgroup_listing>>;

/// The runtimes of a replay: they answer what they answered then.
using replay_metadata_actor = runtime_metadata_actor::extend<
    // From the recording.
    caf::reacts_to<recorded_metadata>>;

/// The REGISTRY knows which containers exist. No I/O.
using registry_actor = caf::typed_actor<
    // A cgroup was made, or a walk found it.
    caf::reacts_to<cgroup_found>,
    // The result of a walk.
    caf::reacts_to<cgroup_listing>,
    // An event came from a cgroup without a path: asks the host.
    caf::reacts_to<cgroup_unknown>,
    // A cgroup was removed.
    caf::reacts_to<cgroup_removed>,
    // bpf_reader switched a route: a provisional container without any can hand over.
    caf::reacts_to<route_changed>,
    // A runtime said who a container is.
    caf::reacts_to<container_resolved>,
    // Whose the node's pods are.
    caf::reacts_to<pod_workloads>,
    // bpf_reader was started (again): send it all routes, walk. The same one again: it lost
    // lifecycle events, perhaps of cgroups: walk.
    caf::reacts_to<bpf_reader_actor>,
    // runtime_metadata was started (again): ask it all open questions.
    caf::reacts_to<runtime_metadata_actor>,
    // The host was started (again): ask it what it did not answer.
    caf::reacts_to<host_actor>,
    // The clock: retire, name by fallback.
    caf::reacts_to<tick>,
    // Sends collect on to every container for the sink, and answers with how many there are.
    caf::replies_to<collect, snapshot_sink_actor>::with<uint64_t>,
    // For tests and /debug/actors.
    caf::replies_to<get_status>::with<registry_status>>;

/// KUBERNETES_WORKLOADS asks the kubelet or the API server whose the node's pods are, and tells the
/// registry. Detached: it waits for a network. Off unless somebody wants it.
using kubernetes_workloads_actor = caf::typed_actor<
    // Goes on with its call, or begins the next one; restarts itself.
    caf::reacts_to<tick>,
    // The registry was started (again): tells it what is known.
    caf::reacts_to<registry_actor>>;

/// Whoever wants to know that time goes on.
using tick_target_actor = caf::typed_actor<
    // The clock.
    caf::reacts_to<tick>>;

/// The GC_TICKER is the clock of the others.
using gc_ticker_actor = caf::typed_actor<
    // Sends tick to everybody, then to itself after the interval.
    caf::reacts_to<tick>,
    // One more target; one that ended is forgotten.
    caf::reacts_to<tick_target_actor>>;

/// The SUPERVISOR starts and restarts all others.
using supervisor_actor = caf::typed_actor<
    // A restart that had to wait is due.
    caf::reacts_to<tick>,
    // For /readyz and /debug/actors.
    caf::replies_to<get_status>::with<troupe_status>>;

/// Who is who at this moment. The supervisor sends it to those that ask the others (exporter) when
/// they start, and again after every restart. A handle may be invalid or dead in between: a request
/// to it fails, which its sender has to expect anyway.
struct troupe_directory {
  host_actor host;
  runtime_metadata_actor runtime_metadata;
  registry_actor registry;
  bpf_reader_actor bpf_reader;
  supervisor_actor supervisor;
};

/// The EXPORTER gathers snapshots for a scrape, under a deadline.
using exporter_actor = caf::typed_actor<
    // Gathers, then answers the HTTP thread; what did not come in time is served from the last
    // scrape.
    caf::replies_to<scrape>::with<scrape_result>,
    // A container's snapshot.
    caf::reacts_to<collected>,
    // Its own deadline for the scrape with this id.
    caf::reacts_to<collect>,
    // Whom to ask from now on.
    caf::reacts_to<troupe_directory>>;

} // namespace troupe
