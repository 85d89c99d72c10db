// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/event_fields.hpp"

#include <string_view>

namespace troupe::help {

// What `--help` says of each command: one sentence, and examples that work as they stand.

inline constexpr std::string_view program =
    "troupe watches the containers of this machine through eBPF.";
inline constexpr std::string_view program_examples = R"(Examples:
  troupe doctor                    can this machine run it, and what is off and why
  troupe list                      the containers that run now
  troupe inspect web               all that is known of container web
  troupe events                    containers start, end, are paused, run out of memory
  troupe trace exec -c web         every program that container web starts
  troupe trace tcp -o json | jq .  every TCP connection, as JSON lines
  troupe trace l7 --status failed  requests that fail, in every protocol
  troupe map --duration 10s        who talks to whom
  troupe top l7                    who makes and serves most requests
  troupe agent                     serve Prometheus metrics on 127.0.0.1:9912
  troupe top actors                what that agent itself is busy with

Settings come from flags, then TROUPE_* variables, then the --config file.
Exit codes: 0 done, 1 error, 2 usage, 3 this machine cannot, 4 events were lost.
'troupe COMMAND --help' tells more, with examples.)";

inline constexpr std::string_view agent =
    "Watch all containers and serve their metrics, until SIGTERM or Ctrl-C. Needs root.";
inline constexpr std::string_view agent_examples = R"(Examples:
  troupe agent                                  metrics on http://127.0.0.1:9912/metrics
  troupe agent --listen 0.0.0.0:9912            for a Prometheus on another machine
  troupe agent --config /etc/troupe.yaml        settings from a file
  TROUPE_LOG_LEVEL=debug troupe agent           any setting as a variable)";

inline constexpr std::string_view list =
    "List containers: what runs, since when, from which image.";
inline constexpr std::string_view list_examples = R"(Examples:
  troupe list                                   running and paused containers
  troupe list --all -o wide                     created and exited ones too, more columns
  troupe list -l app=shop -r docker             by label and runtime
  troupe list -o json | jq -r '.[].name'        for scripts
  troupe list --fields name,state,exit_code -a  these columns
  troupe list -w                                a line for every change)";

inline constexpr std::string_view ps = "List processes by the container that they run in.";
inline constexpr std::string_view ps_examples = R"(Examples:
  troupe ps                                     of all containers
  troupe ps -c web -o wide                      of one
  troupe ps -n shop --fields +cgroup,-ppid      of a namespace, other columns
  troupe ps --services                          of systemd's units too
  troupe ps --all                               every process, also those of no container
  troupe ps -o json | jq -r '.[] | select(.rss_bytes > 1e9) | .container_id'
  troupe ps --list                              what each field means)";

inline constexpr std::string_view inspect =
    "Show all that is known of a container: its runtime, kernel, processes and sockets.";
inline constexpr std::string_view inspect_examples = R"(Examples:
  troupe inspect web                            by name
  troupe inspect /k8s/shop/cart-0/app           by id, as in metrics
  troupe inspect 3f2a                           by the start of the runtime's id
  troupe inspect 4711                           by the pid of any process in it
  troupe inspect web --env                      with the values of its environment
  troupe inspect web db --fields listens,connections
  troupe inspect web -r podman                  podman's, where others have one of this name
  troupe inspect --pod cart-0                   all containers of a pod
  troupe inspect nginx.service                  a unit of systemd
  troupe inspect web -o json | jq '.[0].connections[].peer'
  troupe inspect --list                         what each field means)";

inline constexpr std::string_view trace = "Show what containers do, as it happens. Needs root.";
inline constexpr std::string_view trace_examples = R"(Examples:
  troupe trace exec                             every program any container starts
  troupe trace exit -c web                      how the processes of web end
  troupe trace tcp --timeout 10 -o json         ten seconds of connections, as JSON lines
  troupe trace oom                              who is killed for want of memory
  troupe trace l7 --status failed               requests that fail, in every protocol
  troupe trace dns                              which names are asked for
  troupe trace tcp --list                       the fields of its events)";

inline constexpr std::string_view events =
    "Show the life of containers as it happens, as the kernel shows it and as runtimes tell it.";
inline constexpr std::string_view events_examples = R"(Examples:
  troupe events                                 all containers
  troupe events -c web                          one container
  troupe events --event exited --event oom -o json | jq 'select(.exit_code != 0)'
  troupe events --source runtime                what the runtimes tell: needs no BPF
  troupe events --fields +image,+name           other than the usual columns
  troupe events --list                          what each field means

Of the kernel: created (a cgroup was made), started (the init process executed its program), exec
(a process was put beside it), exec_exited, oom, exited (the init process ended), gone (the last
cgroup was removed). Of runtimes: created, started, exec, exec_exited, oom, exited, paused, resumed,
renamed, health_changed, updated, removed.
DELAY stands on the second row of an event that both tell: how long after it happened in the kernel
the runtime told it. It is negative where the runtime was first: docker creates a container before
it makes a cgroup for it.
systemd's units are left out unless they are asked for: --services, -r systemd, -c nginx.service.
Without root, or on a kernel that is too old, runtimes are all that is asked.)";

inline constexpr std::string_view record =
    "Write what the kernel tells of containers to a file, for replay. Needs root.";
inline constexpr std::string_view record_examples = R"(Examples:
  troupe record -o node7.rec                    until Ctrl-C
  troupe record -o node7.rec --timeout 60       for a minute
  troupe record -o day.rec --max-size 100MiB --keep 5
                                                day.rec, then day.rec.1 to day.rec.5
  troupe record -o node7.rec --listen 127.0.0.1:9912
                                                and serve metrics meanwhile
  ssh node7 troupe record -o - --timeout 30 > node7.rec

A recording holds command lines, addresses and the runtimes' labels: treat it as a secret.)";

inline constexpr std::string_view replay =
    "Feed a recording to the same actors: no BPF, no root, any machine.";
inline constexpr std::string_view replay_examples = R"(Examples:
  troupe replay node7.rec                       as fast as it goes: what each container did
  troupe replay node7.rec -o json | jq .containers
  troupe replay node7.rec --listen 127.0.0.1:9912
                                                serve its metrics, until Ctrl-C
  troupe replay node7.rec --speed 1 --listen 127.0.0.1:9912
                                                at the pace it was recorded at
  ssh node7 troupe record -o - | troupe replay - --speed 1 --listen 127.0.0.1:9912)";

inline constexpr std::string_view top = "Show who does most, live.";
inline constexpr std::string_view top_examples = R"(Examples:
  troupe top l7                                 requests of containers: rates, errors, latencies
  troupe top actors                             what the agent's own actors do
  troupe top actors --list                      what each field means)";

inline constexpr std::string_view top_l7 =
    "Show who makes and serves most requests: rate, errors, p50, p95, p99. Needs root.";
inline constexpr std::string_view top_l7_examples = R"(Examples:
  troupe top l7                                 every second, until Ctrl-C
  troupe top l7 -c web --protocol http          what web serves and asks for over HTTP
  troupe top l7 --sort p99 --limit 10           the slowest
  troupe top l7 --once --interval 10 -o json | jq 'select(.failed > 0)'
  troupe top l7 --count 6 --interval 10 -o json a minute in six parts
  troupe top l7 --list                          what each field means

A request between two containers is in two rows: outbound of who asks, inbound of who answers.
Rates and P50, P95, P99 are over the last interval, TOTAL and FAILED since the start.)";

inline constexpr std::string_view map =
    "Show who talks to whom: containers, connections, requests. Needs root.";
inline constexpr std::string_view map_examples = R"(Examples:
  troupe map                                    until Ctrl-C, then the map
  troupe map --duration 10s                     of ten seconds
  troupe map -n shop --duration 1m              what the containers of a namespace have to do with
  troupe map --duration 10s --format dot | dot -Tsvg > map.svg
  troupe map --duration 10s --format json | jq -r '.edges[] | .client + " -> " + .server'
  troupe map --duration 10s --l7 false          connections only

What one container dials and another one accepts is one edge. Other ends are addresses, of this
machine or from outside. Connections that are older than the map are in it.)";

inline constexpr std::string_view top_actors =
    "Show what the actors of a running agent do: messages, mailboxes, credit, who hangs.";
inline constexpr std::string_view top_actors_examples = R"(Examples:
  troupe top actors                             of the agent on this machine, every second
  troupe top actors --agent 127.0.0.1:9000      of one that listens elsewhere
  troupe top actors -n 10 --interval 5          ten tables, five seconds each
  troupe top actors -n 1 -o json | jq -c 'select(.state == "no_answer")'
  troupe top actors --fields actor,mailbox,credit_used
  troupe top actors --list                      what each field means

MESSAGES/S and BATCHES/S are over the last interval; who does not answer stands first.)";

inline constexpr std::string_view doctor =
    "Say whether this machine can run troupe, what is off, and why.";
inline constexpr std::string_view doctor_examples = R"(Examples:
  troupe doctor                                 kernel, features, capabilities, runtimes
  troupe doctor -o json | jq .features          for scripts
  troupe doctor --cgroup /docker/0123abcd...    why is my container not named?)";

inline constexpr std::string_view version = "Say which version this is.";
inline constexpr std::string_view version_examples = R"(Examples:
  troupe version
  troupe version -o json)";

inline constexpr std::string_view completion = "Print a shell's completion script.";
inline constexpr std::string_view completion_examples = R"(Examples:
  source <(troupe completion bash)              for this shell
  troupe completion bash > /etc/bash_completion.d/troupe
  troupe completion zsh > /usr/local/share/zsh/site-functions/_troupe
  troupe completion fish > ~/.config/fish/completions/troupe.fish

Names of containers, pods and namespaces are completed too: troupe is asked for them.)";

[[nodiscard]] std::string_view trace_summary(trace_kind kind);
[[nodiscard]] std::string_view trace_kind_examples(trace_kind kind);

} // namespace troupe::help
