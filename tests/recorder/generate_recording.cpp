// SPDX-License-Identifier: Apache-2.0
// A recording of any size, for benchmarks and soaks: what a machine with so many containers would
// have given. The same options make the same bytes.

#include "actors/recorder/generator.hpp"
#include "actors/recorder/recording_log.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <csignal>
#include <cstdio>
#include <map>
#include <string>

namespace troupe {

namespace {

constexpr size_t chunk_bytes = 256U << 10;

recorded_metadata metadata_of(const generator::change& x) {
  recorded_metadata result;
  result.answer = generator::metadata_of(generator::runtime_id(x.container));
  result.asked.kind = cgroup_kind::container;
  result.asked.runtime = runtime_kind::docker;
  result.asked.id = result.answer.id;
  result.removed = x.removed;
  return result;
}

int generate(const std::string& path, const generator_options& options) {
  generator made{options};
  recording_log log{path, {}};
  recording_description description;
  description.agent_version = "generated";
  description.started_boottime_ns = generator::started_boottime_ns;
  description.features = {{"process", true, ""}, {"socket", true, ""}};
  log.begin(description);
  log.add(cgroup_listing{made.cgroups(), true});
  for (uint64_t n = 0; n < made.containers_made(); ++n)
    log.add(metadata_of({n, false}));
  for (bool more = true; more && log.status().error.empty();) {
    recording_chunk chunk;
    chunk.records.reserve(chunk_bytes);
    more = made.next(chunk.records, chunk_bytes - sizeof(event_header) - EVENT_PATH_MAX);
    log.add(std::move(chunk));
    for (const auto& x : made.take_changes())
      log.add(metadata_of(x));
  }
  log.finish();
  if (!log.status().error.empty()) {
    std::fprintf(stderr, "troupe_generate_recording: %s\n", log.status().error.c_str());
    return 1;
  }
  std::fprintf(stderr, "%llu records, %llu containers, %llu connects\n",
               static_cast<unsigned long long>(made.records_made()),
               static_cast<unsigned long long>(made.containers_made()),
               static_cast<unsigned long long>(made.connects()));
  return 0;
}

} // namespace

} // namespace troupe

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Makes a recording up."};
  std::string path;
  troupe::generator_options options;
  app.add_option("-o,--output", path, "where to; - is stdout")->required();
  const std::map<std::string, troupe::generated_load> loads{
      {"connections", troupe::generated_load::connections},
      {"progress", troupe::generated_load::progress},
      {"requests", troupe::generated_load::requests},
      {"processes", troupe::generated_load::processes},
      {"cgroups", troupe::generated_load::cgroups}};
  app.add_option("--load", options.load, "what the records tell of")
      ->transform(CLI::CheckedTransformer(loads));
  app.add_option("--containers", options.containers, "that are there at a time");
  app.add_option("--connections", options.connections_open, "of each container at a time");
  app.add_option("--destinations", options.destinations, "that each container talks to");
  app.add_option("--records", options.records, "in all, about");
  app.add_option("--rate", options.events_per_second, "records a second of recorded time");
  app.add_option("--churn", options.churn_per_second, "containers replaced a second");
  CLI11_PARSE(app, argc, argv);
  return troupe::generate(path == "-" ? "/dev/stdout" : path, options);
}
