// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/kafka/api.hpp"

#include <array>
#include <cstddef>

namespace troupe::l7::kafka {
namespace {

constexpr auto none = error_place::none;
constexpr auto first = error_place::first;
constexpr auto after_throttle = error_place::after_throttle;

// By key.
constexpr std::array<api, 83> apis{{
    {"Produce", 9, none, 0},
    {"Fetch", 12, none, 0},
    {"ListOffsets", 6, none, 0},
    {"Metadata", 9, none, 0},
    {"LeaderAndIsr", 4, first, 0},
    {"StopReplica", 2, first, 0},
    {"UpdateMetadata", 6, first, 0},
    {"ControlledShutdown", 3, first, 0},
    {"OffsetCommit", 8, none, 0},
    {"OffsetFetch", 6, none, 0},
    {"FindCoordinator", 3, none, 0},
    {"JoinGroup", 6, after_throttle, 2},
    {"Heartbeat", 4, after_throttle, 1},
    {"LeaveGroup", 4, after_throttle, 1},
    {"SyncGroup", 4, after_throttle, 1},
    {"DescribeGroups", 5, none, 0},
    {"ListGroups", 3, after_throttle, 1},
    {"SaslHandshake", never, first, 0},
    {"ApiVersions", 3, first, 0},
    {"CreateTopics", 5, none, 0},
    {"DeleteTopics", 4, none, 0},
    {"DeleteRecords", 2, none, 0},
    {"InitProducerId", 2, after_throttle, 0},
    {"OffsetForLeaderEpoch", 4, none, 0},
    {"AddPartitionsToTxn", 3, none, 0},
    {"AddOffsetsToTxn", 3, after_throttle, 0},
    {"EndTxn", 3, after_throttle, 0},
    {"WriteTxnMarkers", 1, none, 0},
    {"TxnOffsetCommit", 3, none, 0},
    {"DescribeAcls", 2, after_throttle, 0},
    {"CreateAcls", 2, none, 0},
    {"DeleteAcls", 2, none, 0},
    {"DescribeConfigs", 4, none, 0},
    {"AlterConfigs", 2, none, 0},
    {"AlterReplicaLogDirs", 2, none, 0},
    {"DescribeLogDirs", 2, none, 0},
    {"SaslAuthenticate", 2, first, 0},
    {"CreatePartitions", 2, none, 0},
    {"CreateDelegationToken", 2, first, 0},
    {"RenewDelegationToken", 2, first, 0},
    {"ExpireDelegationToken", 2, first, 0},
    {"DescribeDelegationToken", 2, first, 0},
    {"DeleteGroups", 2, none, 0},
    {"ElectLeaders", 2, none, 0},
    {"IncrementalAlterConfigs", 1, none, 0},
    {"AlterPartitionReassignments", 0, after_throttle, 0},
    {"ListPartitionReassignments", 0, after_throttle, 0},
    {"OffsetDelete", never, first, 0},
    {"DescribeClientQuotas", 1, after_throttle, 0},
    {"AlterClientQuotas", 1, none, 0},
    {"DescribeUserScramCredentials", 0, after_throttle, 0},
    {"AlterUserScramCredentials", 0, none, 0},
    {"Vote", 0, first, 0},
    {"BeginQuorumEpoch", 1, first, 0},
    {"EndQuorumEpoch", 1, first, 0},
    {"DescribeQuorum", 0, first, 0},
    {"AlterPartition", 0, after_throttle, 0},
    {"UpdateFeatures", 0, after_throttle, 0},
    {"Envelope", 0, none, 0},
    {"FetchSnapshot", 0, after_throttle, 0},
    {"DescribeCluster", 0, after_throttle, 0},
    {"DescribeProducers", 0, none, 0},
    {"BrokerRegistration", 0, after_throttle, 0},
    {"BrokerHeartbeat", 0, after_throttle, 0},
    {"UnregisterBroker", 0, after_throttle, 0},
    {"DescribeTransactions", 0, none, 0},
    {"ListTransactions", 0, after_throttle, 0},
    {"AllocateProducerIds", 0, after_throttle, 0},
    {"ConsumerGroupHeartbeat", 0, after_throttle, 0},
    {"ConsumerGroupDescribe", 0, none, 0},
    {"ControllerRegistration", 0, after_throttle, 0},
    {"GetTelemetrySubscriptions", 0, after_throttle, 0},
    {"PushTelemetry", 0, after_throttle, 0},
    {"AssignReplicasToDirs", 0, after_throttle, 0},
    {"ListConfigResources", 0, after_throttle, 0},
    {"DescribeTopicPartitions", 0, none, 0},
    {"ShareGroupHeartbeat", 0, after_throttle, 0},
    {"ShareGroupDescribe", 0, none, 0},
    {"ShareFetch", 0, after_throttle, 0},
    {"ShareAcknowledge", 0, after_throttle, 0},
    {"AddRaftVoter", 0, after_throttle, 0},
    {"RemoveRaftVoter", 0, after_throttle, 0},
    {"UpdateRaftVoter", 0, after_throttle, 0},
}};

} // namespace

const api* find_api(int16_t key) {
  return key >= 0 && static_cast<size_t>(key) < apis.size() ? &apis[static_cast<size_t>(key)]
                                                            : nullptr;
}

} // namespace troupe::l7::kafka
