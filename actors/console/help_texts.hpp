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
  troupe trace exec -c web         every program that container web starts
  troupe trace tcp -o json | jq .  every TCP connection, as JSON lines
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

inline constexpr std::string_view trace = "Show what containers do, as it happens. Needs root.";
inline constexpr std::string_view trace_examples = R"(Examples:
  troupe trace exec                             every program any container starts
  troupe trace exit -c web                      how the processes of web end
  troupe trace tcp --timeout 10 -o json         ten seconds of connections, as JSON lines
  troupe trace oom                              who is killed for want of memory
  troupe trace tcp --list                       the fields of its events)";

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
  troupe top actors                             what the agent's own actors do
  troupe top actors --list                      what each field means)";

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

[[nodiscard]] std::string_view trace_summary(trace_kind kind);
[[nodiscard]] std::string_view trace_kind_examples(trace_kind kind);

} // namespace troupe::help
