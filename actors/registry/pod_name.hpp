// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace troupe {

enum class workload_kind { none, deployment, stateful_set, daemon_set, cron_job };

/// Who made a pod, judged from its name: the runtime does not know owners.
struct pod_owner {
  workload_kind kind = workload_kind::none;
  std::string name; ///< empty for none
};

/// deployment    <name>-<ReplicaSet's hash>-<5>
/// cron_job      <name>-<8 to 10 digits>-<5>      the scheduled time, in minutes or seconds
/// stateful_set  <name>-<number>
/// daemon_set    <name>-<5>                       pods of a plain Job look the same
///
/// <5> is of Kubernetes' safe alphabet (apimachinery/pkg/util/rand): no vowels, 0, 1 or 3, so that
/// no words come out.
pod_owner owner_of_pod(std::string_view pod);

} // namespace troupe
