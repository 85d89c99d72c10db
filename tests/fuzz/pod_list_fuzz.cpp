// SPDX-License-Identifier: Apache-2.0
// Whatever a kubelet or API server answers for a pod list.

#include "actors/kubernetes_workloads/pod_list.hpp"
#include "tests/fuzz/expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace troupe;
  using fuzz::expect;
  constexpr size_t name_bytes_max = 253;

  const auto text = fuzz::text_of(data, size);
  const auto list = parse_pod_list(std::string{text});
  if (!list)
    return 0;
  expect(list->pods.size() <= listed_pods_max, "a list is bounded");
  for (const auto& x : list->pods) {
    expect(!x.pod.empty() && !x.name_space.empty(), "a pod has a name in a namespace");
    for (const auto* part : {&x.pod, &x.name_space, &x.workload})
      expect(part->size() <= name_bytes_max, "a name is bounded");
    expect(!x.cron_job || !x.workload.empty(), "a CronJob has a name");
  }
  return 0;
}
