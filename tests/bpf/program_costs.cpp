// SPDX-License-Identifier: Apache-2.0
// Not a test: what the programs cost. Nanoseconds a run by the kernel's own count, what the
// verifier had to look at, how long each object took to load, and work over loopback with and
// without them. Needs root.

#include "actors/bpf_reader/kernel_source.hpp"
#include "tests/bpf/cost_report.hpp"
#include "tests/bpf/tcp_pair.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

using namespace troupe;

namespace {

struct counting_sink final : record_sink {
  void take(const event_header&) override { ++count; }
  uint64_t count = 0;
};

/// Says of each connection, at its first word, how much of it is wanted, as a container does.
class deciding_sink final : public record_sink {
public:
  explicit deciding_sink(kernel_source& source) : source_{source} {}

  void take(const event_header& record) override {
    if (record.kind != EVENT_L7_CHUNK)
      return;
    const auto cookie = reinterpret_cast<const l7_chunk&>(record).socket_cookie;
    l7_verdict verdict{};
    verdict.bytes[0] = verdict.bytes[1] = 16384;
    if (known_.insert(cookie).second)
      source_.set_verdict(cookie, verdict);
  }

private:
  kernel_source& source_;
  std::unordered_set<uint64_t> known_;
};

/// Reads as the agent does, in a thread of its own.
class background_reader {
public:
  explicit background_reader(kernel_source& source)
      : thread_{[this, &source] {
          deciding_sink sink{source};
          while (!ended_)
            source.poll(std::chrono::milliseconds{20}, sink);
        }} {}
  ~background_reader() {
    ended_ = true;
    thread_.join();
  }
  background_reader(const background_reader&) = delete;
  background_reader& operator=(const background_reader&) = delete;

private:
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

/// CPU time of this thread and of the children that it waited for: other load does not count.
double cpu_ns() {
  double result = 0;
  for (auto who : {RUSAGE_THREAD, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const auto& x : {usage.ru_utime, usage.ru_stime})
      result += static_cast<double>(x.tv_sec) * 1e9 + static_cast<double>(x.tv_usec) * 1e3;
  }
  return result;
}

/// CPU nanoseconds of a send and a receive on both ends, in one thread: no scheduler in it.
template <size_t Bytes = 1>
double ping_pong_ns() {
  constexpr int rounds = 50'000;
  const tcp_listener listener;
  const tcp_pair pair{listener};
  const auto begin = cpu_ns();
  for (int i = 0; i < rounds; ++i) {
    pair.client.send_bytes(Bytes);
    pair.server.receive_bytes(Bytes);
    pair.server.send_bytes(Bytes);
    pair.client.receive_bytes(Bytes);
  }
  return (cpu_ns() - begin) / rounds;
}

/// CPU nanoseconds of a connection: connect, accept, a byte, both closed.
double connection_ns() {
  constexpr int rounds = 3000;
  const tcp_listener listener;
  const auto begin = cpu_ns();
  for (int i = 0; i < rounds; ++i) {
    const tcp_pair pair{listener};
    pair.client.send_bytes(1);
    pair.server.receive_bytes(1);
  }
  return (cpu_ns() - begin) / rounds;
}

/// CPU nanoseconds of fork, exec and exit of /bin/true.
double execution_ns() {
  constexpr int rounds = 300;
  const auto begin = cpu_ns();
  for (int i = 0; i < rounds; ++i) {
    const auto pid = vfork();
    if (pid == 0) {
      execl("/bin/true", "true", nullptr);
      _exit(1);
    }
    waitpid(pid, nullptr, 0);
  }
  return (cpu_ns() - begin) / rounds;
}

std::vector<program_cost> costs_of(const bpf_objects& objects) {
  std::vector<program_cost> result;
  for (const auto& feature : objects.features()) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, feature.object()) {
      bpf_prog_info info{};
      __u32 size = sizeof(info);
      const auto fd = bpf_program__fd(program);
      if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
        continue; // Of a function that this kernel does not have.
      result.push_back({feature.name(), bpf_program__name(program), info.run_cnt, info.run_time_ns,
                        info.recursion_misses, info.verified_insns, info.jited_prog_len});
    }
  }
  return result;
}

std::vector<object_cost> load_times_of(const bpf_objects& objects) {
  std::vector<object_cost> result;
  for (const auto& feature : objects.features()) {
    const auto& statuses = objects.statuses();
    const auto status = std::find_if(statuses.begin(), statuses.end(),
                                     [&](const auto& x) { return x.feature == feature.name(); });
    result.push_back({feature.name(), status->hook, feature.load_time()});
  }
  return result;
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

/// Pairs of runs without and with the programs, in turn: the machine's moods fall on both.
workload_cost compare(const char* workload, double (*measure)(), const kernel_options& options) {
  std::vector<double> without;
  std::vector<double> ratios;
  for (int i = 0; i < 9; ++i) {
    const auto off = measure();
    kernel_source source{options};
    const background_reader reader{source};
    ratios.push_back(measure() / off);
    without.push_back(off);
  }
  return {workload, median(without), median(ratios)};
}

/// Every program but those of cgroups and of the OOM killer gets something to do.
void measure_programs(const kernel_options& options, cost_report& report) {
  kernel_source source{options};
  const auto stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
  {
    const background_reader reader{source};
    ping_pong_ns<100>();
    connection_ns();
    execution_ns();
  }
  counting_sink sink;
  source.scan_sockets(sink);
  source.walk_sockets(sink);
  source.walk_processes(sink);
  if (stats >= 0)
    close(stats);
  report.programs = costs_of(source.objects());
  report.objects = load_times_of(source.objects());
}

} // namespace

int main(int argc, char** argv) {
  const bool as_json = argc == 2 && std::string_view{argv[1]} == "--json";
  if (argc > 1 && !as_json) {
    std::fprintf(stderr, "usage: %s [--json]\n", argv[0]);
    return 2;
  }
  const kernel_options options;
  cost_report report;
  kernel_options capturing;
  capturing.l7 = true;
  measure_programs(capturing, report);
  if (report.programs.empty()) {
    std::fprintf(stderr, "no BPF program can be loaded: run as root\n");
    return 1;
  }
  report.workloads = {compare("ping_pong", ping_pong_ns<>, options),
                      compare("ping_pong_l7", ping_pong_ns<100>, capturing),
                      compare("ping_pong_l7_4k", ping_pong_ns<4096>, capturing),
                      compare("connection", connection_ns, options),
                      compare("execution", execution_ns, options)};
  std::fputs((as_json ? as_json_text(report) : as_table(report)).c_str(), stdout);
}
