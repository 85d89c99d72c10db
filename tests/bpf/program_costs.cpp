// SPDX-License-Identifier: Apache-2.0
// Not a test: what the programs cost. Nanoseconds a run by the kernel's own count, and a TCP
// ping-pong over loopback with and without them. Needs root.

#include "actors/bpf_reader/kernel_source.hpp"
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
#include <thread>
#include <vector>

using namespace troupe;

namespace {

struct counting_sink final : record_sink {
  void take(const event_header&) override { ++count; }
  uint64_t count = 0;
};

/// Reads as the agent does, in a thread of its own.
class background_reader {
public:
  explicit background_reader(kernel_source& source)
      : thread_{[this, &source] {
          counting_sink sink;
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
double ping_pong_ns() {
  constexpr int rounds = 50'000;
  const tcp_listener listener;
  const tcp_pair pair{listener};
  const auto begin = cpu_ns();
  for (int i = 0; i < rounds; ++i) {
    pair.client.send_bytes(1);
    pair.server.receive_bytes(1);
    pair.server.send_bytes(1);
    pair.client.receive_bytes(1);
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

void print_programs(const kernel_source& source) {
  for (const auto& feature : source.objects().features()) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, feature.object()) {
      bpf_prog_info info{};
      __u32 size = sizeof(info);
      if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0 || info.run_cnt == 0)
        continue;
      std::printf("%-16s %-22s %8llu runs  %6.0f ns a run  %llu recursion misses  %u bytes\n",
                  feature.name().c_str(), bpf_program__name(program),
                  static_cast<unsigned long long>(info.run_cnt),
                  static_cast<double>(info.run_time_ns) / static_cast<double>(info.run_cnt),
                  static_cast<unsigned long long>(info.recursion_misses), info.jited_prog_len);
    }
  }
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

/// Pairs of runs without and with the programs, in turn: the machine's moods fall on both.
void print_ratio(const char* what, double (*measure)(), const kernel_options& options) {
  std::vector<double> without;
  std::vector<double> ratios;
  for (int i = 0; i < 9; ++i) {
    const auto off = measure();
    kernel_source source{options};
    const background_reader reader{source};
    ratios.push_back(measure() / off);
    without.push_back(off);
  }
  std::printf("%-12s %8.0f ns without, ratio with %.3f\n", what, median(without), median(ratios));
}

} // namespace

int main() {
  const kernel_options options;
  {
    kernel_source source{options};
    const auto stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
    {
      const background_reader reader{source};
      ping_pong_ns();
      connection_ns();
      execution_ns();
    }
    counting_sink sink;
    source.walk_sockets(sink);
    source.walk_processes(sink);
    close(stats);
    print_programs(source);
  }
  print_ratio("ping-pong", ping_pong_ns, options);
  print_ratio("connection", connection_ns, options);
  print_ratio("execution", execution_ns, options);
}
