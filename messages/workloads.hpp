// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace troupe {

/// Whose a Kubernetes pod is, by its owner references.
struct pod_workload {
  std::string name_space;
  std::string pod;
  std::string workload;  ///< Deployment, StatefulSet, ...; empty: nobody's, made by hand
  bool cron_job = false; ///< the pod of one run of a CronJob, which is `workload`

  friend bool operator==(const pod_workload&, const pod_workload&) = default;
};

/// All pods of this node, as the API said last.
struct pod_workloads {
  std::vector<pod_workload> pods;
};

} // namespace troupe
