// SPDX-License-Identifier: Apache-2.0
// Not a test: prints what CPU time it takes to ask where connections go. Needs root.

#include "actors/host/kernel_nat_sources.hpp"
#include "actors/host/nat_resolver.hpp"
#include "actors/host/process_list.hpp"
#include "tests/host/translated_connection.hpp"

#include <cstdio>
#include <ctime>

using namespace troupe;

namespace {

/// Of this thread, the kernel's work for it included.
double cpu_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class Function>
void measure(const char* what, size_t flows, Function&& function) {
  constexpr size_t rounds = 50;
  function();
  const auto begin = cpu_time_ns();
  for (size_t i = 0; i < rounds; ++i)
    function();
  std::printf("%-40s %10.0f ns a flow\n", what,
              (cpu_time_ns() - begin) / static_cast<double>(rounds * flows));
}

} // namespace

int main() {
  const translated_connections child;
  const auto process = read_process("", child.pid(), "");
  if (!process || child.ends().empty())
    return 1;
  nat_resolver resolver{std::make_unique<kernel_nat_sources>("")};
  kernel_nat_sources sources{""};
  const auto path = sources.path_of(child.pid(), process->id.start_boottime_ns);
  for (const size_t count : {1U, 16U, 64U, 2048U}) {
    std::vector<nat_flow> flows;
    nat_questions questions;
    for (size_t i = 0; i < count; ++i) {
      questions.asked.push_back(child.ends()[0].question);
      questions.asked.back().start_boottime_ns = process->id.start_boottime_ns;
      flows.push_back(flow_of(child.ends()[0].question));
    }
    std::printf("%zu at once\n", count);
    measure("  another namespace, known there", count, [&] {
      auto some = flows;
      sources.follow(path.at(0), some);
    });
    measure("  the machine's namespace", count, [&] {
      auto some = flows;
      sources.follow(path.at(1), some);
    });
    measure("  both, with the way to them", count, [&] { resolver.answer(questions); });
  }
}
