// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/cost_report.hpp"

#include <fmt/format.h>

namespace troupe {

namespace {

using milliseconds = std::chrono::duration<double, std::milli>;

double ns_per_run(const program_cost& x) {
  return static_cast<double>(x.run_time_ns) / static_cast<double>(x.runs);
}

/// "[a,b]" of the texts that `write` makes of each.
template <class List, class Write>
std::string json_list(const List& list, Write write) {
  std::string text;
  for (const auto& x : list)
    text += (text.empty() ? "" : ",") + write(x);
  return "[" + text + "]";
}

} // namespace

std::string as_table(const cost_report& report) {
  auto text = fmt::format("{:<17} {:<22} {:>9} {:>7} {:>13} {:>11} {:>7}\n", "FEATURE", "PROGRAM",
                          "RUNS", "NS/RUN", "VERIFIED INSN", "JITED BYTES", "MISSES");
  for (const auto& x : report.programs)
    text += fmt::format("{:<17} {:<22} {:>9} {:>7} {:>13} {:>11} {:>7}\n", x.feature, x.program,
                        x.runs, x.runs > 0 ? fmt::format("{:.0f}", ns_per_run(x)) : "-",
                        x.verified_instructions, x.jited_bytes, x.recursion_misses);
  text += fmt::format("\n{:<17} {:<11} {:>8}\n", "OBJECT", "HOOK", "LOAD MS");
  for (const auto& x : report.objects)
    text += fmt::format("{:<17} {:<11} {:>8.1f}\n", x.feature, x.hook,
                        milliseconds{x.load_time}.count());
  text += fmt::format("\n{:<17} {:>14} {:>11}\n", "WORKLOAD", "NS WITHOUT", "RATIO WITH");
  for (const auto& x : report.workloads)
    text += fmt::format("{:<17} {:>14.0f} {:>11.3f}\n", x.workload, x.cpu_ns, x.ratio);
  return text;
}

// All names are ours: nothing in them needs an escape.
std::string as_json_text(const cost_report& report) {
  const auto programs = json_list(report.programs, [](const program_cost& x) {
    return fmt::format(
        R"({{"feature":"{}","program":"{}","runs":{},"ns_per_run":{},"verified_instructions":{},)"
        R"("jited_bytes":{},"recursion_misses":{}}})",
        x.feature, x.program, x.runs, x.runs > 0 ? fmt::format("{:.1f}", ns_per_run(x)) : "null",
        x.verified_instructions, x.jited_bytes, x.recursion_misses);
  });
  const auto objects = json_list(report.objects, [](const object_cost& x) {
    return fmt::format(R"({{"feature":"{}","hook":"{}","load_ms":{:.2f}}})", x.feature, x.hook,
                       milliseconds{x.load_time}.count());
  });
  const auto workloads = json_list(report.workloads, [](const workload_cost& x) {
    return fmt::format(R"({{"workload":"{}","cpu_ns_without":{:.1f},"ratio_with":{:.4f}}})",
                       x.workload, x.cpu_ns, x.ratio);
  });
  return fmt::format(R"({{"programs":{},"objects":{},"workloads":{}}})", programs, objects,
                     workloads)
         + "\n";
}

} // namespace troupe
