// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

struct program_cost {
  std::string feature;
  std::string program;
  uint64_t runs = 0;
  uint64_t run_time_ns = 0; ///< of all runs
  uint64_t recursion_misses = 0;
  uint32_t verified_instructions = 0; ///< 0: the kernel does not say (before 5.16)
  uint32_t jited_bytes = 0;
};

struct object_cost {
  std::string feature;
  std::string hook; ///< "" where there is one way only
  std::chrono::nanoseconds load_time{};
};

struct workload_cost {
  std::string workload;
  double cpu_ns = 0; ///< of one operation, without the programs
  double ratio = 0;  ///< with them to without them
};

struct cost_report {
  std::vector<program_cost> programs;
  std::vector<object_cost> objects;
  std::vector<workload_cost> workloads;
};

/// For people.
[[nodiscard]] std::string as_table(const cost_report& report);

/// {"programs":[{"feature","program","runs","ns_per_run" (null: it did not run),
/// "verified_instructions","jited_bytes","recursion_misses"}], "objects":[{"feature","hook",
/// "load_ms"}], "workloads":[{"workload","cpu_ns_without","ratio_with"}]}
[[nodiscard]] std::string as_json_text(const cost_report& report);

} // namespace troupe
